import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // No module holds state, so that files can share the modules of a worker: importing them anew for each file took a
    // third of the run.
    isolate: false,
    // Tests wait for PostgreSQL and Redis more than they compute: a machine with two cores has room for two at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // For a machine that is busy with other things; nothing here waits for time to pass.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
  resolve: {
    // Vite prefers the ES modules of graphql, Node the CommonJS ones: with both, no schema knows its own types.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
});

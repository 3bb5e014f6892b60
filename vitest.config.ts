import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // For a machine that is busy with other things; nothing here waits for time to pass.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
  resolve: {
    // Vite prefers the ES modules of graphql, Node the CommonJS ones: with both, no schema knows its own types.
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
});

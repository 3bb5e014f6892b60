import { defineConfig } from 'prisma/config';

// Generating needs no engine, but the command looks for one: any file that exists satisfies it.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({ schema: 'peers/schema.prisma' });

import { defineConfig } from 'prisma/config';

// Prisma's command line looks for an engine binary and downloads it, although generating needs none: any file that exists
// satisfies it. `prisma migrate` needs the real one: name it in this variable, or delete these lines and let Prisma
// download it.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

/** For Prisma's own command line; Parley itself reads its configuration in src/app/config/config.ts. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});

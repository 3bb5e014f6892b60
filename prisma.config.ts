import { defineConfig } from 'prisma/config';

/** For Prisma's own command line; Parley itself reads its configuration in src/config.ts. */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});

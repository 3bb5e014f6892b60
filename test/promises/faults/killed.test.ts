import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedPostgres } from '../../../src/platform/postgres/embedded/embedded.ts';
import { migrate } from '../../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { CleanUps, makeFolder, postmasterPid, start } from '../../support/embedded.ts';
import { KillableServer, killPostgres } from '../../support/killing.ts';
import { populate } from '../../support/population.ts';
import { WritingClients } from '../../support/writing-clients.ts';

const cleanUps = new CleanUps();
afterEach(() => cleanUps.run());

let postgres: EmbeddedPostgres;
let dataDirectory: string;
let server: KillableServer;
let clients: WritingClients;

beforeEach(async () => {
  dataDirectory = await makeFolder();
  postgres = await start(cleanUps, dataDirectory);
  await migrate(postgres.url, { logger: createLogger({ level: 'silent' }) });
  const people = await populate(postgres.url, { people: 8, tenants: 2, messagesEach: 0 });
  server = await KillableServer.start({ DATABASE_URL: postgres.url });
  cleanUps.add(() => server.end());
  clients = new WritingClients(people, () => server.origin);
});

describe('an acknowledged message', { timeout: 120_000 }, () => {
  it('is stored once, although server and database were killed during the write', async () => {
    for (let round = 0; round < 2; round += 1) {
      await clients.acknowledgedMore(100);
      await server.killAndRestart();
      await clients.acknowledgedMore(100);
      const before = await postmasterPid(dataDirectory);
      await killPostgres(dataDirectory);
      await clients.acknowledgedMore(100);
      expect(await postmasterPid(dataDirectory)).not.toBe(before);
    }
    const report = await clients.stop(postgres.url);

    expect(report).toMatchObject({ wrongAnswers: [], lost: [], doubled: [], miscounted: [] });
    // Without retries, no process was killed during a write.
    expect(report.retries).toBeGreaterThan(0);
  });
});

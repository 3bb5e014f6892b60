import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/platform/postgres/migrations/migrations.ts';
import { createLogger } from '../../../src/platform/telemetry/logger.ts';
import { CleanUps, startTimeOf } from '../../support/embedded.ts';
import { startOwnPostgres, type OwnPostgres } from '../../support/own-postgres.ts';
import { populate, type Inhabitant } from '../../support/population.ts';
import { sendOperation } from '../../support/send.ts';
import { endServer, startServer, type RunningServer } from '../../support/server-process.ts';
import { WritingClients } from '../../support/writing-clients.ts';

/** So long an answer may take, and so long may pass until all is well again. */
const promisedMs = 3000;

/**
 * Of what a machine that is busy with other things needs for an answer anyway; more of them make up a
 * recovery.
 */
const answersMax = 5;

// What a busy machine is refused for is looked for elsewhere.
const withoutLimits = {
  EVENT_LOOP_DELAY_MAX_MS: '0',
  RATE_LIMIT_PER_USER: '0',
  RATE_LIMIT_PER_TENANT: '0',
  DRAIN_DELAY: '0',
};

const cleanUps = new CleanUps();
let postgres: OwnPostgres;
let server: RunningServer;
let people: readonly Inhabitant[];

beforeEach(async () => {
  postgres = await startOwnPostgres();
  cleanUps.add(() => postgres.stop());
  await migrate(postgres.url, { logger: createLogger({ level: 'silent' }) });
  people = await populate(postgres.url, { people: 8, tenants: 2, messagesEach: 0 });
  server = await startServer({ DATABASE_URL: postgres.url, ...withoutLimits });
  cleanUps.add(() => endServer(server));
});
afterEach(() => cleanUps.run());

interface Answer {
  readonly code: string | null;
  readonly askedAt: number;
  readonly tookMs: number;
}

/** Four who read one page after another, until they are stopped. */
function startReading(): { stop(): Promise<readonly Answer[]> } {
  const agent = new Agent({ keepAlive: true });
  const answers: Answer[] = [];
  const query = '{ conversations(first: 2) { nodes { title messageCount } } }';
  let isOver = false;
  const work = Promise.all(
    people.slice(0, 4).map(async ({ token }) => {
      while (!isOver) {
        const askedAt = performance.now();
        const { text } = await sendOperation(agent, server.origin, { token, query });
        const code: string | null = JSON.parse(text).errors?.[0].extensions.code ?? null;
        answers.push({ code, askedAt, tookMs: performance.now() - askedAt });
        // A rejected client pauses before its next request; the test waits for nothing here.
        if (code !== null) await wait(20);
      }
    }),
  );
  return {
    async stop() {
      isOver = true;
      await work;
      agent.destroy();
      return answers;
    },
  };
}

function longestOf(answers: readonly Answer[]): number {
  return Math.max(...answers.map(({ tookMs }) => tookMs));
}

describe('a PostgreSQL that is restarted while it is read and written', { timeout: 120_000 }, () => {
  it.each(['immediate', 'fast'] as const)(
    'leads to UNAVAILABLE, recovers quickly, and keeps every acknowledged write: %s',
    async (mode) => {
      const clients = new WritingClients(people, () => server.origin);
      const reading = startReading();
      await clients.acknowledgedMore(50);
      const before = await startTimeOf(postgres.url);
      const restartedAt = performance.now();
      await postgres.restart(mode);
      const backAt = performance.now();
      await clients.acknowledgedMore(people.length);
      const writtenAgainMs = performance.now() - backAt;
      await clients.acknowledgedMore(100);
      const answers = await reading.stop();
      const report = await clients.stop(postgres.url);

      expect(await startTimeOf(postgres.url)).not.toBe(before);
      expect(report).toMatchObject({ wrongAnswers: [], lost: [], doubled: [], miscounted: [] });
      expect(report.unanswered).toBe(0);
      const undisturbed = answers.filter(({ askedAt, tookMs }) => askedAt + tookMs < restartedAt);
      const maxMs = promisedMs + answersMax * longestOf(undisturbed);
      expect(report.longestAnswerMs).toBeLessThan(maxMs);
      expect(longestOf(answers)).toBeLessThan(maxMs);
      expect(writtenAgainMs).toBeLessThan(maxMs);
      const codes = new Set([...report.codes, ...answers.map(({ code }) => code)]);
      expect([...codes].filter((code) => code !== null && code !== 'UNAVAILABLE')).toEqual([]);
      const lateRefusals = answers.filter(({ code, askedAt }) => code !== null && askedAt > backAt + maxMs);
      expect(lateRefusals).toEqual([]);
    },
  );
});

import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { askBoth } from '../support/both-executors.ts';
import { randomDocument } from '../support/random-document.ts';
import { randomSchema } from '../support/random-schema.ts';
import { isSameResult } from '../support/same-result.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { unhandledDuring } from '../support/unhandled.ts';

/** `RANDOM_DOCUMENTS=100000 npx vitest run test/execution/random-agreement.test.ts` runs more of them. */
const { RANDOM_DOCUMENTS = '1500', RANDOM_SEED = '1' } = process.env;

interface Seen {
  readonly distinct: Set<string>;
  fast: number;
  bailedOut: number;
  severalErrors: number;
  /**
   * Results with another of several errors that make one place null: timing decides which one is reported.
   */
  otherErrors: number;
}

async function agreeOn(kind: 'query' | 'mutation', oddShare: number): Promise<Seen> {
  const seen: Seen = { distinct: new Set(), fast: 0, bailedOut: 0, severalErrors: 0, otherErrors: 0 };
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 400 }), async (documentSeed, schemaSeed) => {
      const { make } = randomSchema(seededRandom(schemaSeed), oddShare);
      const schema = make();
      const { query, variables } = randomDocument({
        schema,
        random: seededRandom(documentSeed),
        kind,
        depthMax: 4,
      });
      fc.pre(validate(schema, parse(query)).length === 0);
      const { level, graphqlJs, statistics } = await askBoth(make, { query, variables });
      seen.distinct.add(`${schemaSeed} ${query} ${JSON.stringify(variables)}`);
      seen.fast += statistics.fast;
      seen.bailedOut += Object.keys(statistics.bailedOut).length;
      const errors: unknown[] = JSON.parse(graphqlJs).errors ?? [];
      if (errors.length > 1) seen.severalErrors += 1;
      if (level === graphqlJs) return;
      const difference = `${query}\n${JSON.stringify(variables)}\n${level}\n${graphqlJs}`;
      expect(isSameResult(JSON.parse(level), JSON.parse(graphqlJs)), difference).toBe(true);
      seen.otherErrors += 1;
    }),
    { numRuns: Number(RANDOM_DOCUMENTS), seed: Number(RANDOM_SEED), maxSkipsPerRun: 1000 },
  );
  return seen;
}

describe('random documents of random schemas: both executors agree', { timeout: 600_000 }, () => {
  it('without errors or promises in values: the level executor runs all of them', async () => {
    const seen = await agreeOn('query', 0);

    expect(seen.distinct.size).toBeGreaterThan(0.95 * Number(RANDOM_DOCUMENTS));
    expect(seen).toMatchObject({ fast: Number(RANDOM_DOCUMENTS), bailedOut: 0, otherErrors: 0 });
  });

  it.each(['query', 'mutation'] as const)(
    'with some errors, nulls and promises in values: %s',
    async (kind) => {
      // graphql-js itself leaves promises unhandled in lists in which another item throws.
      await unhandledDuring(async () => {
        const seen = await agreeOn(kind, 0.03);

        expect(seen.distinct.size).toBeGreaterThan(0.95 * Number(RANDOM_DOCUMENTS));
        expect(seen.fast).toBeGreaterThan(0.5 * seen.distinct.size);
        expect(seen.bailedOut).toBeGreaterThan(0.1 * seen.distinct.size);
        expect(seen.severalErrors).toBeGreaterThan(0.01 * seen.distinct.size);
        expect(seen.otherErrors).toBeLessThan(0.02 * seen.bailedOut);
      });
    },
  );
});

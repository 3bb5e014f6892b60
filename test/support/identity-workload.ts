import type { App } from '../../src/app/app.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import type { TestIdentityProvider } from './identity-provider.ts';

/** The requests of a workload and the changes during it. */
export interface IdentityWorkload {
  readonly people: number;
  readonly requests: number;
  /** The number of tokens that each user's requests use: providers replace a token about every minute. */
  readonly tokensPerPerson: number;
  /** The number of users whom the provider has changed since their last request. */
  readonly changedPeople: number;
  /** Distinguishes the tokens and changes of runs. */
  readonly run: number;
}

/** The cost of authenticating the requests. */
export interface IdentityCost {
  readonly requests: number;
  readonly refused: number;
  readonly statements: number;
  readonly statementsPerRequest: number;
  /** Of the cache IDENTITIES, in a share of 1. */
  readonly hitRate: number;
  /** The share of skipped synchronisations, from 0 to 1. */
  readonly skipRate: number;
}

/** A request that costs nothing beyond being authenticated. */
export const idleQuery = '{ __typename }';

/** Sends the requests in turn of the people, ten at a time; `send` answers the HTTP status. */
export async function measureIdentityCost(
  { app, database, provider }: { app: App; database: Database; provider: TestIdentityProvider },
  workload: IdentityWorkload,
  send: (token: string) => Promise<number>,
): Promise<IdentityCost> {
  const tokens = await tokensOf(provider, workload);
  await app.coherence.waitForInvalidation();
  const before = countersOf(app);
  let statements = 0;
  const stop = database.observe(() => (statements += 1));
  const statuses: number[] = [];
  for (let index = 0; index < tokens.length; index += 10) {
    statuses.push(...(await Promise.all(tokens.slice(index, index + 10).map(send))));
  }
  stop();
  const after = countersOf(app);
  return {
    requests: statuses.length,
    refused: statuses.filter((status) => status !== 200).length,
    statements,
    statementsPerRequest: statements / statuses.length,
    hitRate: (after.hits - before.hits) / (after.asked - before.asked),
    skipRate: (after.skipped - before.skipped) / (after.attempted - before.attempted),
  };
}

/** The token of each request. */
async function tokensOf(
  provider: TestIdentityProvider,
  { people, requests, tokensPerPerson, changedPeople, run }: IdentityWorkload,
): Promise<string[]> {
  const rounds = Math.ceil(requests / people);
  const signed = new Map<string, Promise<string>>();
  const tokens = Array.from({ length: requests }, (_, index) => {
    const person = index % people;
    const turn = Math.floor((Math.floor(index / people) * tokensPerPerson) / rounds);
    const jti = `${run}-${person}-${turn}`;
    const claims = {
      sub: `user_${person}`,
      jti,
      updated_at: 1_700_000_000 + (person < changedPeople ? run : 0),
      o: { id: 'org_acme', rol: 'member', slg: 'acme' },
    };
    const token = signed.get(jti) ?? provider.token(claims);
    signed.set(jti, token);
    return token;
  });
  return Promise.all(tokens);
}

function countersOf({ caches, services }: App) {
  const { hits, misses, coalesced } = caches.identities.statistics();
  const { attempted, skipped } = services.identity.statistics();
  return { hits, asked: hits + misses + coalesced, attempted, skipped };
}

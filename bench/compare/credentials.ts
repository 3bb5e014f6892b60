import { createToken } from './checkout.ts';
import type { Candidate } from './servers.ts';
import type { Operation } from './workloads.ts';

/** Session tokens of the demo data's users that send the workloads. */
export interface Tokens {
  readonly owner: string;
  readonly member: string;
  /** A user of another tenant, so that the conversations that W1 to W5 read do not change. */
  readonly writer: string;
}

/** Starts a session for each user, by the command line of a built checkout. */
export async function createTokens(checkout: string, databaseUrl: string): Promise<Tokens> {
  return {
    owner: await createToken(checkout, databaseUrl, 'ada@acme.example'),
    member: await createToken(checkout, databaseUrl, 'grace@acme.example'),
    writer: await createToken(checkout, databaseUrl, 'stellan@borealis.example'),
  };
}

/** Returns the headers of an operation. Only Parley authenticates. */
export function headersFor(
  { kind, role = 'owner' }: Candidate,
  { workload }: Operation,
  tokens: Tokens,
): Readonly<Record<string, string>> {
  const json = { 'content-type': 'application/json' };
  if (kind !== 'parley') return json;
  return { ...json, authorization: `Bearer ${tokens[workload === 'W6' ? 'writer' : role]}` };
}

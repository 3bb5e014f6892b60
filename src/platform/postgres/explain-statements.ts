import type { PoolClient, QueryResultRow } from 'pg';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { Database, PreparableStatement } from './database.ts';
import { toApiError } from './database-errors.ts';

/** A statement that was sent during some work, with PostgreSQL's plan. */
export interface ExplainedStatement {
  readonly text: string;
  readonly rows: number;
  readonly durationMs: number;
  /** PostgreSQL's estimate before execution, in its own unit. */
  readonly estimatedCost: number;
  /** The lines of EXPLAIN, which may contain values of the statement's parameters. */
  readonly plan: readonly string[];
}

interface Sent {
  readonly statement: PreparableStatement;
  readonly rows: number;
  readonly durationMs: number;
}

/** Further statements of an operation are not explained. */
const statementsMax = 200;

const planSchema = z.array(z.object({ 'QUERY PLAN': z.string() }));

/**
 * Runs reading work in one read-only transaction, which is rolled back, and explains the statements that were
 * sent.
 * @throws what the work throws, and Refusal when the database is unreachable or takes too long
 */
export async function explainStatements(
  database: Database,
  work: (database: Database) => Promise<unknown>,
): Promise<readonly ExplainedStatement[]> {
  const client = await database.pool.connect().catch((error: unknown) => {
    throw toApiError(error);
  });
  let isUsable = false;
  try {
    await client.query('begin read only');
    const sent: Sent[] = [];
    await work(recording(database, client, sent));
    const explained: ExplainedStatement[] = [];
    for (const each of sent.slice(0, statementsMax)) explained.push(await explain(client, each));
    await client.query('rollback');
    isUsable = true;
    return explained;
  } catch (error) {
    throw toApiError(error);
  } finally {
    // Closing a connection within a transaction rolls it back too.
    client.release(!isUsable);
  }
}

/** Returns the database as seen by the transaction, except Prisma's client, which is not used for reads. */
function recording(database: Database, client: PoolClient, sent: Sent[]): Database {
  const inOrder = pLimit(1);
  const recorder: Database = {
    ...database,
    query: <Row extends object>(statement: PreparableStatement) =>
      inOrder(async () => {
        const startedAt = performance.now();
        try {
          const { text, values } = statement;
          const { rows } = await client.query<Row & QueryResultRow>({ text, values: [...values] });
          sent.push({ statement, rows: rows.length, durationMs: performance.now() - startedAt });
          return rows;
        } catch (error) {
          throw toApiError(error);
        }
      }),
    until: () => recorder,
  };
  return recorder;
}

async function explain(
  client: PoolClient,
  { statement, rows, durationMs }: Sent,
): Promise<ExplainedStatement> {
  const { text, values } = statement;
  const answer = await client.query({ text: `explain ${text}`, values: [...values] });
  const plan = planSchema.parse(answer.rows).map((row) => row['QUERY PLAN']);
  const [, cost = '0'] = /cost=[\d.]+\.\.([\d.]+)/.exec(plan[0] ?? '') ?? [];
  return { text: text.replaceAll(/\s+/g, ' ').trim(), rows, durationMs, estimatedCost: Number(cost), plan };
}

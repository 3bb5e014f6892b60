import type { PoolClient, QueryResultRow } from 'pg';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { Database, PreparableStatement } from './database.ts';
import { toRefusal } from './database-errors.ts';

/** A statement that some work sent, and how PostgreSQL carries it out. */
export interface ExplainedStatement {
  readonly text: string;
  readonly rows: number;
  readonly durationMs: number;
  /** What PostgreSQL takes it for before it runs, in its own unit. */
  readonly estimatedCost: number;
  /** EXPLAIN's lines; values that the statement was sent with may stand in them. */
  readonly plan: readonly string[];
}

interface Sent {
  readonly statement: PreparableStatement;
  readonly rows: number;
  readonly durationMs: number;
}

/** An operation that sends more is explained as far as that. */
const statementsMax = 200;

const planSchema = z.array(z.object({ 'QUERY PLAN': z.string() }));

/**
 * Does work that reads, on a database of which nothing can be changed, and explains the statements that it sent. Everything
 * is read in one transaction, and undone.
 * @throws what the work throws, and Refusal when the database is away or takes too long
 */
export async function explainStatements(
  database: Database,
  work: (database: Database) => Promise<unknown>,
): Promise<readonly ExplainedStatement[]> {
  const client = await database.pool.connect().catch((error: unknown) => {
    throw toRefusal(error);
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
    throw toRefusal(error);
  } finally {
    // A connection in the middle of a transaction is closed, which undoes it too.
    client.release(!isUsable);
  }
}

/** The database as the transaction sees it. Prisma's client would be another connection, and is not for reading. */
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
          throw toRefusal(error);
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

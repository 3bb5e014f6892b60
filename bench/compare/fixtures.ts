import type { Client } from 'pg';

/** Rows of the demo data that the workloads read and write. */
export interface Fixtures {
  readonly tenantId: string;
  readonly ownerId: string;
  /** A conversation of 10,000 messages. */
  readonly longConversation: string;
  /** Positions of messages in the middle of the long conversation. */
  readonly deepPositions: readonly number[];
  /** PostGraphile's cursors of these positions; empty without PostGraphile. */
  readonly postgraphileCursors: readonly string[];
  readonly people: readonly string[];
  /** Another tenant, so that sent messages do not change the conversations that are read. */
  readonly writing: {
    readonly tenantId: string;
    readonly authorId: string;
    /** Many conversations, so that requests do not wait for the lock of one row. */
    readonly conversations: readonly string[];
  };
  /** The newest conversations, for pgbench scripts. */
  readonly newest: readonly string[];
}

/** Finds the rows in the demo data. @throws Error when the database has no demo data */
export async function findFixtures(client: Client): Promise<Fixtures> {
  const reading = await ownerOf(client, 'acme');
  const writing = await ownerOf(client, 'borealis');
  const ids = async (text: string, values: readonly unknown[]) =>
    (await client.query<{ id: string }>(text, [...values])).rows.map(({ id }) => id);
  const [longConversation] = await ids(
    'select id from conversations where tenant_id = $1 order by message_count desc limit 1',
    [reading.tenantId],
  );
  if (longConversation === undefined) throw new Error('The database has no demo data.');
  return {
    ...reading,
    longConversation,
    deepPositions: [1200, 2345, 3400, 4567, 5600, 6789, 7800, 8901],
    postgraphileCursors: [],
    people: await ids(
      'select user_id as id from memberships where tenant_id = $1 order by user_id limit 20',
      [reading.tenantId],
    ),
    writing: {
      tenantId: writing.tenantId,
      authorId: writing.ownerId,
      conversations: await ids(
        `select id from conversations where tenant_id = $1 and archived_at is null and visibility = 'TENANT'
         order by id limit 200`,
        [writing.tenantId],
      ),
    },
    newest: await ids(
      'select id from conversations where tenant_id = $1 order by updated_at desc, id desc limit 20',
      [reading.tenantId],
    ),
  };
}

async function ownerOf(client: Client, slug: string): Promise<{ tenantId: string; ownerId: string }> {
  const { rows } = await client.query<{ tenantId: string; ownerId: string }>(
    `select t.id as "tenantId", m.user_id as "ownerId" from tenants t
     join memberships m on m.tenant_id = t.id and m.role = 'OWNER' where t.slug = $1`,
    [slug],
  );
  const [owner] = rows;
  if (owner === undefined) throw new Error(`The database has no tenant ${slug}, so it has no demo data.`);
  return owner;
}

import type { Client } from 'pg';

/** What of the demo data is read and written. */
export interface Fixtures {
  readonly tenantId: string;
  readonly ownerId: string;
  /** A conversation of 10,000 messages, and places deep in it. */
  readonly longConversation: string;
  readonly deepPositions: readonly number[];
  /** The same places as PostGraphile names them; empty while it is not asked. */
  readonly postgraphileCursors: readonly string[];
  readonly people: readonly string[];
  /** Another tenant, so that what is read stays the same while messages are sent. */
  readonly writing: {
    readonly tenantId: string;
    readonly authorId: string;
    /** Many, so that nobody waits for the lock of one. */
    readonly conversations: readonly string[];
  };
  /** The newest conversations, for what cannot look for them itself. */
  readonly newest: readonly string[];
}

/** Finds them in the large demo. */
export async function findFixtures(client: Client): Promise<Fixtures> {
  const reading = await ownerOf(client, 'acme');
  const writing = await ownerOf(client, 'borealis');
  const ids = async (text: string, values: readonly unknown[]) =>
    (await client.query<{ id: string }>(text, [...values])).rows.map(({ id }) => id);
  const [longConversation] = await ids(
    'select id from conversations where tenant_id = $1 order by message_count desc limit 1',
    [reading.tenantId],
  );
  if (longConversation === undefined) throw new Error('The large demo data are not there.');
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
  if (owner === undefined) throw new Error(`There is no tenant ${slug}; is this the demo?`);
  return owner;
}

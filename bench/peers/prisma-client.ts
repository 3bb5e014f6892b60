import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/prisma/client.ts';
import type { PeerConfig } from './peer-config.ts';

/**
 * Creates a Prisma client with prepared statements, which are off by default and halve the time of point
 * reads.
 */
export function createPrisma({ databaseUrl, poolSize }: PeerConfig): PrismaClient {
  const names = new Map<string, string>();
  const adapter = new PrismaPg(
    { connectionString: databaseUrl, max: poolSize },
    {
      statementNameGenerator: ({ sql }) => {
        const known = names.get(sql);
        if (known !== undefined) return known;
        const name = createHash('sha256').update(sql).digest('base64url').slice(0, 22);
        if (names.size < 500) names.set(sql, name);
        return name;
      },
    },
  );
  return new PrismaClient({ adapter });
}

/**
 * Appends a message to its conversation. Prisma's model API would need four round trips and a lock across
 * them.
 */
export async function appendMessage(
  prisma: PrismaClient,
  { writing }: PeerConfig,
  message: { readonly id: string; readonly conversationId: string; readonly content: string },
): Promise<{ id: string; content: string; createdAt: Date; authorId: string }> {
  const [row] = await prisma.$queryRaw<{ id: string; content: string; createdAt: Date; authorId: string }[]>`
    with grown as (
      update conversations set message_count = message_count + 1, last_position = last_position + 1,
        last_message_at = now(), updated_at = greatest(updated_at, now())
      where tenant_id = ${writing.tenantId}::uuid and id = ${message.conversationId}::uuid and archived_at is null
      returning last_position
    )
    insert into messages as m (tenant_id, conversation_id, id, position, author_id, content)
    select ${writing.tenantId}::uuid, ${message.conversationId}::uuid, ${message.id}::uuid, grown.last_position,
      ${writing.authorId}::uuid, ${message.content} from grown
    returning m.id, m.content, m.created_at as "createdAt", m.author_id as "authorId"`;
  if (row === undefined) throw new Error('There is no such conversation.');
  return row;
}

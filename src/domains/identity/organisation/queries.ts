import type { PoolClient } from 'pg';
import type { Database } from '../../../platform/postgres/database.ts';
import sql from 'sql-template-tag';
import { inTransaction } from '../../../platform/postgres/transaction.ts';
import { createId } from '../../../platform/ids.ts';
import { slugPattern } from '../../tenant/model.ts';
import type { LinkPolicy, Organisation, TenantLink } from '../model.ts';

/** The tenant of an organisation; `link` is null unless this call has linked the two. */
interface LinkedTenant {
  readonly tenantId: string;
  readonly link: TenantLink | null;
}

/** The result of linking a tenant by hand. */
export type LinkOutcome =
  | { readonly kind: 'linked' | 'unchanged' | 'unknownTenant' }
  | { readonly kind: 'tenantTaken'; readonly organisationId: string }
  | { readonly kind: 'organisationTaken'; readonly tenantSlug: string };

/**
 * Finds the tenant that is linked to an organisation, or links one as far as the policy allows; null when
 * there is none. The slug alone proves nothing: at most providers, anyone can found an organisation and
 * choose its slug.
 */
export async function tenantOf(
  client: PoolClient,
  organisation: Organisation,
  { isLinkingBySlug, isProvisioning }: LinkPolicy,
  now: Date,
): Promise<LinkedTenant | null> {
  const { rows } = await client.query<{ tenantId: string }>(sql`select id as "tenantId" from tenants
    where external_id = ${organisation.id}`);
  if (rows[0] !== undefined) return { tenantId: rows[0].tenantId, link: null };
  const linked = isLinkingBySlug ? await linkBySlug(client, organisation) : null;
  return linked ?? (isProvisioning ? await provisionTenant(client, organisation, now) : null);
}

/** Links a tenant by hand, with the current organisation of the tenant replaced only when `isReplacing`. */
export async function linkTenant(
  db: Database,
  tenantSlug: string,
  organisationId: string,
  isReplacing: boolean,
): Promise<LinkOutcome> {
  return inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ slug: string; organisationId: string | null }>(sql`select slug,
        external_id as "organisationId"
      from tenants where slug = ${tenantSlug} or external_id = ${organisationId} for no key update`);
    const tenant = rows.find(({ slug }) => slug === tenantSlug);
    const owner = rows.find((row) => row.organisationId === organisationId);
    if (tenant === undefined) return { kind: 'unknownTenant' };
    if (owner === tenant) return { kind: 'unchanged' };
    if (owner !== undefined) return { kind: 'organisationTaken', tenantSlug: owner.slug };
    if (tenant.organisationId !== null && !isReplacing) {
      return { kind: 'tenantTaken', organisationId: tenant.organisationId };
    }
    await client.query(sql`update tenants set external_id = ${organisationId} where slug = ${tenantSlug}`);
    return { kind: 'linked' };
  });
}

async function linkBySlug(client: PoolClient, { id, slug }: Organisation): Promise<LinkedTenant | null> {
  const { rows } = await client.query<{ tenantId: string }>(sql`update tenants set external_id = ${id}
    where slug = ${slug} and external_id is null returning id as "tenantId"`);
  return rows[0] === undefined || slug === null ? null : linkedTenant(rows[0].tenantId, slug, id, 'slug');
}

/**
 * Names the tenant by the organisation's id where the slug is taken by another tenant or is not a valid name.
 */
async function provisionTenant(
  client: PoolClient,
  { id, slug }: Organisation,
  now: Date,
): Promise<LinkedTenant | null> {
  for (const name of [slug, id]) {
    if (name === null || !slugPattern.test(name)) continue;
    const inserted = await client.query(sql`insert into tenants (id, slug, name, external_id, created_at)
      values (${createId()}::uuid, ${name}, ${slug ?? name}, ${id}, ${now}) on conflict do nothing`);
    // A concurrent request may have made the tenant between the first look and this insert.
    const { rows } = await client.query<{ tenantId: string }>(sql`select id as "tenantId" from tenants
      where external_id = ${id}`);
    if (rows[0] === undefined) continue;
    const { tenantId } = rows[0];
    return inserted.rowCount === 1
      ? linkedTenant(tenantId, name, id, 'provisioning')
      : { tenantId, link: null };
  }
  return null;
}

function linkedTenant(
  tenantId: string,
  tenantSlug: string,
  organisationId: string,
  reason: TenantLink['reason'],
): LinkedTenant {
  return { tenantId, link: { tenantSlug, organisationId, reason } };
}

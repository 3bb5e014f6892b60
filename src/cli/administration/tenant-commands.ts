import type { Config } from '../../app/config/config.ts';
import { toPublicId } from '../../platform/ids.ts';
import { tenantOf } from './user-commands.ts';
import { withServices } from './with-services.ts';

/** The maximum number of tenants that `tenant list` prints. */
const listMax = 10_000;

/** Creates a tenant without members. */
export async function createTenantCommand(config: Config, slug: string, name: string): Promise<number> {
  return withServices(config, async ({ services }) => {
    await services.administration.createTenant(null, { slug, name });
    console.log(`Tenant ${slug} is created.`);
  });
}

/** Prints tenants, one a line: slug and name. */
export async function listTenantsCommand(config: Config): Promise<number> {
  return withServices(config, async ({ queries }) => {
    for (const { slug, name } of await queries.administration.tenants(listMax))
      console.log(`${slug}  ${name}`);
  });
}

/** Changes the name or slug of a tenant. */
export async function renameTenantCommand(
  config: Config,
  tenantSlug: string,
  changes: { readonly slug?: string; readonly name?: string },
): Promise<number> {
  return withServices(config, async (app) => {
    const { id } = await tenantOf(app, tenantSlug);
    const input = { ...changes, tenantId: toPublicId('tenant', id) };
    const { slug, name } = await app.services.administration.renameTenant(null, input);
    console.log(`Tenant ${tenantSlug} is ${slug}, ${name} now.`);
  });
}

/**
 * Deletes a tenant with all its data.
 * @throws Error when the confirmation is not the slug
 */
export async function deleteTenantCommand(
  config: Config,
  slug: string,
  confirmation: string,
): Promise<number> {
  if (confirmation !== slug) throw new Error(`Confirm the deletion by --confirm ${slug}.`);
  return withServices(config, async (app) => {
    const { id } = await tenantOf(app, slug);
    const input = { tenantId: toPublicId('tenant', id), slug };
    let rows = 0;
    for (let isDeleted = false; !isDeleted;) {
      const deletion = await app.services.administration.deleteTenant(null, input);
      rows += deletion.deletedRows;
      isDeleted = deletion.isDeleted;
    }
    console.log(`Tenant ${slug} is deleted, with ${rows.toLocaleString('en')} rows.`);
  });
}

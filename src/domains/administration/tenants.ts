import { z } from 'zod';
import type { Coherence } from '../../caching/coherence/coherence.ts';
import type { Clock } from '../../platform/runtime/clock.ts';
import { NotFound } from '../../platform/errors.ts';
import { createId, fromPublicId, toPublicId } from '../../platform/ids.ts';
import { invalidInput, optionalText, parseInput, textInput } from '../../platform/input.ts';
import { auditEntry } from '../audit/model.ts';
import type { Viewer } from '../session/model.ts';
import { slugPattern, type Tenant } from '../tenant/model.ts';
import type { TenantDeletion } from './model.ts';
import type { AdministrationQueries } from './queries.ts';

/** The maximum number of rows per statement, because a larger delete invalidates whole caches. */
const batchSize = 500;
const batchesMax = 100;

const slugInput = textInput({ min: 1, max: 100 }).refine(
  (slug) => slugPattern.test(slug),
  'must begin with a letter or digit, and consist of letters, digits, `.`, `_` and `-`',
);
const tenantName = textInput({ min: 1, max: 200 });

const createTenantSchema = z.object({ slug: slugInput, name: tenantName });
const renameTenantSchema = z.object({
  tenantId: z.string(),
  slug: optionalText(slugInput),
  name: optionalText(tenantName),
});
const deleteTenantSchema = z.object({ tenantId: z.string(), slug: z.string() });

/** Creates the part of the service that administers tenants. */
export function createTenantAdministration({
  queries,
  waitForInvalidation,
  clock,
}: {
  readonly queries: AdministrationQueries;
  readonly waitForInvalidation: Coherence['waitForInvalidation'];
  readonly clock: Clock;
}) {
  return {
    /** @throws InvalidInput for invalid input and for a taken slug */
    async createTenant(actor: Viewer | null, input: unknown): Promise<Tenant> {
      const { slug, name } = parseInput(createTenantSchema, input);
      const createdAt = new Date(clock.now());
      const id = createId();
      const note = { action: 'createTenant', target: toPublicId('tenant', id), details: { slug } };
      const entry = auditEntry(actor, note, createdAt);
      const tenant = await queries.createTenant({ id, slug, name, createdAt }, entry);
      if (tenant === null) throw slugTaken(slug);
      return tenant;
    },

    /** @throws NotFound; InvalidInput for invalid input and for a taken slug */
    async renameTenant(actor: Viewer | null, input: unknown): Promise<Tenant> {
      const { tenantId, slug = null, name = null } = parseInput(renameTenantSchema, input);
      const id = fromPublicId('tenant', tenantId);
      const note = { action: 'renameTenant', target: tenantId, details: { slug } };
      const entry = auditEntry(actor, note, new Date(clock.now()));
      const renamed = id === null ? null : await queries.renameTenant(id, { slug, name }, entry);
      if (renamed === null) throw new NotFound('tenant', ['input', 'tenantId']);
      if (renamed === 'isTaken') throw slugTaken(slug ?? '');
      await waitForInvalidation();
      return renamed;
    },

    /**
     * Deletes a bounded number of rows of a tenant, and at last the tenant.
     * @throws NotFound; InvalidInput for the actor's own tenant
     */
    async deleteTenant(actor: Viewer | null, input: unknown): Promise<TenantDeletion> {
      const { tenantId, slug } = parseInput(deleteTenantSchema, input);
      const id = fromPublicId('tenant', tenantId);
      const tenant = id === null ? null : await queries.tenantToDelete(id, slug);
      if (tenant === null) throw new NotFound('tenant with this ID and slug', ['input', 'tenantId']);
      if (tenant.id === actor?.tenantId) {
        throw invalidInput('CONFLICT', 'This is the tenant of the request; select another one first.', [
          'tenantId',
        ]);
      }
      let deletedRows = 0;
      for (let batch = 0; batch < batchesMax; batch += 1) {
        if ((await queries.suspendMembers(tenant.id, batchSize)) > 0) continue;
        const count = await queries.deleteRows(tenant.id, batchSize);
        deletedRows += count;
        if (count > 0) continue;
        const note = { action: 'deleteTenant', target: tenantId, details: { slug } };
        const isDeleted = await queries.deleteTenant(
          tenant.id,
          auditEntry(actor, note, new Date(clock.now())),
        );
        await waitForInvalidation();
        return { isDeleted, deletedRows };
      }
      await waitForInvalidation();
      return { isDeleted: false, deletedRows };
    },
  };
}

function slugTaken(slug: string) {
  return invalidInput('CONFLICT', `The slug ${slug} is taken.`, ['slug'], { reason: 'TAKEN' });
}

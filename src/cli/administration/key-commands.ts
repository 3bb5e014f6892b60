import type { Config } from '../../app/config/config.ts';
import { auditEntry } from '../../domains/audit/model.ts';
import { scopes } from '../../domains/session/model.ts';
import { toPublicId } from '../../platform/ids.ts';
import { withServices } from './with-services.ts';

/** An API key that a command creates on behalf of a member. */
export interface NewKey {
  readonly user: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Null for a key that does not expire. */
  readonly expiresAt: Date | null;
}

/**
 * Creates an API key of a member and prints only its secret to standard output.
 * @throws Error when the user is not an active member of the tenant; InvalidInput
 */
export async function createKeyCommand(config: Config, { user, tenant, ...input }: NewKey): Promise<number> {
  return withServices(config, async ({ queries, services }) => {
    const account = await queries.session.credentialsByEmail(user);
    const membership = account?.memberships.find(({ slug }) => slug === tenant);
    if (account?.isActive !== true || membership === undefined) {
      throw new Error(`${user} is not an active member of ${tenant}.`);
    }
    const { tenantId, role } = membership;
    const { userId, isPlatformAdmin } = account;
    const viewer = { tenantId, userId, role, isPlatformAdmin, session: null, apiKeyId: null, scopes };
    const { apiKey, secret } = await services.apiKey.create(viewer, input);
    const note = { action: 'createApiKey', target: toPublicId('key', apiKey.id), details: { tenant } };
    await queries.audit.insert(auditEntry(null, note, apiKey.createdAt));
    console.log(secret);
  });
}

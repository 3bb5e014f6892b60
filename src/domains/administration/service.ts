import { createAccountAdministration, type AdministrationOptions } from './accounts.ts';
import { createTenantAdministration } from './tenants.ts';

/** The service of platform administration, for mutations and commands. */
export type AdministrationService = ReturnType<typeof createAdministrationService>;

/**
 * Creates the service by which platform admins, and the command line as a null viewer, administer tenants and
 * accounts.
 */
export function createAdministrationService(options: AdministrationOptions) {
  return { ...createTenantAdministration(options), ...createAccountAdministration(options) };
}

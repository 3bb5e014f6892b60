import type { IncomingHttpHeaders } from 'node:http';

/** The client of a request, and the tenant that its header `x-tenant` names. */
export interface ClientDevice {
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** Null or absent for none. */
  readonly tenantSlug?: string | null;
}

/** Reads the client of a request from its headers. */
export function clientDeviceOf(headers: IncomingHttpHeaders, ipAddress: string): ClientDevice {
  const tenant = headers['x-tenant'];
  const tenantSlug = typeof tenant === 'string' && tenant !== '' ? tenant : null;
  return { ipAddress, userAgent: headers['user-agent'] ?? null, tenantSlug };
}

import type { Viewer } from '../domains/session/model.ts';
import { networkOf } from '../platform/security/network-address.ts';
import type { RateLimitKey } from '../server/limits/rate-limiter.ts';

/**
 * Whoever is signed in pays with what is theirs: an address may be that of a whole company. Without
 * credentials there is only the address to go by.
 */
export function rateLimitKeysOf(viewer: Viewer | null, ipAddress: string): readonly RateLimitKey[] {
  if (viewer === null) return [{ kind: 'address', key: networkOf(ipAddress) }];
  return [
    { kind: 'user', key: `${viewer.tenantId}:${viewer.userId}` },
    { kind: 'tenant', key: viewer.tenantId },
  ];
}

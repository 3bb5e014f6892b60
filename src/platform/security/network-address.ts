import { isIP, isIPv6 } from 'node:net';

/**
 * What of an address stands for whoever is behind it: an IPv4 address as a whole, of IPv6 the network of 64
 * bits, which is the least that a subscriber is given (RFC 6177) and within which they may take any address
 * they like.
 */
export function networkOf(address: string): string {
  const withoutZone = address.split('%', 1)[0] ?? '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(withoutZone)) return withoutZone;
  const [head = '', tail = ''] = withoutZone.toLowerCase().split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === '' ? [] : tail.split(':');
  // An IPv4 address at the end takes the place of two groups.
  const lastCount = last.length + (tail.includes('.') ? 1 : 0);
  const gap = withoutZone.includes('::') ? 8 - first.length - lastCount : 0;
  const groups = [...first, ...Array.from({ length: gap }, () => '0'), ...last];
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}

/**
 * Whether a text says which proxies to believe, as Fastify's trustProxy takes it: an address, a network such
 * as 10.0.0.0/8, loopback, linklocal or uniquelocal. Not `true`: whoever believes every proxy believes
 * whatever a client writes.
 */
export function isProxyRange(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

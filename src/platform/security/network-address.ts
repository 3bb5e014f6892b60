import ipaddr from 'ipaddr.js';

/**
 * Returns the part of an address that identifies a subscriber: an IPv4 address as a whole, the network of 64
 * bits of an IPv6 address, which is the smallest assignment to a subscriber (RFC 6177).
 */
export function networkOf(address: string): string {
  const withoutZone = address.split('%', 1)[0] ?? '';
  if (!ipaddr.isValid(withoutZone)) return withoutZone;
  const parsed = ipaddr.process(withoutZone);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/**
 * Returns true for a value of Fastify's trustProxy: an address, a network such as 10.0.0.0/8, loopback,
 * linklocal or uniquelocal. Not for `true`, with which clients could forge any address.
 */
export function isProxyRange(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const { IPv4, IPv6 } = ipaddr;
  return (
    IPv4.isValidFourPartDecimal(text) ||
    IPv6.isValid(text) ||
    IPv4.isValidCIDRFourPartDecimal(text) ||
    IPv6.isValidCIDR(text)
  );
}

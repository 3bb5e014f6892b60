/** Returns true for an origin whose pages may use this server, as browsers send it in `origin`. */
export type IsAllowedOrigin = (origin: string) => boolean;

/** The origins of this machine, on any port, which are allowed while a product is developed. */
export const localOrigins: readonly string[] = ['http', 'https'].flatMap((scheme) =>
  ['localhost', '127.0.0.1', '[::1]'].map((host) => `${scheme}://${host}:*`),
);

const patternForm = /^([a-z][a-z0-9+.-]*:\/\/)(\*\.)?([^\s/*:@?#]+|\[[0-9a-f:]+\])(:\*|:\d{1,5})?$/;

/**
 * Returns true for an origin as a browser writes it, or a pattern: `https://*.example.com` allows every
 * subdomain, and `http://localhost:*` every port.
 */
export function isOriginPattern(text: string): boolean {
  if (!patternForm.test(text)) return false;
  if (!/^https?:/.test(text)) return true;
  const origin = text.replace('//*.', '//').replace(/:\*$/, '');
  return URL.canParse(origin) && new URL(origin).origin === origin;
}

/** Creates the check of a request's origin, for CORS and for the upgrade to a WebSocket. */
export function createOriginCheck(patterns: readonly string[]): IsAllowedOrigin {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const wildcards = patterns.filter((pattern) => pattern.includes('*')).map(expressionFor);
  return (origin) => exact.has(origin) || wildcards.some((expression) => expression.test(origin));
}

function expressionFor(pattern: string): RegExp {
  const [, scheme = '', subdomains, host = '', port = ''] = patternForm.exec(pattern) ?? [];
  const labels = subdomains === undefined ? '' : String.raw`(?:[a-z0-9_-]+\.)+`;
  const ports = port === ':*' ? String.raw`(?::\d{1,5})?` : port;
  return new RegExp(`^${escaped(scheme)}${labels}${escaped(host)}${ports}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/**
 * Whether a request names this machine as its host. Only then may a page hold a token: a name that some site
 * on the web made point here (DNS rebinding) is another origin to the browser's user, and the same to the
 * browser.
 */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

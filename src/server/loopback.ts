/**
 * Returns true for a host name of this machine. Only then may a page contain a token: to a browser, another
 * name that points here (DNS rebinding) is another origin.
 */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

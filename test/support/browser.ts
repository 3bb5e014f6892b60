import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const knownPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A Chromium of this machine; null where there is none, as on a machine with nothing but Node. */
export const browserPath = knownPaths.find((path) => existsSync(path)) ?? null;

/** A page of a headless Chromium that can reach only this machine, with its requests. */
export async function openBrowser(): Promise<{
  readonly page: Page;
  /** Every URL that the page and its workers requested. */
  readonly requested: readonly string[];
  /** Errors in the page: exceptions and violations of its content security policy. */
  readonly faults: readonly string[];
  readonly close: () => Promise<void>;
}> {
  if (browserPath === null) throw new Error(`There is no Chromium at any of ${knownPaths.join(', ')}.`);
  const browser = await chromium.launch({
    executablePath: browserPath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const requested: string[] = [];
  const faults: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return { page, requested, faults, close: () => browser.close() };
}

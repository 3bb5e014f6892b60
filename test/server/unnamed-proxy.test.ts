import { afterEach, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/test-app.ts';

let testApp: TestApp;
afterEach(() => testApp.close());

const message = /^x-forwarded-for ignored: TRUST_PROXY does not name this address/;

/** Starts a server and returns the addresses that it warns of. */
async function startWithLog(environment: Readonly<Record<string, string>>): Promise<string[]> {
  const warned: string[] = [];
  testApp = await startTestApp(environment, (line) => {
    const { msg, address }: { msg: string; address: string } = JSON.parse(line);
    if (message.test(msg)) warned.push(address);
  });
  return warned;
}

async function request(remoteAddress: string, forwardedFor?: string): Promise<void> {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  await testApp.server.inject({ url: '/livez', remoteAddress, headers });
}

it('a proxy that TRUST_PROXY does not name is warned of once', async () => {
  const warned = await startWithLog({ TRUST_PROXY: '10.0.0.0/8' });
  await request('192.168.0.5', '198.51.100.1');
  await request('192.168.0.5', '198.51.100.2');

  expect(warned).toEqual(['192.168.0.5']);
});

it('neither a named proxy nor a client without the header is warned of', async () => {
  const warned = await startWithLog({ TRUST_PROXY: '10.0.0.0/8' });
  await request('10.1.2.3', '198.51.100.1');
  await request('192.168.0.5');

  expect(warned).toEqual([]);
});

it('without TRUST_PROXY any address that sends the header is warned of', async () => {
  const warned = await startWithLog({});
  await request('127.0.0.1', '198.51.100.1');

  expect(warned).toEqual(['127.0.0.1']);
});

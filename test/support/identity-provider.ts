import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { Clock } from '../../src/platform/runtime/clock.ts';
import { TestClock } from './clock.ts';

export const issuer = 'https://clerk.example.com';
export const party = 'https://app.example.com';

/** A signing key of the provider with its ID in tokens' headers. */
export interface ProviderKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** An identity provider on this machine: it signs tokens and publishes its keys. */
export interface TestIdentityProvider {
  readonly jwksUrl: string;
  /** The clock by which tokens are issued; at first a fixed one with the time of a test app's. */
  clock: Clock;
  /** The published keys; a test may change them. */
  keys: ProviderKey[];
  /** The response to a request for keys; a test may change it. */
  answer: 'well' | 'with an error' | 'too much' | 'elsewhere' | 'never';
  /** The number of requests for keys. */
  readonly requests: number;
  /** The settings of a server that trusts this provider. */
  readonly environment: Readonly<Record<string, string>>;
  /** A token as Clerk makes them, with claims changed; undefined leaves a claim out. */
  token(
    claims: JWTPayload,
    options?: { key?: ProviderKey; header?: Record<string, unknown> },
  ): Promise<string>;
  close(): Promise<void>;
}

export async function startIdentityProvider(): Promise<TestIdentityProvider> {
  const state = { requests: 0 };
  const server = createServer((request, response) => {
    state.requests += 1;
    switch (provider.answer) {
      case 'well':
        response.end(JSON.stringify({ keys: provider.keys.map(({ publicJwk }) => publicJwk) }));
        return;
      case 'too much':
        response.end(' '.repeat(1_000_000));
        return;
      case 'elsewhere':
        response.writeHead(302, { location: `${request.url}?again` }).end();
        return;
      case 'with an error':
        response.writeHead(500).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const jwksUrl = `http://127.0.0.1:${portOf(server)}/.well-known/jwks.json`;
  const provider: TestIdentityProvider = {
    jwksUrl,
    clock: new TestClock(),
    keys: [await aProviderKey('key-1')],
    answer: 'well',
    get requests() {
      return state.requests;
    },
    environment: { JWT_JWKS: jwksUrl, JWT_ISSUER: issuer, JWT_AUTHORIZED_PARTIES: party },
    token: (claims, { key = provider.keys[0], header = {} } = {}) => {
      if (key === undefined) throw new Error('The provider has no key.');
      return signWith(key, { ...usualClaims(provider.clock), ...claims }, header);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return provider;
}

export async function aProviderKey(kid: string, algorithm = 'RS256'): Promise<ProviderKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, privateKey, publicJwk };
}

/** Signs a token with any claims. */
export function signWith(
  { kid, privateKey, publicJwk }: ProviderKey,
  claims: JWTPayload,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: `${publicJwk.alg}`, typ: 'JWT', kid, ...header })
    .sign(privateKey);
}

function usualClaims(clock: Clock): JWTPayload {
  const now = Math.floor(clock.now() / 1000);
  return { iss: issuer, azp: party, iat: now, nbf: now - 10, exp: now + 60, sid: 'sess_1', v: 2 };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The provider listens on no port.');
  return address.port;
}

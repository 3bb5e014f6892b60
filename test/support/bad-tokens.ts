import { createHmac, createPublicKey, KeyObject, sign } from 'node:crypto';
import {
  aProviderKey,
  issuer,
  party,
  type ProviderKey,
  type TestIdentityProvider,
} from './identity-provider.ts';

/** Each kind of bad token with its factory; expired tokens have a code of their own. */
export const badTokens: readonly (readonly [kind: string, make: MakeToken, code?: 'TOKEN_EXPIRED'])[] = [
  ['without a signature (alg none)', (p) => `${encode({ alg: 'none' })}.${encode(p.claims())}.`],
  ['without a signature, alg in another case', (p) => swap(p.sign({}, { alg: 'nOnE' }), 2, '')],
  ['that says alg none and keeps its signature', (p) => p.sign({}, { alg: 'none' })],
  ['signed with the public key as a secret', (p) => p.signWithSecret(pemOf(p.key))],
  ['signed with the modulus as a secret', (p) => p.signWithSecret(`${p.key.publicJwk.n}`)],
  ['signed with an empty secret', (p) => p.signWithSecret('')],
  ['of a stranger who uses a known name of a key', (p) => p.foreign(() => ({}), p.key.kid)],
  ['of a stranger with a key of an unknown name', (p) => p.foreign(() => ({}))],
  ['that brings its key (jwk)', (p) => p.foreign((key) => ({ jwk: key.publicJwk }))],
  ['that says where its key is (jku)', (p) => p.foreign(() => ({ jku: p.provider.jwksUrl }))],
  ['that says where its certificate is (x5u)', (p) => p.foreign(() => ({ x5u: p.provider.jwksUrl }))],
  ['that brings a certificate (x5c)', (p) => p.foreign(() => ({ x5c: ['MIIB'] }))],
  ['with a name of a key that is a path', (p) => p.foreign(() => ({ kid: '../../../../dev/null' }))],
  ['with a name of a key that is SQL', (p) => p.foreign(() => ({ kid: "' or 1=1 --" }))],
  ['with a name of a key that is no text', (p) => p.sign({}, { kid: 1 })],
  ['with something critical that nobody knows', (p) => p.sign({}, { crit: ['exp2'], exp2: 1 })],
  ['with a payload that is not encoded', (p) => p.sign({}, { crit: ['b64'], b64: false })],
  [
    'of an algorithm that is not allowed',
    (p) => p.sign({}, { alg: 'RS512', kid: p.otherKey.kid }, p.otherKey),
  ],
  ['of an algorithm that does not exist', (p) => p.sign({}, { alg: 'RS1' })],
  ['of another media type', (p) => p.sign({}, { typ: 'logout+jwt' })],
  ['that has expired', (p) => p.sign({ exp: p.now - 60 }), 'TOKEN_EXPIRED'],
  ['that expired five seconds ago', (p) => p.sign({ exp: p.now - 5 }), 'TOKEN_EXPIRED'],
  ['that is not valid yet', (p) => p.sign({ nbf: p.now + 6 })],
  ['that was issued in the future', (p) => p.sign({ iat: p.now + 6 })],
  ['that never expires', (p) => p.sign({ exp: undefined })],
  ['that expires at a time that is text', (p) => p.sign({ exp: `${p.now + 60}` })],
  ['that expires after the end of time', (p) => p.sign({ exp: 1e300 })],
  ['of another issuer', (p) => p.sign({ iss: 'https://clerk.example.org' })],
  ['of an issuer with a slash more', (p) => p.sign({ iss: `${issuer}/` })],
  ['of several issuers', (p) => p.sign({ iss: [issuer] })],
  ['of no issuer', (p) => p.sign({ iss: undefined })],
  ['for another audience', (p) => p.sign({ aud: 'https://other.example.com' })],
  ['issued to another party', (p) => p.sign({ azp: 'https://evil.example.com' })],
  ['issued to a party that begins alike', (p) => p.sign({ azp: `${party}.evil.example.com` })],
  ['issued to several parties', (p) => p.sign({ azp: [party] })],
  ['issued to nobody', (p) => p.sign({ azp: undefined })],
  ['of nobody', (p) => p.sign({ sub: undefined })],
  ['of somebody without a name', (p) => p.sign({ sub: '' })],
  ['of a number', (p) => p.sign({ sub: 5 })],
  ['of a name that is too long', (p) => p.sign({ sub: 'x'.repeat(256) })],
  ['of a name that no table holds', (p) => p.sign({ sub: 'user_\u0000' })],
  ['of an author of an import', (p) => p.sign({ sub: 'import:acme:ann' })],
  ['of a session that is not complete', (p) => p.sign({ sts: 'pending' })],
  ['of an organisation that is no text', (p) => p.sign({ org_id: { $ne: null } })],
  ['of an organisation without an id', (p) => p.sign({ o: { slg: 'acme' } })],
  ['with another payload', (p) => swap(p.sign(), 1, encode(p.claims({ sub: 'user_other' })))],
  ['with another header', (p) => swap(p.sign(), 0, encode(p.header({ typ: 'jwt' })))],
  ['with a signature that was changed', (p) => flip(p.sign())],
  ['with a signature that is cut off', (p) => p.sign().slice(0, -20)],
  ['whose signature is missing', (p) => swap(p.sign(), 2, '')],
  ['with a payload that is no JSON', (p) => p.signText('{"sub":')],
  ['with a payload that is a list', (p) => p.signText('[]')],
  ['with a header that is no JSON', (p) => swap(p.sign(), 0, 'eyJhbGciOiJSUzI1NiI')],
  ['of one part', () => 'eyJhbGciOiJSUzI1NiJ9'],
  ['of five parts, as if it were encrypted', (p) => `${p.sign()}.a.b`],
  ['padded', (p) => `${p.sign()}==`],
  ['of 20 kB', (p) => p.sign({ padding: 'x'.repeat(20_000) })],
];

type MakeToken = (forge: Forge) => Promise<string> | string;

type Json = Readonly<Record<string, unknown>>;

/**
 * Makes tokens by hand, because libraries refuse to make bad ones. Whatever is not said is as it should be.
 */
export class Forge {
  readonly provider: TestIdentityProvider;
  readonly key: ProviderKey;
  /** Published by the provider, for an algorithm that is not allowed. */
  readonly otherKey: ProviderKey;
  readonly now: number;

  constructor(provider: TestIdentityProvider, key: ProviderKey, otherKey: ProviderKey) {
    this.provider = provider;
    this.key = key;
    this.otherKey = otherKey;
    this.now = Math.floor(provider.clock.now() / 1000);
  }

  claims(changes: Json = {}): Json {
    const { now } = this;
    const times = { iat: now, nbf: now - 10, exp: now + 60 };
    const organisation = { id: 'org_acme', rol: 'member', slg: 'acme' };
    return {
      iss: issuer,
      azp: party,
      sub: 'user_forged',
      sid: 'sess_1',
      ...times,
      o: organisation,
      ...changes,
    };
  }

  header(changes: Json = {}): Json {
    return { alg: 'RS256', typ: 'JWT', kid: this.key.kid, ...changes };
  }

  sign(claims: Json = {}, header: Json = {}, key = this.key): string {
    return this.signText(JSON.stringify(this.claims(claims)), header, key);
  }

  signText(payload: string, header: Json = {}, key = this.key): string {
    const input = `${encode(this.header(header))}.${Buffer.from(payload).toString('base64url')}`;
    return `${input}.${sign(key.publicJwk.alg === 'RS512' ? 'sha512' : 'sha256', Buffer.from(input), KeyObject.from(key.privateKey)).toString('base64url')}`;
  }

  signWithSecret(secret: string): string {
    const input = `${encode(this.header({ alg: 'HS256' }))}.${encode(this.claims())}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  }

  /** Signed by a key of the forger's own, with a header that should make us take it. */
  async foreign(header: (key: ProviderKey) => Json, kid = 'foreign'): Promise<string> {
    const key = await aProviderKey(kid);
    return this.sign({}, { kid, ...header(key) }, key);
  }
}

/** The public key as most libraries want it. */
function pemOf({ publicJwk }: ProviderKey): string {
  return createPublicKey({ key: publicJwk, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
}

/** A token with one of its parts replaced. */
function swap(token: string, part: 0 | 1 | 2, text: string): string {
  return token.split('.').with(part, text).join('.');
}

function flip(token: string): string {
  const [signature = ''] = token.split('.').slice(2);
  const middle = Math.floor(signature.length / 2);
  const changed = signature[middle] === 'A' ? 'B' : 'A';
  return swap(token, 2, signature.slice(0, middle) + changed + signature.slice(middle + 1));
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

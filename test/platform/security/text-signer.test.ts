import { describe, expect, it } from 'vitest';
import { TextSigner } from '../../../src/platform/security/text-signer.ts';

const secret = 'a secret of at least 32 characters';
const signer = new TextSigner([secret], 'tests');

describe('a signed text', () => {
  it('is verified with its context', () => {
    expect(signer.verify('key', signer.sign('key', 'text ü'))).toBe('text ü');
  });

  it.each([
    ['another context', 'kez', signer.sign('key', 'text')],
    ['a boundary that was moved', 'ke', signer.sign('key', 'text').replace('text', 'ytext')],
    ['another text', 'key', `${signer.sign('key', 'text')}s`],
    ['another purpose', 'key', new TextSigner([secret], 'others').sign('key', 'text')],
    ['another secret', 'key', new TextSigner([`${secret}!`], 'tests').sign('key', 'text')],
    ['no signature', 'key', 'text'],
    ['nothing at all', 'key', ''],
  ])('is rejected with %s', (_title, context, signed) => {
    expect(signer.verify(context, signed)).toBeNull();
  });

  it('is verified by each secret, and signed by the first', () => {
    const rotated = new TextSigner(['another secret', secret], 'tests');

    expect(rotated.verify('key', signer.sign('key', 'text'))).toBe('text');
    expect(signer.verify('key', rotated.sign('key', 'text'))).toBeNull();
  });
});

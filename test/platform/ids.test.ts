import { describe, expect, it } from 'vitest';
import { createId, fromPublicId, toPublicId } from '../../src/platform/ids.ts';

describe('a public id', () => {
  it('is the prefix and the digits of the UUID in their order', () => {
    expect(toPublicId('conv', '01234567-89ab-cdef-fedc-ba9876543210')).toBe(
      'conv_0123456789abcdeffedcba9876543210',
    );
  });

  it('can be parsed into its UUID', () => {
    for (let count = 0; count < 100; count += 1) {
      const uuid = createId();
      expect(fromPublicId('msg', toPublicId('msg', uuid))).toBe(uuid);
    }
  });
});

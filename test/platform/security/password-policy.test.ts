import { describe, expect, it } from 'vitest';
import { createPasswordPolicy } from '../../../src/platform/security/password-policy.ts';
import { hashPassword, isPassword } from '../../../src/platform/security/passwords.ts';

const policy = createPasswordPolicy();

describe('a password', () => {
  it.each([
    ['1234567', 'must have at least 8 characters'],
    ['a'.repeat(257), 'must have at most 256 characters'],
    ['password', 'is a common password; choose another one'],
    ['PassWord', 'is a common password; choose another one'],
    ['qwertyuiop', 'is a common password; choose another one'],
    ['zzzzzzzzzz', 'must not be one repeated character'],
    ['Ada@Example.org', 'must not be a name or email address'],
    ['with a \u0000 inside', 'contains a NUL or an unpaired surrogate'],
    ['e\u0301'.repeat(7), 'must have at least 8 characters'],
  ])('is refused: %j', async (password, reason) => {
    expect(await policy.refusalOf(password, ['ada@example.org'])).toBe(reason);
  });

  it.each(['correct horse', '  spaces  around ', '密码密码密码密码', '🔑🔒🔑🔒🔑🔒🔑🔒', 'ab'.repeat(128)])(
    'is accepted: %j',
    async (password) => {
      expect(await policy.refusalOf(password, ['ada@example.org'])).toBeNull();
    },
  );

  it('is the same in both normal forms of Unicode', async () => {
    expect(await isPassword('caf\u00e9 cr\u00e8me', await hashPassword('cafe\u0301 cre\u0300me'))).toBe(true);
  });
});

import { lengthOf, isStorable } from '../text.ts';

/** The bounds of a password in characters, after NFC. */
const passwordLength = { min: 8, max: 256 } as const;

/** Decides by the rules of NIST SP 800-63B whether a password may be chosen. */
export interface PasswordPolicy {
  /**
   * Resolves with the reason for which a password is refused, to follow the field's name, or with null;
   * `words` such as the email address are refused too.
   */
  refusalOf(password: string, words?: readonly string[]): Promise<string | null>;
}

/** Creates the policy; its list of common passwords is read at the first check. */
export function createPasswordPolicy(): PasswordPolicy {
  let common: Promise<ReadonlySet<string>> | undefined;
  return {
    async refusalOf(password, words = []) {
      const chosen = password.normalize('NFC');
      if (!isStorable(chosen)) return 'contains a NUL or an unpaired surrogate';
      if (lengthOf(chosen) < passwordLength.min) return `must have at least ${passwordLength.min} characters`;
      if (lengthOf(chosen) > passwordLength.max) return `must have at most ${passwordLength.max} characters`;
      const lowerCase = chosen.toLowerCase();
      if (words.some((word) => word.toLowerCase() === lowerCase))
        return 'must not be a name or email address';
      if (new Set(lowerCase).size === 1) return 'must not be one repeated character';
      return (await (common ??= readCommon())).has(lowerCase)
        ? 'is a common password; choose another one'
        : null;
    },
  };
}

async function readCommon(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((word) => word.length >= passwordLength.min));
}

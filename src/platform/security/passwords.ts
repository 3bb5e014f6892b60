import { hash, verify } from '@node-rs/argon2';

/** An Argon2id hash of an unused password: an unknown account must take as long as a wrong password. */
const unusedHash =
  '$argon2id$v=19$m=19456,t=2,p=1$cGFybGV5LW5vYm9keS1zYWx0$Zm9yLW5vYm9keS1hdC1hbGwtbm90LWEtaGFzaC4uLg';

/** Returns an Argon2id hash with a random salt, unless a salt is given; of the password's normal form NFC. */
export async function hashPassword(password: string, salt?: Buffer): Promise<string> {
  return hash(password.normalize('NFC'), salt === undefined ? {} : { salt });
}

/** Resolves with true for the right password; a null hash takes just as long and never matches. */
export async function isPassword(password: string, passwordHash: string | null): Promise<boolean> {
  const isRight = await verify(passwordHash ?? unusedHash, password.normalize('NFC'));
  return isRight && passwordHash !== null;
}

import { hash, verify } from '@node-rs/argon2';

/** Argon2id of a password that nobody has: an unknown account must take as long as a wrong password. */
const hashOfNobody =
  '$argon2id$v=19$m=19456,t=2,p=1$cGFybGV5LW5vYm9keS1zYWx0$Zm9yLW5vYm9keS1hdC1hbGwtbm90LWEtaGFzaC4uLg';

/**
 * What is stored of a password: argon2id with a salt of its own, never twice the same unless the salt is
 * given.
 */
export async function hashPassword(password: string, salt?: Buffer): Promise<string> {
  return hash(password, salt === undefined ? {} : { salt });
}

/**
 * Whether it is the password; null, where there is none to compare with, takes just as long and is never
 * right.
 */
export async function isPassword(password: string, passwordHash: string | null): Promise<boolean> {
  const isRight = await verify(passwordHash ?? hashOfNobody, password);
  return isRight && passwordHash !== null;
}

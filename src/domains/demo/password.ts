/**
 * The argon2id hash of `parley-demo`, the password of every user of the demo. A constant, so that seeding
 * does not spend time on hashing.
 */
export const passwordHash =
  '$argon2id$v=19$m=19456,t=2,p=1$cGFybGV5LWRlbW8tc2FsdA$UbUXTiWhAsuQ95w7+siz5h6XoAOeO8fUo9LIJBHTT+U';

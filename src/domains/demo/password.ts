/**
 * Everybody's password in the demo is `parley-demo`. This is what argon2id makes of it with a fixed salt:
 * written down, so that seeding takes no time for it, and the same in every run.
 */
export const passwordHash =
  '$argon2id$v=19$m=19456,t=2,p=1$cGFybGV5LWRlbW8tc2FsdA$UbUXTiWhAsuQ95w7+siz5h6XoAOeO8fUo9LIJBHTT+U';

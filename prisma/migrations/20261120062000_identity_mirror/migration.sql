-- What an identity provider said last, so that only what it changes changes here.

-- Who vouches for the person: the provider's issuer. Null for people whom no provider knows.
alter table users add column identity_provider text;

alter table memberships
  -- The role that the provider gave last, translated into ours; the role in force may be another one.
  add column identity_role role,
  -- How old that is, by the provider's clock.
  add column identity_updated_at timestamptz(3),
  -- Since when the provider no longer counts them as a member; a membership that was suspended here has none.
  add column identity_removed_at timestamptz(3);

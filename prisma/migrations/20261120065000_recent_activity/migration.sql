-- Who was here last, for filling the caches: revoked_at is null order by last_seen_at desc limit $1.
create index sessions_live_last_seen_at_idx on sessions (last_seen_at desc) where revoked_at is null;
-- The same for those who come with an identity provider's token: order by identity_synced_at desc limit $1.
create index users_identity_synced_at_idx on users (identity_synced_at desc) where identity_synced_at is not null;

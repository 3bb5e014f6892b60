-- The members of a tenant in one role, page by page: tenant_id = $1 and role = $2. Suspended members are listed too, which an
-- index on the active ones alone could not serve.
create index memberships_tenant_id_role_joined_at_user_id_idx on memberships (tenant_id, role, joined_at, user_id);
drop index memberships_active_role_idx;

-- How many sessions of a tenant are alive: tenant_id = $1 and revoked_at is null and expires_at > $2.
create index sessions_tenant_id_live_expires_at_idx on sessions (tenant_id, expires_at) where revoked_at is null;

-- How many messages a tenant wrote lately: tenant_id = $1 and created_at > $2.
create index messages_tenant_id_created_at_idx on messages (tenant_id, created_at);

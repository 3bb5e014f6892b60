-- Search, and what holds for a part of a table only. An index over an expression serves a query only where the query
-- repeats the expression word for word.

create extension if not exists pg_trgm;
-- Lets an index for search begin with the tenant.
create extension if not exists btree_gin;

-- Sign-in, and "no two people with one address, whatever its case": lower(email) = lower($1).
create unique index users_email_key on users (lower(email));
-- The fuzzy search for users, by address: email %> $1.
create index users_email_idx on users using gin (email gin_trgm_ops);
-- The fuzzy search for users, by name: (coalesce(first_name, '') || ' ' || coalesce(last_name, '')) %> $1.
create index users_full_name_idx on users
  using gin ((coalesce(first_name, '') || ' ' || coalesce(last_name, '')) gin_trgm_ops);
-- Users by what their profile says: profile @> $1.
create index users_profile_idx on users using gin (profile jsonb_path_ops);

-- The active members of a tenant in one role, page by page: is_active and role = $2.
create index memberships_active_role_idx on memberships (tenant_id, role, joined_at, user_id) where is_active;
-- Who has a permission: permissions ? $1, permissions @> $1.
create index memberships_permissions_idx on memberships using gin (permissions);

-- The sessions that the clean-up ends: revoked_at is null and expires_at < $1.
create index sessions_live_expires_at_idx on sessions (expires_at) where revoked_at is null;

-- The key that a request carries: key_hash = $1 and revoked_at is null.
create index api_keys_live_key_hash_idx on api_keys (key_hash) where revoked_at is null;

-- Conversations whose title contains a text: tenant_id = $1 and title ilike $2.
create index conversations_tenant_id_title_idx on conversations using gin (tenant_id uuid_ops, title gin_trgm_ops);

-- The words of a message, stored: a search that comes by another index (all messages of one conversation) would otherwise
-- read every text anew. The parser reads addresses and paths by trying, which takes time by the square of a text such as
-- ~/~/~/: without the characters that lead it there it is linear, and the parts of a path are found by themselves.
alter table messages add column content_words tsvector
  generated always as (to_tsvector('english', translate(content, '/~@_-', '     '))) stored;
-- The search in messages: tenant_id = $1 and content_words @@ websearch_to_tsquery('english', $2).
create index messages_tenant_id_content_words_idx on messages using gin (tenant_id uuid_ops, content_words tsvector_ops);
-- Messages by what a client has noted on them: metadata @> $1.
create index messages_metadata_idx on messages using gin (metadata jsonb_path_ops);

alter table app_settings add constraint app_settings_one_row check (id = 1);
insert into app_settings (id) values (1);

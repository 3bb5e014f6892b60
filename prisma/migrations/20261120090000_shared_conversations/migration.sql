-- What a tenant shares, page by page in each order: a member's list is read in parts, of which this is one. Without these a
-- tenant with many private conversations would have all of them read in order to find the few that are shared.
create index conversations_shared_updated_at_idx on conversations (tenant_id, updated_at, id) where visibility = 'TENANT';
create index conversations_shared_created_at_idx on conversations (tenant_id, created_at, id) where visibility = 'TENANT';
create index conversations_shared_title_idx on conversations (tenant_id, title, id) where visibility = 'TENANT';

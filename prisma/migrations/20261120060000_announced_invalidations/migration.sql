-- What caches remember ends by what PostgreSQL itself says: triggers announce on the channel parley_cache what a statement
-- has changed. NOTIFY speaks only on commit and in the order of the commits, so that whoever writes, by Prisma, by psql, by an
-- import or in an older release, has announced it in the same transaction and can't forget to.

-- The processes whose caches are alive, each with the time until which it may answer from them. Unlogged, because a lease
-- that is renewed twice a second is not worth a place in the log, and leases end with the connections that a crash ends.
create unlogged table cache_processes (
  id uuid not null,
  lease_expires_at timestamptz(3) not null,
  constraint cache_processes_pkey primary key (id)
) with (fillfactor = 50);
-- Not a process: it stands for those whose rows went with a crash. When it is missing the table has been emptied, and
-- whoever comes first writes it again with a lease, for as long as theirs may still run.
insert into cache_processes (id, lease_expires_at) values ('00000000-0000-0000-0000-000000000000', 'epoch');

-- Part of every key in a store that processes share: raising it ends everything that such a store holds.
create table cache_epoch (
  id smallint not null default 1,
  epoch integer not null default 1,
  constraint cache_epoch_pkey primary key (id),
  constraint cache_epoch_one_row check (id = 1)
);
insert into cache_epoch default values;

-- Announces what ended: `tag:<tag>`, `cache:<NAME>` or `key:<NAME>:<key>`. A notification has less than 8000 bytes, so the
-- names go in several; and so many names that hearing them costs more than loading anew are announced as "everything".
create function announce_invalidations(names text[]) returns void
language plpgsql as $$
declare
  name text;
  item text;
  items text := '';
begin
  if cardinality(names) > 500 or exists (select from unnest(names) as given(name) where octet_length(given.name) > 3000) then
    perform pg_notify('parley_cache', '{"everything":true}');
    return;
  end if;
  for name in select distinct given.name from unnest(names) as given(name) where given.name is not null loop
    item := to_json(name)::text;
    if octet_length(items) + octet_length(item) > 7900 then
      perform pg_notify('parley_cache', '{"ended":[' || items || ']}');
      items := '';
    end if;
    items := items || case when items = '' then '' else ',' end || item;
  end loop;
  if items <> '' then
    perform pg_notify('parley_cache', '{"ended":[' || items || ']}');
  end if;
end
$$;

create function announce_everything() returns trigger
language plpgsql as $$
begin
  perform pg_notify('parley_cache', '{"everything":true}');
  return null;
end
$$;

-- For a table that one cache holds as a whole, which is the trigger's argument. Rows that are written as they were
-- change nothing.
create function announce_cache() returns trigger
language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if not exists (table new_rows except table old_rows) then
      return null;
    end if;
  elsif not exists (table changed_rows) then
    return null;
  end if;
  perform announce_invalidations(array['cache:' || tg_argv[0]]);
  return null;
end
$$;

-- In each of the following, one row more than announce_invalidations tells apart is enough to make it "everything".

create function announce_users() returns trigger
language plpgsql as $$
declare
  names text[];
begin
  if tg_op = 'UPDATE' then
    select array_agg('tag:user:' || id) into names from (
      select id from old_rows full join new_rows using (id)
      where old_rows is distinct from new_rows limit 501
    ) as changed;
  else
    select array_agg('tag:user:' || id) into names from (select id from changed_rows limit 501) as changed;
  end if;
  perform announce_invalidations(names);
  return null;
end
$$;

-- A new membership too: what is remembered of a person includes the tenants that they may act in.
create function announce_memberships() returns trigger
language plpgsql as $$
declare
  names text[];
begin
  if tg_op = 'UPDATE' then
    select array_agg('tag:user:' || user_id) into names from (
      select user_id from old_rows full join new_rows using (tenant_id, user_id)
      where old_rows is distinct from new_rows limit 501
    ) as changed;
  else
    select array_agg('tag:user:' || user_id) into names from (select user_id from changed_rows limit 501) as changed;
  end if;
  perform announce_invalidations(names);
  return null;
end
$$;

create function announce_tenants() returns trigger
language plpgsql as $$
declare
  names text[];
begin
  if tg_op = 'UPDATE' then
    select array_agg('tag:tenant:' || id) into names from (
      select id from old_rows full join new_rows using (id)
      where old_rows is distinct from new_rows limit 501
    ) as changed;
  else
    select array_agg('tag:tenant:' || id) into names from (select id from changed_rows limit 501) as changed;
  end if;
  perform announce_invalidations(names);
  return null;
end
$$;

-- Only what a cache holds of a session: when it was last seen changes all the time, and is of no account.
create function announce_sessions() returns trigger
language plpgsql as $$
declare
  names text[];
begin
  if tg_op = 'UPDATE' then
    select array_agg('tag:session:' || id) into names from (
      select id from old_rows o full join new_rows n using (tenant_id, id)
      where (o.user_id, o.token_hash, o.expires_at, o.revoked_at)
        is distinct from (n.user_id, n.token_hash, n.expires_at, n.revoked_at) limit 501
    ) as changed;
  else
    select array_agg('tag:session:' || id) into names from (select id from changed_rows limit 501) as changed;
  end if;
  perform announce_invalidations(names);
  return null;
end
$$;

-- Likewise; when a key was last used is of no account.
create function announce_api_keys() returns trigger
language plpgsql as $$
declare
  names text[];
begin
  if tg_op = 'UPDATE' then
    select array_agg('tag:api-key:' || id) into names from (
      select id from old_rows o full join new_rows n using (tenant_id, id)
      where (o.user_id, o.name, o.prefix, o.key_hash, o.scopes, o.expires_at, o.revoked_at)
        is distinct from (n.user_id, n.name, n.prefix, n.key_hash, n.scopes, n.expires_at, n.revoked_at) limit 501
    ) as changed;
  else
    select array_agg('tag:api-key:' || id) into names from (select id from changed_rows limit 501) as changed;
  end if;
  perform announce_invalidations(names);
  return null;
end
$$;

-- Whoever writes may have any search_path, or tables of the same names in front; the functions see this schema only.
do $$
declare
  signature text;
begin
  foreach signature in array array['announce_invalidations(text[])', 'announce_everything()', 'announce_cache()',
    'announce_users()', 'announce_memberships()', 'announce_tenants()', 'announce_sessions()', 'announce_api_keys()'] loop
    execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', signature, current_schema());
  end loop;
end
$$;

-- A person who comes into being is not announced: nobody can have asked for an id that did not exist, and seeing them takes a
-- membership, which is. The same goes for tenants, sessions and keys.
create trigger announce_update after update on users
  referencing old table as old_rows new table as new_rows for each statement execute function announce_users();
create trigger announce_delete after delete on users
  referencing old table as changed_rows for each statement execute function announce_users();
create trigger announce_truncate after truncate on users
  for each statement execute function announce_everything();

create trigger announce_insert after insert on memberships
  referencing new table as changed_rows for each statement execute function announce_memberships();
create trigger announce_update after update on memberships
  referencing old table as old_rows new table as new_rows for each statement execute function announce_memberships();
create trigger announce_delete after delete on memberships
  referencing old table as changed_rows for each statement execute function announce_memberships();
create trigger announce_truncate after truncate on memberships
  for each statement execute function announce_everything();

create trigger announce_update after update on tenants
  referencing old table as old_rows new table as new_rows for each statement execute function announce_tenants();
create trigger announce_delete after delete on tenants
  referencing old table as changed_rows for each statement execute function announce_tenants();
create trigger announce_truncate after truncate on tenants
  for each statement execute function announce_everything();

create trigger announce_update after update on sessions
  referencing old table as old_rows new table as new_rows for each statement execute function announce_sessions();
create trigger announce_delete after delete on sessions
  referencing old table as changed_rows for each statement execute function announce_sessions();
create trigger announce_truncate after truncate on sessions
  for each statement execute function announce_everything();

create trigger announce_update after update on api_keys
  referencing old table as old_rows new table as new_rows for each statement execute function announce_api_keys();
create trigger announce_delete after delete on api_keys
  referencing old table as changed_rows for each statement execute function announce_api_keys();
create trigger announce_truncate after truncate on api_keys
  for each statement execute function announce_everything();

create trigger announce_insert after insert on app_settings
  referencing new table as changed_rows for each statement execute function announce_cache('SETTINGS');
create trigger announce_update after update on app_settings
  referencing old table as old_rows new table as new_rows for each statement execute function announce_cache('SETTINGS');
create trigger announce_delete after delete on app_settings
  referencing old table as changed_rows for each statement execute function announce_cache('SETTINGS');
create trigger announce_truncate after truncate on app_settings
  for each statement execute function announce_everything();

create trigger announce_insert after insert on models
  referencing new table as changed_rows for each statement execute function announce_cache('MODELS');
create trigger announce_update after update on models
  referencing old table as old_rows new table as new_rows for each statement execute function announce_cache('MODELS');
create trigger announce_delete after delete on models
  referencing old table as changed_rows for each statement execute function announce_cache('MODELS');
create trigger announce_truncate after truncate on models
  for each statement execute function announce_everything();

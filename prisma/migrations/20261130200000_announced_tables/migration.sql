-- One trigger function in place of one per table. `announce_table` creates the triggers of a table, so that a further cached table
-- takes one line; the names that are announced stay the same.

-- Arguments: what a change invalidates (`cache:<NAME>`, or `tag:<kind>` with the name of the column that completes the tag, else
-- an empty text), and the columns whose changes do not count.
create function announce_changes() returns trigger
language plpgsql as $$
declare
  name constant text := tg_argv[0];
  id_column constant text := tg_argv[1];
  ignored_columns constant text[] := tg_argv[2];
  names text[];
begin
  -- 501 names are enough: announce_invalidations announces more than 500 as "everything".
  if tg_op = 'UPDATE' then
    with old_content as (select to_jsonb(old_rows) - ignored_columns as content from old_rows),
      new_content as (select to_jsonb(new_rows) - ignored_columns as content from new_rows)
    select array_agg(id) into names from (
      -- Of a changed row both contents come out, mostly with one id.
      select distinct content ->> id_column as id from (
        (table old_content except all table new_content) union all (table new_content except all table old_content)
      ) as changed limit 501
    ) as changed_ids;
  else
    select array_agg(content ->> id_column) into names from (
      select to_jsonb(changed_rows) as content from changed_rows limit 501
    ) as changed;
  end if;
  if names is null then
    return null;
  end if;
  if id_column = '' then
    perform announce_invalidations(array[name]);
  else
    perform announce_invalidations(array(select name || ':' || id from unnest(names) as changed(id)));
  end if;
  return null;
end
$$;

-- Announces every change of the table's rows from now on. Called again for the same name, it replaces the triggers.
create function announce_table(
  target regclass, name text, id_column text default '', ignored_columns text[] default '{}', inserts_count boolean default true
) returns void
language plpgsql as $$
declare
  prefix constant text := 'announce_' || regexp_replace(lower(name), '[^a-z0-9]+', '_', 'g') || '_';
  event text;
  transition text;
begin
  if id_column <> '' and not exists (
    select from pg_attribute where attrelid = target and attname = id_column and attnum > 0 and not attisdropped
  ) then
    raise undefined_column using message = format('The table %s has no column %I.', target, id_column);
  end if;
  foreach event in array array['insert', 'update', 'delete'] loop
    execute format('drop trigger if exists %I on %s', prefix || event, target);
    continue when event = 'insert' and not inserts_count;
    transition := case event
      when 'insert' then 'new table as changed_rows'
      when 'update' then 'old table as old_rows new table as new_rows'
      else 'old table as changed_rows' end;
    execute format('create trigger %I after %s on %s referencing %s for each statement execute function announce_changes(%L, %L, %L)',
      prefix || event, event, target, transition, name, id_column, ignored_columns);
  end loop;
  execute format('drop trigger if exists announce_truncate on %s', target);
  execute format('create trigger announce_truncate after truncate on %s for each statement execute function announce_everything()',
    target);
end
$$;

-- Writers may have any search_path, or tables of the same names in front; the functions see this schema only.
do $$
begin
  execute format('alter function announce_changes() set search_path = pg_catalog, %I, pg_temp', current_schema());
  execute format('alter function announce_table(regclass, text, text, text[], boolean) set search_path = pg_catalog, %I, pg_temp',
    current_schema());
end
$$;

do $$
declare
  target text;
  event text;
begin
  foreach target in array array['users', 'memberships', 'tenants', 'sessions', 'api_keys', 'app_settings', 'models'] loop
    foreach event in array array['insert', 'update', 'delete'] loop
      execute format('drop trigger if exists %I on %I', 'announce_' || event, target);
    end loop;
  end loop;
end
$$;
drop function announce_cache();
drop function announce_users();
drop function announce_memberships();
drop function announce_tenants();
drop function announce_sessions();
drop function announce_api_keys();

select announce_table('users', 'tag:user', 'id', inserts_count => false);
select announce_table('memberships', 'tag:user', 'user_id');
select announce_table('tenants', 'tag:tenant', 'id', inserts_count => false);
select announce_table('sessions', 'tag:session', 'id', inserts_count => false, ignored_columns => '{last_seen_at}');
select announce_table('api_keys', 'tag:api-key', 'id', inserts_count => false, ignored_columns => '{last_used_at}');
select announce_table('app_settings', 'cache:SETTINGS');
select announce_table('models', 'cache:MODELS');

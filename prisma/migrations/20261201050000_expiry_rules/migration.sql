-- One list of what expires, for the report and for the clean-up: a further table takes one line. The functions that it replaces
-- repeated the conditions, and the last of them had lost one-time tokens and invitations.

-- Conditions and times are expressions on the columns of the table; $1 is the present, $2 the time for which changes of messages
-- are kept. An hour beyond that time, because a transaction may have been that long.
create function expiry_rules() returns table (table_name text, condition text, due_since text)
language sql immutable
as $$
  values
    ('sessions', 'coalesce(revoked_at, expires_at) < $1 - interval ''30 days''',
      'min(coalesce(revoked_at, expires_at)) + interval ''30 days'''),
    ('api_keys', 'coalesce(revoked_at, expires_at) < $1 - interval ''30 days''',
      'min(coalesce(revoked_at, expires_at)) + interval ''30 days'''),
    ('idempotency_keys', 'expires_at < $1', 'min(expires_at)'),
    ('one_time_tokens', 'expires_at < $1 - interval ''30 days''', 'min(expires_at) + interval ''30 days'''),
    ('invitations', 'expires_at < $1 - interval ''30 days''', 'min(expires_at) + interval ''30 days'''),
    ('message_changes', 'created_at < $1 - $2 - interval ''1 hour''', 'min(created_at) + $2')
$$;

drop function expired_data(timestamptz, interval);

create function expired_data(at timestamptz default now(), changes_kept interval default interval '7 days')
returns table (table_name text, rows bigint, due_since timestamptz)
language plpgsql stable
as $$
declare
  rule record;
begin
  for rule in select * from expiry_rules() loop
    return query execute format('select %L, count(*), %s from %I where %s',
      rule.table_name, rule.due_since, rule.table_name, rule.condition) using at, changes_kept;
  end loop;
end
$$;

drop function cleanup_expired_data(integer, timestamptz, interval);

-- Removes at most `batch_size` rows of each table, and returns how many; call it until all are fewer. Returns nothing while another
-- process cleans up. Locked rows stay for the next time. More than 500 sessions or keys together would invalidate all caches.
create function cleanup_expired_data(
  batch_size integer default 500, at timestamptz default now(), changes_kept interval default interval '7 days'
)
returns table (table_name text, removed bigint)
language plpgsql
as $$
declare
  rule record;
begin
  -- The number is the ASCII text `cleanup`; the lock ends with the transaction.
  if not pg_try_advisory_xact_lock(x'636c65616e7570'::bigint) then return; end if;
  for rule in select * from expiry_rules() loop
    return query execute format('with gone as (
        delete from %1$I where ctid = any(array(select ctid from %1$I where %2$s limit $3 for update skip locked)) returning 1
      ) select %1$L, count(*) from gone',
      rule.table_name, rule.condition) using at, changes_kept, batch_size;
  end loop;
end
$$;

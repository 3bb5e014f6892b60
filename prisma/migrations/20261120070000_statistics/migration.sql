-- What PostgreSQL counts about itself and about the product, in the words of whoever is on call. Nothing here needs a
-- superuser, and nothing shows what people have written: statements come normalised, without the values that they were run with.

-- Counts statements. Only a superuser may create it, and not every server has it; without it the rest works, and
-- statement_statistics_note() says what is missing.
do $$
begin
  create extension if not exists pg_stat_statements;
exception
  when insufficient_privilege or undefined_file or feature_not_supported then
    raise notice 'pg_stat_statements was not created: %', sqlerrm;
end
$$;

-- The sessions that the clean-up removes after they were revoked: revoked_at < $1.
create index sessions_revoked_at_idx on sessions (revoked_at) where revoked_at is not null;

-- Since when PostgreSQL has counted: the last time that its statistics were reset, or lost by a crash.
create function statistics_counted_since() returns timestamptz
language sql stable
as $$
  select greatest(d.stats_reset, b.stats_reset)
  from pg_stat_database d, pg_stat_bgwriter b
  where d.datname = current_database()
$$;

-- The schema of the extension, which managed servers put elsewhere; null where there is none. No view can read
-- pg_stat_statements directly: a view over something that is absent cannot be made.
create function statement_statistics_schema() returns text
language sql stable
as $$
  select n.nspname::text
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = 'pg_stat_statements'
$$;

-- The statements of this database that read and write rows; none where pg_stat_statements is absent. Others (SET, CREATE …) keep
-- their values in their text and are left out. A statement counts as `is_own` where the current role has sent it.
create function statement_statistics()
returns table (
  statement text,
  is_own boolean,
  calls numeric,
  total_ms double precision,
  max_ms double precision,
  rows numeric,
  blocks_hit numeric,
  blocks_read numeric,
  blocks_spilt numeric
)
language plpgsql
as $$
declare
  extension_schema text := statement_statistics_schema();
begin
  if extension_schema is null then return; end if;
  return query execute format(
    $query$
      select
        coalesce(min(s.query) filter (where r.rolname = current_user), min(s.query)),
        bool_or(r.rolname = current_user),
        sum(s.calls),
        sum(s.total_exec_time),
        max(s.max_exec_time),
        sum(s.rows),
        sum(s.shared_blks_hit),
        sum(s.shared_blks_read),
        sum(s.temp_blks_written)
      from %I.pg_stat_statements s
        join pg_database d on d.oid = s.dbid and d.datname = current_database()
        join pg_roles r on r.oid = s.userid
      where s.queryid is not null and s.query ~* '^[\s(]*(select|with|insert|update|delete|merge)\M'
      group by s.queryid
    $query$,
    extension_schema
  );
exception
  -- The extension is there, and its library is not loaded: nothing is counted.
  when object_not_in_prerequisite_state then return;
end
$$;

-- Why statement_statistics() lacks something and how to get it; null where all is well.
create function statement_statistics_note() returns text
language plpgsql
as $$
declare
  extension_schema text := statement_statistics_schema();
  is_any_hidden boolean;
begin
  if extension_schema is null then
    return 'Statements are not counted: pg_stat_statements is not in this database. Add it to shared_preload_libraries, '
      || 'restart PostgreSQL, and run `create extension pg_stat_statements` as a superuser.';
  end if;
  execute format(
    'select exists (select from %I.pg_stat_statements s join pg_database d on d.oid = s.dbid
      where d.datname = current_database() and s.queryid is null)',
    extension_schema
  ) into is_any_hidden;
  if is_any_hidden then
    return format(
      'Statements of other roles are hidden: `grant pg_read_all_stats to %I` shows them.', current_user
    );
  end if;
  return null;
exception
  when object_not_in_prerequisite_state then
    return 'Statements are not counted: pg_stat_statements is not loaded. Add it to shared_preload_libraries and restart PostgreSQL.';
end
$$;

-- A statement in one line of at most 200 characters. Rarely one is counted before its values are replaced: from the first
-- quoted value on such a text is cut off.
create function statement_preview(statement text) returns text
language sql immutable
as $$
  select left(
    btrim(regexp_replace(regexp_replace(statement, '(''|\$[A-Za-z_]*\$).*$', '…'), '\s+', ' ', 'g')), 200
  )
$$;

-- What is heavy in the plan of a statement, in a sentence; null where nothing is, or where it cannot be planned without its
-- values. Only for statements of the role that asks: planning can call functions that a statement names.
create function plan_weakness(statement text) returns text
language plpgsql
set lock_timeout = '200ms'
as $$
declare
  plan jsonb;
  sentence text;
begin
  -- The option generic_plan is there from PostgreSQL 16 on.
  if current_setting('server_version_num')::integer < 160000 then return null; end if;
  execute 'explain (generic_plan, format json) ' || statement into plan;

  select format(
    'It reads all %s rows of %s%s; an index that serves this would spare it.',
    c.reltuples::bigint,
    node ->> 'Relation Name',
    coalesce(' to find those with ' || statement_preview(node ->> 'Filter'), '')
  )
  into sentence
  from jsonb_path_query(plan, 'strict $.** ? (@."Node Type" == "Seq Scan")') node
    join pg_class c on c.oid = to_regclass(format('%I', node ->> 'Relation Name'))
  where c.reltuples >= 10000
  order by c.reltuples desc
  limit 1;
  if sentence is not null then return sentence; end if;

  select format(
    'It goes through about %s rows to %s; ask for a narrower range, or keep the result.',
    inner_node ->> 'Plan Rows',
    case node ->> 'Node Type' when 'Aggregate' then 'count or sum them up' else 'put them in order' end
  )
  into sentence
  from jsonb_path_query(plan, 'strict $.** ? (@."Node Type" == "Aggregate" || @."Node Type" == "Sort")') node,
    jsonb_array_elements(node -> 'Plans') inner_node
  where (inner_node ->> 'Plan Rows')::double precision >= 10000
  order by (inner_node ->> 'Plan Rows')::double precision desc
  limit 1;
  return sentence;
exception
  -- Its table is gone or locked, or the type of a value cannot be told: then what was counted has to do.
  when others then return null;
end
$$;

-- What the counters of a statement say about why it is slow.
create function counted_weakness(
  calls numeric, mean_ms double precision, max_ms double precision, rows numeric, blocks_hit numeric,
  blocks_read numeric, blocks_spilt numeric
) returns text
language sql immutable
as $$
  select case
    when blocks_spilt > 0 then format(
      'It writes %s of sorted or hashed rows to disk in a call; more work_mem, or fewer rows, would spare it.',
      pg_size_pretty(round(blocks_spilt * 8192 / calls))
    )
    when blocks_read > 0.1 * (blocks_hit + blocks_read) then format(
      'It reads %s from disk in a call; PostgreSQL remembers too little of what it needs (shared_buffers).',
      pg_size_pretty(round(blocks_read * 8192 / calls))
    )
    when rows / calls >= 1000 then format('It answers %s rows in a call; ask for fewer.', round(rows / calls))
    when max_ms >= 10 * mean_ms then
      'It is slow at times only: most likely it waits for locks; see `parley monitor connections`.'
    else format('It goes through %s in a call; see its plan.', pg_size_pretty(round((blocks_hit + blocks_read) * 8192 / calls)))
  end
$$;

-- Statements, the slowest on average first. `is_slow` from 100 ms on average, where there were enough calls for an average;
-- those have advice.
create view slow_queries as
select
  statement_preview(s.statement) as query,
  s.calls,
  s.total_ms / s.calls::double precision as mean_ms,
  s.max_ms,
  s.total_ms,
  s.rows,
  (s.blocks_hit / nullif(s.blocks_hit + s.blocks_read, 0))::double precision as cache_hit_rate,
  slowness.is_slow,
  case when slowness.is_slow then coalesce(
    case when s.is_own then plan_weakness(s.statement) end,
    counted_weakness(
      s.calls, s.total_ms / s.calls::double precision, s.max_ms, s.rows, s.blocks_hit, s.blocks_read, s.blocks_spilt
    )
  ) end as advice
from statement_statistics() s
  cross join lateral (
    select s.calls >= 5 and s.total_ms >= 100 * s.calls::double precision as is_slow
  ) slowness
where s.calls > 0
  -- Whoever looks here shall not find their own looking.
  and s.statement !~ '(daily_activity|user_activity_stats|tenant_usage_stats|table_stats|index_usage|slow_queries|analyze_query_performance)'
order by mean_ms desc;

-- The tables, the largest first. Rows are PostgreSQL's estimates; last_sequential_scan_at is known from PostgreSQL 16 on.
create view table_stats as
select
  s.relname::text as name,
  greatest(s.n_live_tup, c.reltuples::bigint, 0) as rows,
  s.n_dead_tup as dead_rows,
  pg_table_size(s.relid) as size_bytes,
  pg_indexes_size(s.relid) as index_bytes,
  s.seq_scan as sequential_scans,
  coalesce(s.seq_tup_read / nullif(s.seq_scan, 0), 0) as rows_per_sequential_scan,
  coalesce(s.idx_scan, 0) as index_scans,
  s.n_mod_since_analyze as changes_since_analyze,
  (to_jsonb(s) ->> 'last_seq_scan')::timestamptz as last_sequential_scan_at,
  greatest(s.last_vacuum, s.last_autovacuum) as last_vacuum_at,
  greatest(s.last_analyze, s.last_autoanalyze) as last_analyze_at
from pg_stat_user_tables s join pg_class c on c.oid = s.relid
where s.schemaname = current_schema()
order by pg_total_relation_size(s.relid) desc, s.relname;

-- The indexes, the largest first. One that keeps rows unique or backs a constraint is of use also when no query reads it.
create view index_usage as
select
  s.indexrelname::text as name,
  s.relname::text as table_name,
  s.idx_scan as scans,
  pg_relation_size(s.indexrelid) as size_bytes,
  i.indisunique as is_unique,
  i.indisvalid as is_valid,
  unused.is_unused,
  case
    when not i.indisvalid then
      format('It was never finished and serves no query: `reindex index concurrently %I`.', s.indexrelname)
    when unused.is_unused and statistics_counted_since() > now() - interval '30 days' then format(
      'No query has read it since %s, which is too short a time to judge: look again after a month.',
      to_char(statistics_counted_since() at time zone 'UTC', 'YYYY-MM-DD')
    )
    when unused.is_unused then format(
      'No query has read it since %s. Where no rare query, standby or foreign key needs it, drop it.',
      to_char(statistics_counted_since() at time zone 'UTC', 'YYYY-MM-DD')
    )
  end as advice
from pg_stat_user_indexes s
  join pg_index i on i.indexrelid = s.indexrelid
  cross join lateral (
    select s.idx_scan = 0
      and not i.indisunique
      and not i.indisprimary
      and not i.indisexclusion
      and not exists (select from pg_constraint where conindid = s.indexrelid) as is_unused
  ) unused
where s.schemaname = current_schema()
order by pg_relation_size(s.indexrelid) desc, s.indexrelname;

-- Indexes that cost every write and serve no query, the largest first, and since when that was counted.
create function find_unused_indexes()
returns table (name text, table_name text, size_bytes bigint, counted_since timestamptz, advice text)
language sql stable
as $$
  select u.name, u.table_name, u.size_bytes, statistics_counted_since(), u.advice
  from index_usage u
  where u.is_unused
  order by u.size_bytes desc, u.name
$$;

-- Messages by tenant, author and day, from a point in time on. Goes to each author by an index, because reading every message of
-- all time for the last few days would take longer the older a product gets.
create function messages_by_author(since timestamptz)
returns table (tenant_id uuid, author_id uuid, day date, messages bigint)
language sql stable
as $$
  select a.tenant_id, a.author_id, written.day, written.messages
  from (
    select m.tenant_id, m.user_id as author_id from memberships m
  ) a
    cross join lateral (
      select (created_at at time zone 'UTC')::date as day, count(*) as messages
      from messages
      where messages.tenant_id = a.tenant_id and messages.author_id = a.author_id and created_at >= since
      group by 1
    ) written
  union all
  -- What language models have written has no author.
  select t.id, null, written.day, written.messages
  from tenants t
    cross join lateral (
      select (created_at at time zone 'UTC')::date as day, count(*) as messages
      from messages
      where messages.tenant_id = t.id and messages.author_id is null and created_at >= since
      group by 1
    ) written
$$;

-- What people did, for each of the last days in UTC, the newest first. Active is who wrote, signed in or was seen last on that day.
create function daily_activity(days integer, until timestamptz default now())
returns table (
  day date, active_users bigint, new_users bigint, conversations bigint, messages bigint, sign_ins bigint
)
language sql stable
as $$
  with period as (
    select (until at time zone 'UTC')::date - days + 1 as first_day, (until at time zone 'UTC')::date as last_day
  ),
  start as (select first_day::timestamp at time zone 'UTC' as at from period),
  written as materialized (select w.* from start, messages_by_author(start.at) w),
  seen as materialized (
    select s.user_id, (s.created_at at time zone 'UTC')::date as signed_in_on, (s.last_seen_at at time zone 'UTC')::date as seen_on
    from sessions s, start
    where greatest(s.created_at, s.last_seen_at) >= start.at
  ),
  active as (
    select on_day, count(distinct user_id) as users
    from (
      select day, author_id from written where author_id is not null
      union all select signed_in_on, user_id from seen
      union all select seen_on, user_id from seen
    ) action (on_day, user_id)
    group by on_day
  ),
  begun as (
    select (c.created_at at time zone 'UTC')::date as on_day, count(*) as conversations
    from start, tenants t
      cross join lateral (
        select created_at from conversations where tenant_id = t.id and created_at >= start.at
      ) c
    group by 1
  ),
  joined as (
    select (u.created_at at time zone 'UTC')::date as on_day, count(*) as users
    from users u, start
    where u.created_at >= start.at
    group by 1
  ),
  sent as (select written.day as on_day, sum(written.messages)::bigint as messages from written group by 1),
  signed_in as (select signed_in_on as on_day, count(*) as times from seen group by 1)
  select
    each.day::date,
    coalesce(active.users, 0),
    coalesce(joined.users, 0),
    coalesce(begun.conversations, 0),
    coalesce(sent.messages, 0),
    coalesce(signed_in.times, 0)
  from period
    cross join lateral generate_series(period.first_day::timestamp, period.last_day, interval '1 day') each (day)
    left join active on active.on_day = each.day
    left join joined on joined.on_day = each.day
    left join begun on begun.on_day = each.day
    left join sent on sent.on_day = each.day
    left join signed_in on signed_in.on_day = each.day
  order by each.day desc
$$;

-- The last 30 days.
create view user_activity_stats as select * from daily_activity(30);

-- How much each tenant has and does, the busiest first.
create view tenant_usage_stats as
select
  t.id as tenant_id,
  t.slug,
  (select count(*) from memberships where tenant_id = t.id and is_active) as members,
  (
    select count(*) from sessions where tenant_id = t.id and revoked_at is null and expires_at > now()
  ) as active_sessions,
  talk.conversations,
  talk.messages,
  coalesce(recent.messages_today, 0) as messages_today,
  coalesce(recent.messages_of_last_30_days, 0) as messages_of_last_30_days,
  talk.last_message_at
from tenants t
  cross join lateral (
    select count(*) as conversations, coalesce(sum(message_count), 0) as messages, max(last_message_at) as last_message_at
    from conversations
    where tenant_id = t.id
  ) talk
  left join (
    select
      tenant_id,
      sum(messages) as messages_of_last_30_days,
      sum(messages) filter (where day = (now() at time zone 'UTC')::date) as messages_today
    from messages_by_author(now() - interval '30 days')
    group by tenant_id
  ) recent on recent.tenant_id = t.id
order by messages_of_last_30_days desc, t.slug;

-- Findings, those that need a person (`warning`) first. The thresholds are explained in docs/operations.md.
create function analyze_query_performance()
returns table (kind text, severity text, subject text, finding text, advice text)
language sql
as $$
  select f.kind, f.severity, f.subject, f.finding, f.advice
  from (
    select
      'slow statement' as kind,
      'warning' as severity,
      q.query as subject,
      format('%s ms on average, %s ms at most, %s calls', round(q.mean_ms), round(q.max_ms), q.calls) as finding,
      q.advice,
      q.total_ms as weight
    from slow_queries q
    where q.is_slow

    union all
    select
      'missing index', 'warning', t.name,
      format('read as a whole %s times, %s rows each time', t.sequential_scans, t.rows_per_sequential_scan),
      'Find the statement in `parley monitor slow`, and make an index for what it looks for.',
      t.sequential_scans::double precision * t.rows_per_sequential_scan
    from table_stats t
    where t.rows >= 10000 and t.sequential_scans >= 100 and t.rows_per_sequential_scan >= 10000
      and coalesce(t.last_sequential_scan_at, now()) > now() - interval '1 day'

    union all
    select
      'dead rows', 'warning', t.name,
      format('%s dead rows beside %s; last vacuum %s', t.dead_rows, t.rows,
        coalesce(to_char(t.last_vacuum_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'), 'never')),
      format('`vacuum %I`; where they stay, a transaction that was left open holds them: `parley monitor connections`.', t.name),
      t.dead_rows
    from table_stats t
    where t.dead_rows >= 10000 and t.dead_rows > 0.2 * t.rows

    union all
    select
      'statistics', case when t.last_analyze_at is null then 'warning' else 'note' end, t.name,
      case when t.last_analyze_at is null then 'never analysed, so queries are planned blindly'
        else format('%s of %s rows changed since it was analysed', t.changes_since_analyze, t.rows) end,
      'The mutation refreshStatistics, or `select * from refresh_table_statistics()`.',
      t.rows
    from table_stats t
    where t.rows >= 10000 and (t.last_analyze_at is null or t.changes_since_analyze > 0.2 * t.rows)

    union all
    select
      'cache hit rate', case when hit.rate < 0.8 then 'warning' else 'note' end, current_database()::text,
      format('%s %% of the blocks were in PostgreSQL''s memory', round(100 * hit.rate, 1)),
      'Below 80 %: raise shared_buffers to a quarter of the memory, or look for statements that read whole tables.',
      0
    from pg_stat_database d
      cross join lateral (select d.blks_hit::numeric / nullif(d.blks_hit + d.blks_read, 0) as rate) hit
    where d.datname = current_database() and d.blks_hit + d.blks_read >= 1000000 and hit.rate < 0.95

    union all
    select
      'unused index',
      case when u.counted_since < now() - interval '30 days' and u.size_bytes >= 10000000 then 'warning' else 'note' end,
      u.name,
      format('%s, no scan since %s', pg_size_pretty(u.size_bytes), to_char(u.counted_since at time zone 'UTC', 'YYYY-MM-DD')),
      u.advice,
      u.size_bytes
    from find_unused_indexes() u
    where u.size_bytes >= 1000000

    union all
    select 'invalid index', 'warning', i.name, format('on %s, not usable', i.table_name), i.advice, i.size_bytes
    from index_usage i
    where not i.is_valid

    union all
    select
      'transaction ids', 'warning', d.datname::text, format('%s transactions since the oldest row was frozen', age(d.datfrozenxid)),
      'Vacuum does not keep up. At two billion PostgreSQL stops writing: find what holds it, and `vacuum freeze`.',
      0
    from pg_database d
    where d.datname = current_database() and age(d.datfrozenxid) > 1000000000

    union all
    select 'statement statistics', 'note', 'pg_stat_statements', 'incomplete', statement_statistics_note(), 0
    where statement_statistics_note() is not null
  ) f
  order by f.severity desc, f.kind, f.weight desc
$$;

-- Tells the planner how each table looks now, and answers how many rows it has. Tables of other owners are left out.
create function refresh_table_statistics()
returns table (name text, rows bigint)
language plpgsql
as $$
declare
  each record;
begin
  for each in
    select c.oid, c.relname::text as table_name
    from pg_class c
    where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and pg_has_role(c.relowner, 'usage')
    order by c.relname
  loop
    execute format('analyze %I', each.table_name);
    name := each.table_name;
    rows := greatest((select reltuples from pg_class where oid = each.oid), 0);
    return next;
  end loop;
end
$$;

-- What the clean-up removes, and since when the oldest of it waits. Sessions and keys are kept for 30 days after their end: until
-- then their owners see what they were, and sign-ins are counted by them.
create function expired_data(at timestamptz default now())
returns table (table_name text, rows bigint, due_since timestamptz)
language sql stable
as $$
  select 'sessions', count(*), min(coalesce(revoked_at, expires_at)) + interval '30 days'
  from sessions
  where revoked_at < at - interval '30 days' or (revoked_at is null and expires_at < at - interval '30 days')
  union all
  select 'api_keys', count(*), min(coalesce(revoked_at, expires_at)) + interval '30 days'
  from api_keys
  where revoked_at < at - interval '30 days' or (revoked_at is null and expires_at < at - interval '30 days')
  union all
  select 'idempotency_keys', count(*), min(expires_at) from idempotency_keys where expires_at < at
$$;

-- Removes at most `batch_size` rows of each table of expired_data, and answers how many; call it until all are fewer. Answers
-- nothing at all while another process is at it. What somebody holds a lock on stays for the next time. Over 500 sessions or keys
-- at once would be announced to the caches as everything.
create function cleanup_expired_data(batch_size integer default 500, at timestamptz default now())
returns table (table_name text, removed bigint)
language plpgsql
as $$
begin
  -- The number is the ASCII text `cleanup`; the lock ends with the transaction.
  if not pg_try_advisory_xact_lock(x'636c65616e7570'::bigint) then return; end if;

  return query with due as (
    select s.tenant_id, s.id from sessions s
    where s.revoked_at < at - interval '30 days' or (s.revoked_at is null and s.expires_at < at - interval '30 days')
    limit batch_size
    for update skip locked
  ), gone as (
    delete from sessions s using due where s.tenant_id = due.tenant_id and s.id = due.id returning 1
  )
  select 'sessions', count(*) from gone;

  return query with due as (
    select k.tenant_id, k.id from api_keys k
    where k.revoked_at < at - interval '30 days' or (k.revoked_at is null and k.expires_at < at - interval '30 days')
    limit batch_size
    for update skip locked
  ), gone as (
    delete from api_keys k using due where k.tenant_id = due.tenant_id and k.id = due.id returning 1
  )
  select 'api_keys', count(*) from gone;

  return query with due as (
    select i.tenant_id, i.user_id, i.key from idempotency_keys i
    where i.expires_at < at
    limit batch_size
    for update skip locked
  ), gone as (
    delete from idempotency_keys i using due
    where i.tenant_id = due.tenant_id and i.user_id = due.user_id and i.key = due.key
    returning 1
  )
  select 'idempotency_keys', count(*) from gone;
end
$$;

-- Where neither the plan of a slow statement nor its counters point at one fault, the advice names the way that it takes
-- through tables and indexes, and how much lies on that way.

-- The plan of a statement, whatever its values; null where it cannot be planned without them. Only for statements of the role that
-- asks: planning can call functions that a statement names.
create function statement_plan(statement text) returns jsonb
language plpgsql
set lock_timeout = '200ms'
as $$
declare
  plan jsonb;
begin
  -- The option generic_plan is there from PostgreSQL 16 on.
  if current_setting('server_version_num')::integer < 160000 then return null; end if;
  execute 'explain (generic_plan, format json) ' || statement into plan;
  return plan;
exception
  -- Its table is gone or locked, or the type of a value cannot be told: then what was counted has to do.
  when others then return null;
end
$$;

-- What is heavy in a plan, in a sentence; null where nothing is.
create function plan_weakness(plan jsonb) returns text
language sql stable
as $$
  select coalesce(
    (
      select format(
        'It reads all %s rows of %s%s; an index that serves this would spare it.',
        c.reltuples::bigint,
        node ->> 'Relation Name',
        coalesce(' to find those with ' || statement_preview(node ->> 'Filter'), '')
      )
      from jsonb_path_query(plan, 'strict $.** ? (@."Node Type" == "Seq Scan")') node
        join pg_class c on c.oid = to_regclass(format('%I', node ->> 'Relation Name'))
      where c.reltuples >= 10000
      order by c.reltuples desc
      limit 1
    ),
    (
      select format(
        'It goes through about %s rows to %s; ask for a narrower range, or keep the result.',
        inner_node ->> 'Plan Rows',
        case node ->> 'Node Type' when 'Aggregate' then 'count or sum them up' else 'put them in order' end
      )
      from jsonb_path_query(plan, 'strict $.** ? (@."Node Type" == "Aggregate" || @."Node Type" == "Sort")') node,
        jsonb_array_elements(node -> 'Plans') inner_node
      where (inner_node ->> 'Plan Rows')::double precision >= 10000
      order by (inner_node ->> 'Plan Rows')::double precision desc
      limit 1
    )
  )
$$;

-- By which indexes a plan reaches which tables, in a sentence; null where it uses none.
create function plan_way(plan jsonb) returns text
language sql stable
as $$
  select 'It reaches ' || string_agg(step, ', ' order by step) || '.'
  from (
    select distinct format('%s by %s', i.indrelid::regclass, node ->> 'Index Name') as step
    from jsonb_path_query(plan, 'strict $.** ? (exists (@."Index Name"))') node
      join pg_index i on i.indexrelid = to_regclass(format('%I', node ->> 'Index Name'))
  ) steps
$$;

create or replace function counted_weakness(
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
    when blocks_hit + blocks_read >= 1000 * calls then format(
      'It goes through %s in a call, block by block, for %s rows; ask for less at once, or keep the result.',
      pg_size_pretty(round((blocks_hit + blocks_read) * 8192 / calls)),
      round(rows / calls, 1)
    )
    else 'It touches little: the time goes into computing, or into waiting.'
  end
$$;

create or replace view slow_queries as
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
    plan_weakness(planned.plan),
    counted_weakness(
      s.calls, s.total_ms / s.calls::double precision, s.max_ms, s.rows, s.blocks_hit, s.blocks_read, s.blocks_spilt
    ) || coalesce(' ' || plan_way(planned.plan), '')
  ) end as advice
from statement_statistics() s
  cross join lateral (
    select s.calls >= 5 and s.total_ms >= 100 * s.calls::double precision as is_slow
  ) slowness
  cross join lateral (
    select case when slowness.is_slow and s.is_own then statement_plan(s.statement) end as plan
  ) planned
where s.calls > 0
  -- Whoever looks here shall not find their own looking.
  and s.statement !~ '(daily_activity|user_activity_stats|tenant_usage_stats|table_stats|index_usage|slow_queries|analyze_query_performance|find_unused_indexes|statement_statistics|expired_data)'
order by mean_ms desc;

drop function plan_weakness(text);

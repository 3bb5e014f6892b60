-- Keys in Redis carry the epoch and the identity of the database. A counter repeats after a restore to an earlier state, and two
-- databases count alike; a random token does neither.
alter table cache_epoch
  -- Replaced whenever the epoch is raised.
  add column token uuid not null default gen_random_uuid(),
  -- Never replaced. It separates databases on servers that hide their system identifier.
  add column identity uuid not null default gen_random_uuid();

-- The identity of this database: of the server's data directory, of the database in it, and the random one. A restored dump has
-- another identity unless it replaces the database that it was taken of.
create function database_identity() returns text
language plpgsql stable as $$
declare
  system text := '';
begin
  begin
    select system_identifier::text into system from pg_control_system();
  exception when insufficient_privilege then
    -- Some providers revoke it.
  end;
  return (select concat_ws(':', system, d.oid, e.identity)
    from cache_epoch e cross join pg_database d where d.datname = current_database());
end
$$;

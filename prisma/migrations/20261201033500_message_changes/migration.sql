-- CreateEnum
CREATE TYPE "message_change_kind" AS ENUM ('CHANGED', 'REMOVED');

-- AlterTable
ALTER TABLE "conversations" ADD COLUMN     "last_change" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "message_changes" (
    "tenant_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "change" INTEGER NOT NULL,
    "kind" "message_change_kind" NOT NULL,
    "message_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_changes_pkey" PRIMARY KEY ("tenant_id","conversation_id","change")
);

-- CreateIndex
CREATE INDEX "message_changes_created_at_idx" ON "message_changes"("created_at");

-- AddForeignKey
ALTER TABLE "message_changes" ADD CONSTRAINT "message_changes_tenant_id_conversation_id_fkey" FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversations"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Records the changes and deletions of messages, whoever makes them, so that live events miss none. The numbers of a conversation
-- follow the order of the commits, because its row is locked. A conversation that is being deleted needs no record of its messages:
-- `parley.deleted_conversation` is its id.
create function record_message_changes() returns trigger
language plpgsql as $$
declare
  deleted constant text := coalesce(current_setting('parley.deleted_conversation', true), '');
begin
  if tg_op = 'UPDATE' then
    with changed as (
      select n.tenant_id, n.conversation_id, n.id from new_rows n join old_rows o using (tenant_id, id)
      where (n.author_id, n.role, n.status, n.content, n.model_slug, n.token_count, n.metadata, n.edited_at)
        is distinct from (o.author_id, o.role, o.status, o.content, o.model_slug, o.token_count, o.metadata, o.edited_at)
    ), numbered as (
      update conversations c set last_change = c.last_change + counted.count
      from (select tenant_id, conversation_id, count(*)::integer as count from changed group by 1, 2) as counted
      where c.tenant_id = counted.tenant_id and c.id = counted.conversation_id
      returning c.tenant_id, c.id, c.last_change - counted.count as before
    )
    insert into message_changes (tenant_id, conversation_id, change, kind, message_id)
    select changed.tenant_id, changed.conversation_id,
      numbered.before + row_number() over (partition by changed.tenant_id, changed.conversation_id order by changed.id),
      'CHANGED', changed.id
    from changed join numbered on numbered.tenant_id = changed.tenant_id and numbered.id = changed.conversation_id;
  else
    with numbered as (
      update conversations c set last_change = c.last_change + counted.count
      from (select tenant_id, conversation_id, count(*)::integer as count from old_rows group by 1, 2) as counted
      where c.tenant_id = counted.tenant_id and c.id = counted.conversation_id and c.id::text <> deleted
      returning c.tenant_id, c.id, c.last_change - counted.count as before
    )
    insert into message_changes (tenant_id, conversation_id, change, kind, message_id)
    select gone.tenant_id, gone.conversation_id,
      numbered.before + row_number() over (partition by gone.tenant_id, gone.conversation_id order by gone.id),
      'REMOVED', gone.id
    from old_rows as gone join numbered on numbered.tenant_id = gone.tenant_id and numbered.id = gone.conversation_id;
  end if;
  return null;
end
$$;

create trigger record_changed_messages after update on messages
  referencing old table as old_rows new table as new_rows
  for each statement execute function record_message_changes();

create trigger record_removed_messages after delete on messages
  referencing old table as old_rows
  for each statement execute function record_message_changes();

-- A reader who is removed, or a conversation that becomes private, has to be noticed even if nothing else happens in it.
create function count_removed_participants() returns trigger
language plpgsql as $$
begin
  update conversations c set last_change = c.last_change + 1
  from (select distinct tenant_id, conversation_id from old_rows) as gone
  where c.tenant_id = gone.tenant_id and c.id = gone.conversation_id;
  return null;
end
$$;

create trigger count_removed_participants after delete on participants
  referencing old table as old_rows
  for each statement execute function count_removed_participants();

create function count_changed_readers() returns trigger
language plpgsql as $$
begin
  if (new.visibility, new.owner_id) is distinct from (old.visibility, old.owner_id) then
    new.last_change := old.last_change + 1;
  end if;
  return new;
end
$$;

create trigger count_changed_readers before update of visibility, owner_id on conversations
  for each row execute function count_changed_readers();

-- As before, with message_changes. An hour beyond their time: a transaction may have been that long.
drop function cleanup_expired_data(integer, timestamptz);

create function cleanup_expired_data(
  batch_size integer default 500, at timestamptz default now(), changes_kept interval default interval '7 days'
)
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

  return query with due as (
    select m.tenant_id, m.conversation_id, m.change from message_changes m
    where m.created_at < at - changes_kept - interval '1 hour'
    limit batch_size
    for update skip locked
  ), gone as (
    delete from message_changes m using due
    where m.tenant_id = due.tenant_id and m.conversation_id = due.conversation_id and m.change = due.change
    returning 1
  )
  select 'message_changes', count(*) from gone;
end
$$;

drop function expired_data(timestamptz);

create function expired_data(at timestamptz default now(), changes_kept interval default interval '7 days')
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
  union all
  select 'message_changes', count(*), min(created_at) + changes_kept from message_changes
  where created_at < at - changes_kept - interval '1 hour'
$$;

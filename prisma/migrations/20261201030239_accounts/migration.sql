-- AlterTable
ALTER TABLE "users" ADD COLUMN     "email_verified_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "invitations" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "invited_by_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "invitations_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "one_time_tokens" (
    "id" UUID NOT NULL,
    "purpose" VARCHAR(40) NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "email" TEXT NOT NULL,
    "user_id" UUID,
    "tenant_id" UUID,
    "invitation_id" UUID,
    "is_mailed" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "one_time_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "invitations_tenant_id_invited_by_id_idx" ON "invitations"("tenant_id", "invited_by_id");

-- CreateIndex
CREATE INDEX "invitations_tenant_id_created_at_id_idx" ON "invitations"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "one_time_tokens_token_hash_key" ON "one_time_tokens"("token_hash");

-- CreateIndex
CREATE INDEX "one_time_tokens_user_id_idx" ON "one_time_tokens"("user_id");

-- CreateIndex
CREATE INDEX "one_time_tokens_tenant_id_invitation_id_idx" ON "one_time_tokens"("tenant_id", "invitation_id");

-- CreateIndex
CREATE INDEX "one_time_tokens_expires_at_idx" ON "one_time_tokens"("expires_at");

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_tenant_id_invited_by_id_fkey" FOREIGN KEY ("tenant_id", "invited_by_id") REFERENCES "memberships"("tenant_id", "user_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "one_time_tokens" ADD CONSTRAINT "one_time_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "one_time_tokens" ADD CONSTRAINT "one_time_tokens_tenant_id_invitation_id_fkey" FOREIGN KEY ("tenant_id", "invitation_id") REFERENCES "invitations"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Serves the search for the open invitation of an address, and keeps it the only one of its tenant.
CREATE UNIQUE INDEX "invitations_open_email_key" ON "invitations"(lower("email"), "tenant_id")
  WHERE "accepted_at" IS NULL AND "revoked_at" IS NULL;

-- Serves the replacement of earlier tokens of an address by a new one.
CREATE INDEX "one_time_tokens_email_idx" ON "one_time_tokens"(lower("email"), "purpose") WHERE "used_at" IS NULL;

-- An identity provider has verified the addresses that it wrote.
UPDATE "users" SET "email_verified_at" = "identity_synced_at" WHERE "identity_synced_at" IS NOT NULL AND "email" IS NOT NULL;

-- Also removes one-time tokens and invitations, 30 days after they expired.
create or replace function cleanup_expired_data(batch_size integer default 500, at timestamptz default now())
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
    select o.id from one_time_tokens o
    where o.expires_at < at - interval '30 days'
    limit batch_size
    for update skip locked
  ), gone as (
    delete from one_time_tokens o using due where o.id = due.id returning 1
  )
  select 'one_time_tokens', count(*) from gone;

  return query with due as (
    select i.tenant_id, i.id from invitations i
    where i.expires_at < at - interval '30 days'
    limit batch_size
    for update skip locked
  ), gone as (
    delete from invitations i using due where i.tenant_id = due.tenant_id and i.id = due.id returning 1
  )
  select 'invitations', count(*) from gone;
end
$$;

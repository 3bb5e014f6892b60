-- The tables, made from schema.prisma.

create type role as enum ('OWNER', 'ADMIN', 'MEMBER', 'GUEST');
create type visibility as enum ('PRIVATE', 'TENANT');
create type message_role as enum ('USER', 'ASSISTANT', 'SYSTEM', 'TOOL');
create type message_status as enum ('COMPLETE', 'STREAMING', 'FAILED');
create type difficulty as enum ('EASY', 'MEDIUM', 'HARD');
create type assignment_status as enum ('ASSIGNED', 'COMPLETED', 'SKIPPED');

-- One customer of the product: whatever belongs to it has the key (tenant_id, id).
create table tenants (
  id uuid not null,
  slug varchar(100) not null,
  name text not null,
  external_id text,
  settings jsonb not null default '{}',
  created_at timestamptz(3) not null default current_timestamp,
  constraint tenants_pkey primary key (id)
);
-- A tenant by the header x-tenant, and by its name in an import.
create unique index tenants_slug_key on tenants (slug);
-- A tenant by the identity provider's organisation.
create unique index tenants_external_id_key on tenants (external_id);

-- A person, who can be a member of several tenants.
create table users (
  id uuid not null,
  external_id text,
  email text,
  first_name text,
  last_name text,
  password_hash text,
  is_active boolean not null default true,
  is_platform_admin boolean not null default false,
  onboarding_completed boolean not null default false,
  profile jsonb not null default '{}',
  identity_updated_at timestamptz(3),
  identity_synced_at timestamptz(3),
  last_login_at timestamptz(3),
  created_at timestamptz(3) not null default current_timestamp,
  updated_at timestamptz(3) not null default current_timestamp,
  constraint users_pkey primary key (id)
);
-- A user by the identity provider's subject, and by the author's name in an import.
create unique index users_external_id_key on users (external_id);

-- A person's place in a tenant. What people do in a tenant refers to this and not to the person, so that nothing
-- can belong to somebody who was never a member.
create table memberships (
  tenant_id uuid not null,
  user_id uuid not null,
  role role not null default 'MEMBER',
  permissions jsonb not null default '[]',
  is_active boolean not null default true,
  joined_at timestamptz(3) not null default current_timestamp,
  created_at timestamptz(3) not null default current_timestamp,
  constraint memberships_pkey primary key (tenant_id, user_id),
  constraint memberships_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint memberships_user_id_fkey
    foreign key (user_id) references users (id) on delete cascade on update cascade
);
-- All memberships of one person, across tenants.
create index memberships_user_id_idx on memberships (user_id);
-- The members of a tenant, page by page.
create index memberships_tenant_id_joined_at_user_id_idx on memberships (tenant_id, joined_at, user_id);

-- A sign-in. The token is known to its holder only, what is kept is its SHA-256.
create table sessions (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  user_agent text,
  ip_address text,
  last_seen_at timestamptz(3) not null default current_timestamp,
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  created_at timestamptz(3) not null default current_timestamp,
  constraint sessions_pkey primary key (tenant_id, id),
  constraint sessions_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint sessions_tenant_id_user_id_fkey
    foreign key (tenant_id, user_id) references memberships (tenant_id, user_id) on delete cascade on update cascade
);
-- The session of the token that a request carries.
create unique index sessions_token_hash_key on sessions (token_hash);
-- A user's sessions, page by page.
create index sessions_tenant_id_user_id_created_at_id_idx on sessions (tenant_id, user_id, created_at, id);

-- A key for programs. What is kept is its SHA-256.
create table api_keys (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  name text not null,
  prefix text not null,
  key_hash bytea not null,
  scopes text[],
  last_used_at timestamptz(3),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_at timestamptz(3) not null default current_timestamp,
  constraint api_keys_pkey primary key (tenant_id, id),
  constraint api_keys_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint api_keys_tenant_id_user_id_fkey
    foreign key (tenant_id, user_id) references memberships (tenant_id, user_id) on delete cascade on update cascade
);
-- A key exists once.
create unique index api_keys_key_hash_key on api_keys (key_hash);
-- A user's keys, page by page.
create index api_keys_tenant_id_user_id_created_at_id_idx on api_keys (tenant_id, user_id, created_at, id);

-- The language models that can answer.
create table models (
  slug varchar(100) not null,
  name text not null,
  provider text not null,
  context_window integer not null,
  max_output_tokens integer,
  input_price_per_million double precision,
  output_price_per_million double precision,
  is_enabled boolean not null default true,
  is_mock boolean not null default false,
  created_at timestamptz(3) not null default current_timestamp,
  constraint models_pkey primary key (slug)
);

create table conversations (
  tenant_id uuid not null,
  id uuid not null,
  owner_id uuid,
  title varchar(500) not null,
  visibility visibility not null default 'PRIVATE',
  model_slug text,
  external_id text,
  message_count integer not null default 0,
  last_position integer not null default 0,
  last_message_at timestamptz(3),
  created_at timestamptz(3) not null default current_timestamp,
  updated_at timestamptz(3) not null default current_timestamp,
  archived_at timestamptz(3),
  constraint conversations_pkey primary key (tenant_id, id),
  constraint conversations_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint conversations_tenant_id_owner_id_fkey
    foreign key (tenant_id, owner_id) references memberships (tenant_id, user_id) on delete restrict on update cascade,
  constraint conversations_model_slug_fkey
    foreign key (model_slug) references models (slug) on delete restrict on update cascade
);
-- Conversations by their last change, page by page.
create index conversations_tenant_id_updated_at_id_idx on conversations (tenant_id, updated_at, id);
-- The conversations of one owner, page by page.
create index conversations_tenant_id_owner_id_updated_at_id_idx on conversations (tenant_id, owner_id, updated_at, id);
-- Conversations by their beginning, page by page.
create index conversations_tenant_id_created_at_id_idx on conversations (tenant_id, created_at, id);
-- Conversations by title, page by page.
create index conversations_tenant_id_title_id_idx on conversations (tenant_id, title, id);
-- The conversation that an import has met before.
create unique index conversations_tenant_id_external_id_key on conversations (tenant_id, external_id);

-- Who takes part in a conversation.
create table participants (
  tenant_id uuid not null,
  conversation_id uuid not null,
  user_id uuid not null,
  joined_at timestamptz(3) not null default current_timestamp,
  last_read_at timestamptz(3),
  created_at timestamptz(3) not null default current_timestamp,
  constraint participants_pkey primary key (tenant_id, conversation_id, user_id),
  constraint participants_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint participants_tenant_id_conversation_id_fkey
    foreign key (tenant_id, conversation_id) references conversations (tenant_id, id) on delete cascade on update cascade,
  constraint participants_tenant_id_user_id_fkey
    foreign key (tenant_id, user_id) references memberships (tenant_id, user_id) on delete restrict on update cascade
);
-- Whether the viewer takes part, and in which conversations.
create index participants_tenant_id_user_id_conversation_id_idx on participants (tenant_id, user_id, conversation_id);
-- The participants of a conversation, page by page.
create index participants_tenant_id_conversation_id_joined_at_user_id_idx
  on participants (tenant_id, conversation_id, joined_at, user_id);

-- The position is the place in the conversation, given under the lock of the conversation's row, because clocks tie and run
-- backwards.
create table messages (
  tenant_id uuid not null,
  conversation_id uuid not null,
  id uuid not null,
  position integer not null,
  author_id uuid,
  role message_role not null default 'USER',
  status message_status not null default 'COMPLETE',
  content text not null,
  model_slug text,
  token_count integer,
  metadata jsonb not null default '{}',
  created_at timestamptz(3) not null default current_timestamp,
  edited_at timestamptz(3),
  constraint messages_pkey primary key (tenant_id, id),
  constraint messages_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint messages_tenant_id_conversation_id_fkey
    foreign key (tenant_id, conversation_id) references conversations (tenant_id, id) on delete cascade on update cascade,
  constraint messages_tenant_id_author_id_fkey
    foreign key (tenant_id, author_id) references memberships (tenant_id, user_id) on delete restrict on update cascade,
  constraint messages_model_slug_fkey
    foreign key (model_slug) references models (slug) on delete restrict on update cascade
);
-- The messages of one author, page by page.
create index messages_tenant_id_author_id_created_at_id_idx on messages (tenant_id, author_id, created_at, id);
-- The messages of a conversation, page by page, and the last one.
create unique index messages_tenant_id_conversation_id_position_key on messages (tenant_id, conversation_id, position);

-- What a repeated request is answered with instead of being run again.
create table idempotency_keys (
  tenant_id uuid not null,
  user_id uuid not null,
  key varchar(200) not null,
  request_hash bytea not null,
  response jsonb,
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default current_timestamp,
  constraint idempotency_keys_pkey primary key (tenant_id, user_id, key),
  constraint idempotency_keys_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint idempotency_keys_tenant_id_user_id_fkey
    foreign key (tenant_id, user_id) references memberships (tenant_id, user_id) on delete cascade on update cascade
);
-- The keys that can be removed.
create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);

-- One row, whose id is 1.
create table app_settings (
  id smallint not null default 1,
  anonymous_mock_mode boolean not null default false,
  default_model_slug text,
  max_message_length integer not null default 8000,
  sign_up_enabled boolean not null default false,
  created_at timestamptz(3) not null default current_timestamp,
  updated_at timestamptz(3) not null default current_timestamp,
  constraint app_settings_pkey primary key (id),
  constraint app_settings_default_model_slug_fkey
    foreign key (default_model_slug) references models (slug) on delete restrict on update cascade
);

create table exercises (
  id uuid not null,
  title text not null,
  topic text not null,
  difficulty difficulty not null,
  prompt text not null,
  created_at timestamptz(3) not null default current_timestamp,
  constraint exercises_pkey primary key (id)
);
-- The exercises of one difficulty, page by page.
create index exercises_difficulty_created_at_id_idx on exercises (difficulty, created_at, id);

create table assignments (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  exercise_id uuid not null,
  status assignment_status not null default 'ASSIGNED',
  submission text,
  score double precision,
  assigned_at timestamptz(3) not null default current_timestamp,
  finished_at timestamptz(3),
  created_at timestamptz(3) not null default current_timestamp,
  constraint assignments_pkey primary key (tenant_id, id),
  constraint assignments_tenant_id_fkey
    foreign key (tenant_id) references tenants (id) on delete cascade on update cascade,
  constraint assignments_tenant_id_user_id_fkey
    foreign key (tenant_id, user_id) references memberships (tenant_id, user_id) on delete cascade on update cascade,
  constraint assignments_exercise_id_fkey
    foreign key (exercise_id) references exercises (id) on delete restrict on update cascade
);
-- A user's assignments in one state, page by page.
create index assignments_tenant_id_user_id_status_assigned_at_id_idx
  on assignments (tenant_id, user_id, status, assigned_at, id);
-- Whether an exercise is assigned to anybody, when it is to be removed.
create index assignments_exercise_id_idx on assignments (exercise_id);

-- Who did which admin mutation to what, when, with which result. It refers to nothing, because it outlives what it
-- tells of.
create table audit_log (
  id uuid not null,
  tenant_id uuid,
  actor_id uuid,
  action text not null,
  target text,
  result text not null,
  details jsonb not null default '{}',
  created_at timestamptz(3) not null default current_timestamp,
  constraint audit_log_pkey primary key (id)
);
-- The latest entries of a tenant.
create index audit_log_tenant_id_created_at_id_idx on audit_log (tenant_id, created_at, id);

-- What PostGraphile needs in the database, by its own recommendations: computed columns and a custom mutation are functions. They
-- are made in the copy of the database that a benchmark works on.

create function users_display_name(person users) returns text stable language sql as
  $$ select concat_ws(' ', nullif(person.first_name, ''), nullif(person.last_name, '')) $$;

create function conversations_last_message(conversation conversations) returns messages stable language sql as
  $$ select m from messages m where m.tenant_id = conversation.tenant_id and m.conversation_id = conversation.id
     order by m.position desc limit 1 $$;

create function post_message(tenant_id uuid, author_id uuid, conversation_id uuid, content text) returns messages
  volatile language sql as
  $$ with grown as (
       update conversations c set message_count = message_count + 1, last_position = last_position + 1,
         last_message_at = now(), updated_at = greatest(updated_at, now())
       where c.tenant_id = $1 and c.id = $3 and archived_at is null returning last_position
     )
     insert into messages (tenant_id, conversation_id, id, position, author_id, content)
     select $1, $3, gen_random_uuid(), grown.last_position, $2, $4 from grown returning messages $$;

comment on table messages is E'@foreignKey (author_id) references users (id)|@fieldName author|@foreignFieldName messages';
comment on constraint messages_tenant_id_conversation_id_fkey on messages is
  E'@fieldName conversation\n@foreignFieldName messages';
comment on constraint app_settings_default_model_slug_fkey on app_settings is E'@fieldName defaultModel';

-- What has no index can only be filtered and ordered by where that is said.
comment on column models.is_enabled is E'@behavior +attribute:filterBy';
comment on column models.name is E'@behavior +attribute:orderBy';

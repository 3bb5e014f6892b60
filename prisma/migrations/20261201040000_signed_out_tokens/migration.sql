-- Tokens of an identity provider cannot be revoked one by one: a sign-out rejects all of the person's tokens until then.
alter table users add column tokens_not_before timestamptz(3);

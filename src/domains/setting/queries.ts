import sql from 'sql-template-tag';
import type { Database } from '../../platform/postgres/database.ts';
import { insertAudit, type AuditEntry } from '../audit/model.ts';
import type { Settings } from './model.ts';

/** Changes; undefined leaves a value unchanged. */
export type SettingsChanges = {
  readonly [Key in keyof Omit<Settings, 'updatedAt'>]: Settings[Key] | undefined;
};

/** The database queries of settings. */
export type SettingQueries = ReturnType<typeof createSettingQueries>;

/** Creates the database queries of the settings, which are one row and belong to no tenant. */
export function createSettingQueries(db: Database) {
  return {
    async find(): Promise<Settings | null> {
      const [settings] = await db.query<Settings>(sql`select anonymous_mock_mode as "anonymousMockMode",
          default_model_slug as "defaultModelSlug", max_message_length as "maxMessageLength",
          sign_up_enabled as "signUpEnabled", updated_at as "updatedAt"
        from app_settings where id = 1`);
      return settings ?? null;
    },

    async update(changes: SettingsChanges, entry: AuditEntry): Promise<void> {
      const { defaultModelSlug } = changes;
      await db.query(sql`with changed as (update app_settings set
          anonymous_mock_mode = coalesce(${changes.anonymousMockMode ?? null}, anonymous_mock_mode),
          default_model_slug = ${defaultModelSlug === undefined ? sql`default_model_slug` : sql`${defaultModelSlug}`},
          max_message_length = coalesce(${changes.maxMessageLength ?? null}, max_message_length),
          sign_up_enabled = coalesce(${changes.signUpEnabled ?? null}, sign_up_enabled),
          updated_at = ${entry.createdAt}
        where id = 1 returning id)
        ${insertAudit(entry, sql`changed`)}`);
    },
  };
}

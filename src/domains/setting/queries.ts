import sql from 'sql-template-tag';
import type { Database } from '../../platform/database/database.ts';
import type { Settings } from './model.ts';

/** Absent keys stay as they are. */
export type SettingsChanges = { readonly [Key in keyof Omit<Settings, 'updatedAt'>]?: Settings[Key] };

export type SettingQueries = ReturnType<typeof createSettingQueries>;

/** The settings belong to no tenant; they are one row. */
export function createSettingQueries(db: Database) {
  return {
    async find(): Promise<Settings | null> {
      const [settings] = await db.query<Settings>(sql`select anonymous_mock_mode as "anonymousMockMode",
          default_model_slug as "defaultModelSlug", max_message_length as "maxMessageLength",
          sign_up_enabled as "signUpEnabled", updated_at as "updatedAt"
        from app_settings where id = 1`);
      return settings ?? null;
    },

    async update(changes: SettingsChanges, now: Date): Promise<void> {
      await db.prisma.appSettings.update({ where: { id: 1 }, data: { ...changes, updatedAt: now } });
    },
  };
}

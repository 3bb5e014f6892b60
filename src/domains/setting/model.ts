/** The public ID of the settings, of which there is one row. */
export const settingsId = 'settings_app';

/** The settings of the whole product. */
export interface Settings {
  readonly anonymousMockMode: boolean;
  readonly defaultModelSlug: string | null;
  readonly maxMessageLength: number;
  readonly signUpEnabled: boolean;
  readonly updatedAt: Date;
}

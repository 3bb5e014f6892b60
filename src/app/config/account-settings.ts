import { z } from 'zod';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** The variables of accounts and mail. */
export const accountVariables = {
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).max(320).optional(),
  MAIL_TEMPLATES: z.string().min(1).optional(),
  APP_URL: z.url({ protocol: /^https?$/ }).optional(),
  SIGN_UP_TENANTS: flag.default(false),
} as const;

type Variables = z.output<z.ZodObject<typeof accountVariables>>;

/** Accounts and mail, as they are set from outside. */
export interface AccountConfig {
  /** Null: no mail is sent. */
  readonly smtp: { readonly url: string; readonly from: string } | null;
  /** The folder with templates that replace those of Parley; null for none. */
  readonly templatesFolder: string | null;
  /** The address of the product, for links in mail; null: mail contains tokens alone. */
  readonly appUrl: string | null;
  /** True if people may sign up with tenants of their own. */
  readonly isOwnTenantAllowed: boolean;
}

/** Reads the settings of accounts and mail from the variables. */
export function accountFrom(values: Variables): AccountConfig {
  const { SMTP_URL: url, MAIL_FROM: from } = values;
  return Object.freeze({
    smtp: url === undefined || from === undefined ? null : Object.freeze({ url, from }),
    templatesFolder: values.MAIL_TEMPLATES ?? null,
    appUrl: values.APP_URL?.replace(/\/+$/, '') ?? null,
    isOwnTenantAllowed: values.SIGN_UP_TENANTS,
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mailKinds, type MailKind, type MailValues } from '../../domains/account/mail.ts';

/** A mail without its addresses. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** The texts of Parley. A product replaces each by a file of the same name, such as `invitation.txt`. */
const defaults: Readonly<Record<MailKind, string>> = {
  invitation: `Subject: Invitation to {{tenant}}

You are invited to join {{tenant}}. To accept, within 7 days:

{{link}}

If you do not know {{tenant}}, ignore this email.
`,
  'password-reset': `Subject: Choose a new password

To choose a new password, within an hour:

{{link}}

If you did not request this, ignore this email; your password stays as it is.
`,
  'sign-up': `Subject: Confirm your email address

To create your account, within 24 hours:

{{link}}

If you did not request this, ignore this email.
`,
  'existing-account': `Subject: You have an account already

Someone tried to sign up with this email address, which has an account already. Sign in, or reset your password:

{{app}}

If that was not you, ignore this email.
`,
  'email-verification': `Subject: Confirm your email address

To confirm this email address, within 24 hours:

{{link}}

If you did not request this, ignore this email.
`,
};

/**
 * The paths of the product's pages, below its address. The token follows as a fragment, which no server
 * logs.
 */
const paths: Readonly<Record<MailKind, string>> = {
  invitation: 'accept-invitation',
  'password-reset': 'reset-password',
  'sign-up': 'sign-up',
  'existing-account': '',
  'email-verification': 'verify-email',
};

/**
 * Reads the templates of a folder, with Parley's own for those that are missing.
 * @throws Error for a template that does not begin with `Subject:` and an empty line
 */
export function readTemplates(folder: string | null): (kind: MailKind) => MailText {
  const templates = new Map(mailKinds.map((kind) => [kind, parseTemplate(kind, textOf(folder, kind))]));
  return (kind) => {
    const template = templates.get(kind);
    if (template === undefined) throw new Error(`There is no template ${kind}.`);
    return template;
  };
}

/** Fills in a template. A value in the subject has no line breaks, which would add headers. */
export function fillIn(
  template: MailText,
  kind: MailKind,
  values: MailValues,
  appUrl: string | null,
): MailText {
  const link = linkOf(kind, values, appUrl);
  const all: Readonly<Record<string, string>> = {
    app: appUrl ?? '',
    link,
    tenant: values.tenant ?? '',
    token: values.token ?? '',
  };
  const fill = (text: string) => text.replaceAll(/\{\{(\w+)\}\}/g, (_found, name: string) => all[name] ?? '');
  return { subject: fill(template.subject).replaceAll(/\s+/g, ' ').trim(), text: fill(template.text) };
}

function linkOf(kind: MailKind, { token }: MailValues, appUrl: string | null): string {
  if (token === undefined) return appUrl ?? '';
  return appUrl === null ? token : `${appUrl}/${paths[kind]}#token=${token}`;
}

function textOf(folder: string | null, kind: MailKind): string {
  if (folder === null) return defaults[kind];
  try {
    return readFileSync(join(folder, `${kind}.txt`), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return defaults[kind];
    throw error;
  }
}

function parseTemplate(kind: MailKind, content: string): MailText {
  const [, subject, text] = /^Subject:([^\r\n]+)\r?\n\r?\n([\s\S]+)$/.exec(content) ?? [];
  if (subject === undefined || text === undefined) {
    throw new Error(`The mail template ${kind}.txt must begin with "Subject: …" and an empty line.`);
  }
  return { subject: subject.trim(), text };
}

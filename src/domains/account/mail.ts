/** The kinds of mail, each with a template. */
export const mailKinds = [
  'invitation',
  'password-reset',
  'sign-up',
  'existing-account',
  'email-verification',
] as const;

/** A kind of mail. */
export type MailKind = (typeof mailKinds)[number];

/** The values that a template can contain. */
export interface MailValues {
  readonly token?: string;
  readonly tenant?: string;
}

/** Sends mail to the addresses of accounts. */
export interface Mail {
  /** False if no SMTP server is configured: nothing is sent. */
  readonly isEnabled: boolean;
  /**
   * Does work that ends with sending mail after the response to the present request, so that the response
   * does not depend on the work.
   */
  later(work: () => Promise<void>): void;
  send(kind: MailKind, to: string, values: MailValues): Promise<void>;
}

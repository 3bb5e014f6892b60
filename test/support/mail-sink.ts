import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail as the SMTP server received it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** An SMTP server on this machine, which keeps what it receives. */
export interface MailSink {
  /** The settings of a server that sends mail here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly mails: ReceivedMail[];
  close(): Promise<void>;
}

export async function startMailSink(): Promise<MailSink> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      void text(stream).then((source) => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), ...partsOf(source) });
        done();
      }, done);
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    environment: {
      SMTP_URL: `smtp://127.0.0.1:${portOf(server.server.address())}`,
      MAIL_FROM: 'Parley <parley@example.org>',
      APP_URL: 'https://chat.example.org/',
    },
    mails,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The one-time token in a mail. */
export function tokenIn({ text: content }: Pick<ReceivedMail, 'text'>): string {
  const [token] = /parley_once_[\w-]{43}/.exec(content) ?? [];
  if (token === undefined) throw new Error(`The mail has no token: ${content}`);
  return token;
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('The SMTP server has no port.');
  return address.port;
}

function partsOf(source: string): { subject: string; text: string } {
  const end = source.indexOf('\r\n\r\n');
  const head = source.slice(0, end).replaceAll(/\r\n\s+/g, ' ');
  const [, subject = ''] = /^Subject: (.*)$/im.exec(head) ?? [];
  const isQuoted = /^Content-Transfer-Encoding: quoted-printable/im.test(head);
  const body = source.slice(end + 4).replaceAll('\r\n', '\n');
  return { subject, text: isQuoted ? body.replaceAll(/=\n/g, '').replaceAll('=3D', '=') : body };
}

import { createTransport } from 'nodemailer';
import type { Mail } from '../../domains/account/mail.ts';
import { Semaphore } from '../../platform/runtime/semaphore.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { AccountConfig } from '../config/account-settings.ts';
import { fillIn, readTemplates } from './templates.ts';

/** The time between a response and the work for its mail, so that the work cannot delay the response. */
const delayMs = 50;

/** The mailer of a process. */
export interface Mailer extends Mail {
  /** Resolves when no work is left. */
  idle(): Promise<void>;
}

/**
 * Creates the mailer, which without an SMTP server does no work at all.
 * @throws Error for a template that cannot be used
 */
export function createMailer({ smtp, templatesFolder, appUrl }: AccountConfig, logger: Logger): Mailer {
  const templateOf = readTemplates(templatesFolder);
  const transport = smtp === null ? null : createTransport(smtp.url, { from: smtp.from });
  const semaphore = new Semaphore({ concurrencyMax: 4, queueMax: 1000 });
  const running = new Set<Promise<void>>();

  return {
    isEnabled: transport !== null,

    later(work) {
      if (transport === null) return;
      const done = afterDelay()
        .then(() => semaphore.run(work))
        .catch((error: unknown) => logger.error({ err: error }, 'mail could not be sent'))
        .finally(() => running.delete(done));
      running.add(done);
    },

    async send(kind, to, values) {
      await transport?.sendMail({
        to: { name: '', address: to },
        ...fillIn(templateOf(kind), kind, values, appUrl),
      });
    },

    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

async function afterDelay(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
}

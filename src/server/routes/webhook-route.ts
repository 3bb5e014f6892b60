import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bodySizeMax } from '../errors/http-errors.ts';

/** The signed headers of a webhook, by the names of Svix or of Standard Webhooks. */
interface WebhookHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  /** The signatures, separated by spaces: while a secret is being replaced, both secrets sign. */
  readonly signature: string | undefined;
}

/** Checks and applies an event of an identity provider; returns false for an event without effect here. */
export type ReceiveWebhook = (headers: WebhookHeaders, body: Buffer) => Promise<boolean>;

/**
 * Registers `POST /webhooks/identity`: 200 once an event is applied everywhere, also for an event without
 * effect; 401 for a wrong signature and 400 for a wrong body. A provider sends again what was not answered
 * with 200.
 */
export async function registerIdentityWebhook(
  server: FastifyInstance,
  receive: ReceiveWebhook,
): Promise<void> {
  await server.register(async (scope) => {
    // The signature covers the bytes, regardless of their content type.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodySizeMax }, (_request, body, done) => {
      done(null, body);
    });
    scope.post('/webhooks/identity', async (request, reply) => {
      const isApplied = await receive(
        signatureOf(request),
        Buffer.isBuffer(request.body) ? request.body : empty,
      );
      return reply.header('cache-control', 'no-store').send({ status: isApplied ? 'applied' : 'ignored' });
    });
  });
}

const empty = Buffer.alloc(0);

function signatureOf({ headers }: FastifyRequest): WebhookHeaders {
  const header = (name: string): string | undefined => {
    const value = headers[`svix-${name}`] ?? headers[`webhook-${name}`];
    return typeof value === 'string' ? value : undefined;
  };
  return { id: header('id'), timestamp: header('timestamp'), signature: header('signature') };
}

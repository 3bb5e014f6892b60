import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { z } from 'zod';
import { fromPublicId } from '../../src/platform/ids.ts';
import type { Inhabitant } from './population.ts';
import { sendOperation } from './send.ts';

/** A message whose storage was acknowledged to a client. */
interface Acknowledged {
  readonly content: string;
  readonly id: string;
}

/** The outcome of all sent messages. */
export interface WritingReport {
  readonly acknowledged: number;
  /** The number of retries. */
  readonly retries: number;
  /** Sendings to which no answer came, because the connection broke or could not be made. */
  readonly unanswered: number;
  /** The error codes that clients received. */
  readonly codes: ReadonlySet<string>;
  /** The longest time to a response of any kind, in milliseconds. */
  readonly longestAnswerMs: number;
  /** Responses that no client may get during any failure. */
  readonly wrongAnswers: readonly string[];
  /** Acknowledged, and not there, or there with other words. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly doubled: readonly string[];
  /** Conversations whose count or positions do not fit their messages. */
  readonly miscounted: readonly string[];
  /** The longest that a client waited for an acknowledgement, in milliseconds. */
  readonly longestMs: number;
}

const answerSchema = z.object({
  data: z
    .object({
      sendMessage: z.object({
        message: z.object({ id: z.string(), content: z.string() }).nullable(),
        userErrors: z.array(z.unknown()),
      }),
    })
    .nullish(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).optional(),
});

/** The codes that a client may get during a failure, after which it should retry. */
const passingCodes: ReadonlySet<string> = new Set(['UNAVAILABLE', 'TIMEOUT']);

const sendMessage = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  message { id content } userErrors { code message } } }`;

/**
 * Clients that write one message after another, each in a conversation of its own, and repeat a message with
 * the same idempotency key until they are told that it is kept. `originOf` says where the server is at that
 * moment.
 */
export class WritingClients {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #acknowledged: Acknowledged[] = [];
  readonly #wrongAnswers: string[] = [];
  readonly #originOf: () => string;
  readonly #work: Promise<unknown>;
  readonly #codes = new Set<string>();
  #retries = 0;
  #unanswered = 0;
  #longestAnswerMs = 0;
  #longestMs = 0;
  #isStopping = false;

  constructor(people: readonly Inhabitant[], originOf: () => string) {
    this.#originOf = originOf;
    this.#work = Promise.all(people.map((person) => this.#write(person)));
  }

  /** Resolves after a number of further acknowledgements. @throws Error when that takes over a minute */
  async acknowledgedMore(count: number): Promise<void> {
    const end = this.#acknowledged.length + count;
    const deadline = performance.now() + 60_000;
    while (this.#acknowledged.length < end) {
      if (performance.now() > deadline) throw new Error('For a minute hardly anything was acknowledged.');
      await wait(10);
    }
  }

  /** Lets each client finish its last message, and compares the acknowledgements with the tables. */
  async stop(databaseUrl: string): Promise<WritingReport> {
    this.#isStopping = true;
    await this.#work;
    this.#agent.destroy();
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ id: string; content: string }>(
        'select id, content from messages',
      );
      const { rows: miscounted } = await client.query<{ id: string }>(miscountedConversations);
      return {
        acknowledged: this.#acknowledged.length,
        retries: this.#retries,
        unanswered: this.#unanswered,
        codes: this.#codes,
        longestAnswerMs: this.#longestAnswerMs,
        wrongAnswers: this.#wrongAnswers,
        lost: lostOf(this.#acknowledged, rows),
        doubled: doubledOf(rows.map(({ content }) => content)),
        miscounted: miscounted.map(({ id }) => id),
        longestMs: this.#longestMs,
      };
    } finally {
      await client.end();
    }
  }

  async #write(person: Inhabitant): Promise<void> {
    for (let number = 1; !this.#isStopping; number += 1) {
      const startedAt = performance.now();
      await this.#sendUntilKept(person, `${person.userId} says ${number}`);
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startedAt);
    }
  }

  async #sendUntilKept(person: Inhabitant, content: string): Promise<void> {
    for (;;) {
      const id = await this.#send(person, content);
      if (id !== null) {
        this.#acknowledged.push({ content, id });
        return;
      }
      this.#retries += 1;
      await wait(50);
    }
  }

  /** The id of the message; null when the client can't know whether it is kept. */
  async #send({ token, conversationId }: Inhabitant, content: string): Promise<string | null> {
    const variables = { input: { conversationId, content, idempotencyKey: content } };
    const operation = { token, query: sendMessage, variables };
    const startedAt = performance.now();
    const received = await sendOperation(this.#agent, this.#originOf(), operation).catch(() => null);
    // The connection broke, or no server accepts connections.
    if (received === null) {
      this.#unanswered += 1;
      return null;
    }
    this.#longestAnswerMs = Math.max(this.#longestAnswerMs, performance.now() - startedAt);
    const { data, errors = [] } = answerSchema.parse(JSON.parse(received.text));
    const message = data?.sendMessage.message ?? null;
    if (message?.content === content) return message.id;
    for (const { extensions } of errors) this.#codes.add(extensions.code);
    const isPassing =
      errors.length > 0 && errors.every(({ extensions }) => passingCodes.has(extensions.code));
    if (!isPassing) this.#wrongAnswers.push(`${received.status}: ${received.text}`);
    return null;
  }
}

const miscountedConversations = `select c.id from conversations c
  left join messages m on m.tenant_id = c.tenant_id and m.conversation_id = c.id
  group by c.tenant_id, c.id
  having c.message_count <> count(m.id) or c.last_position <> count(m.id)
    or max(m.position) <> count(m.id)`;

function lostOf(
  acknowledged: readonly Acknowledged[],
  rows: readonly { readonly id: string; readonly content: string }[],
): string[] {
  const contentById = new Map(rows.map(({ id, content }) => [id, content]));
  return acknowledged
    .filter(({ id, content }) => contentById.get(fromPublicId('msg', id) ?? '') !== content)
    .map(({ content }) => content);
}

function doubledOf(contents: readonly string[]): string[] {
  const seen = new Set<string>();
  return contents.filter((content) => seen.size === seen.add(content).size);
}

import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { LoggedEvent } from './event-log.ts';

const query = /* GraphQL */ `
  subscription ($conversationId: ID!, $after: String) {
    messageEvents(conversationId: $conversationId, after: $after) {
      kind
      cursor
      messageId
      message {
        content
      }
    }
  }
`;

interface ClientOptions {
  readonly transport: 'websocket' | 'sse';
  /** The servers that are running. */
  readonly origins: () => readonly string[];
  readonly token: string;
  readonly conversationId: string;
}

/** A client that subscribes again at another server after every end, with the cursor of its last event. */
export class ResumingClient {
  /** The contents of the messages by ID, as the events tell. */
  readonly contents: Map<string, string>;
  /** The events that came twice, by kind, message and cursor. */
  readonly repeated: string[] = [];
  connections = 0;
  readonly #options: ClientOptions;
  readonly #seen = new Set<string>();
  #cursor: string;
  #isStopped = false;
  #end: (() => void) | null = null;

  constructor(
    start: { readonly cursor: string; readonly contents: ReadonlyMap<string, string> },
    options: ClientOptions,
  ) {
    this.#cursor = start.cursor;
    this.contents = new Map(start.contents);
    this.#options = options;
    void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#end?.();
  }

  async #run(): Promise<void> {
    for (let turn = this.#options.token.length; !this.#isStopped; turn += 1) {
      const origins = this.#options.origins();
      await this.#subscribe(origins[turn % origins.length] ?? '');
      await delay(20);
    }
  }

  /** Resolves at the end of the subscription, whatever ends it. */
  #subscribe(origin: string): Promise<void> {
    const { conversationId, token, transport } = this.#options;
    const credential = { authorization: `Bearer ${token}` };
    const client =
      transport === 'sse'
        ? createSseClient({ url: `${origin}/graphql`, headers: credential, retryAttempts: 0 })
        : createWsClient({
            url: `${origin.replace('http', 'ws')}/graphql`,
            webSocketImpl: WebSocket,
            connectionParams: credential,
            retryAttempts: 0,
          });
    this.connections += 1;
    return new Promise((resolve) => {
      const end = () => {
        void client.dispose();
        resolve();
      };
      this.#end = end;
      client.subscribe<{ messageEvents: LoggedEvent }>(
        { query, variables: { conversationId, after: this.#cursor } },
        { next: ({ data }) => this.#apply(data?.messageEvents), error: end, complete: end },
      );
    });
  }

  #apply(event: LoggedEvent | undefined): void {
    if (event === undefined || this.#isStopped) return;
    const { cursor, kind, message, messageId } = event;
    this.#cursor = cursor;
    if (messageId === null) return;
    const key = `${kind} ${messageId} ${cursor}`;
    if (this.#seen.has(key)) this.repeated.push(key);
    this.#seen.add(key);
    if (message === null) this.contents.delete(messageId);
    else this.contents.set(messageId, message.content);
  }
}

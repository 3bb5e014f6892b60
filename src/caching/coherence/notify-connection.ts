import { Socket } from 'node:net';
import { Client } from 'pg';
import { noId } from '../../platform/ids.ts';
import { channelOf, commonChannel, parseMessage } from './coherence-message.ts';
import type { CoherenceMessage, Notification } from './coherence-message.ts';

/** How to reach the database, and who does. */
export interface NotifyConnectionOptions {
  readonly url: string;
  readonly processId: string;
  /** How long the others wait for this process, from each time it speaks. */
  readonly leaseMs: number;
  /** Called in the order of the commits. */
  readonly onMessage: (message: CoherenceMessage) => void;
}

/** What is known after having spoken. */
export interface SendResult {
  readonly epoch: number;
  /** The other processes that may answer from their caches, and for how long at most. */
  readonly peers: readonly { readonly id: string; readonly remainingMs: number }[];
}

const answerMs = 1000;
const deadForMs = 60_000;
/** In leases: PostgreSQL hangs up on who has taken in nothing for so long. */
const frozenLeases = 5;

/**
 * A connection of its own, on which PostgreSQL tells what was committed. It is used up by its first failure: whoever needs
 * another makes another, because what was said in between is lost.
 */
export class NotifyConnection {
  /** Resolves with the reason when the connection is gone, however it went. */
  readonly lost: Promise<Error>;
  readonly #options: NotifyConnectionOptions;
  readonly #socket = new Socket();
  readonly #client: Client;
  readonly #lose: (reason: Error) => void;
  /** PostgreSQL hears one statement at a time, and the client does not like to queue them. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: NotifyConnectionOptions) {
    this.#options = options;
    let lose: (reason: Error) => void = () => {};
    this.lost = new Promise((resolve) => (lose = resolve));
    this.#lose = lose;
    this.#client = new Client({
      connectionString: options.url,
      application_name: 'parley coherence',
      // A socket that we hold can be destroyed: an orderly end would wait for a server that is frozen.
      stream: () => this.#socket,
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: answerMs,
    });
    this.#client.on('error', (error) => this.fail(error));
    this.#client.on('end', () => this.fail(new Error('The connection was closed.')));
    this.#client.on('notification', ({ payload = '' }) => options.onMessage(parseMessage(payload)));
  }

  /**
   * Connects and listens: what is committed from now on is heard.
   * @throws Error when the database is away, or what stands in between does not pass notifications on
   */
  async open(): Promise<void> {
    const { processId, leaseMs } = this.#options;
    await this.#client.connect();
    // Nothing that is written here must survive a crash, and nobody should wait for the disk.
    // And a process that takes nothing in any more must not hold up the queue of notifications, which all writers share.
    await this.#ask(`set synchronous_commit = off; set statement_timeout = ${answerMs};
      set tcp_user_timeout = ${frozenLeases * leaseMs};
      listen "${commonChannel}"; listen "${channelOf(processId)}"`);
    await this.#ask(
      `insert into cache_processes (id, lease_expires_at)
       values ($1, clock_timestamp() + $2 * interval '1 ms') on conflict do nothing`,
      [noId, leaseMs],
    );
    await this.#ask(
      `delete from cache_processes where id in (
         select id from cache_processes where id <> $1 and lease_expires_at < clock_timestamp() - $2 * interval '1 ms'
         for update skip locked)`,
      [noId, deadForMs],
    );
  }

  /** In one transaction: sends the messages, renews the row by which others know of this process, and reads theirs. */
  async send(notifications: readonly Notification[]): Promise<SendResult> {
    const { processId, leaseMs } = this.#options;
    const rows = await this.#ask<{ epoch: number; id: string | null; remainingMs: number | null }>(
      `with alive as (
         insert into cache_processes (id, lease_expires_at) values ($1, clock_timestamp() + $2 * interval '1 ms')
         on conflict (id) do update set lease_expires_at = excluded.lease_expires_at
       ), said as (
         select count(pg_notify(channel, payload)) as count from unnest($3::text[], $4::text[]) as said(channel, payload)
       )
       select said.count, e.epoch, p.id, (extract(epoch from p.lease_expires_at - clock_timestamp()) * 1000)::float8 as "remainingMs"
       from said cross join cache_epoch e
       left join cache_processes p on p.id <> $1 and p.lease_expires_at > clock_timestamp()`,
      [
        processId,
        leaseMs,
        notifications.map(({ channel }) => channel),
        notifications.map(({ message }) => JSON.stringify(message)),
      ],
    );
    const [first] = rows;
    if (first === undefined) throw new Error('The table cache_epoch has lost its row.');
    const peers = rows.flatMap(({ id, remainingMs }) =>
      id === null || remainingMs === null ? [] : [{ id, remainingMs }],
    );
    return { epoch: first.epoch, peers };
  }

  /** Ends everything in every shared store; all processes hear of it. */
  async raiseEpoch(): Promise<number> {
    const [raised] = await this.#ask<{ epoch: number }>(
      `with raised as (update cache_epoch set epoch = epoch + 1 returning epoch)
       select epoch, pg_notify($1, json_build_object('epoch', epoch)::text) from raised`,
      [commonChannel],
    );
    if (raised === undefined) throw new Error('The table cache_epoch has lost its row.');
    return raised.epoch;
  }

  /** Says to the others that nobody need wait for this process any more, and hangs up. */
  async leave(): Promise<void> {
    const { processId } = this.#options;
    await this.#ask(
      `with gone as (delete from cache_processes where id = $1 returning id)
       select pg_notify($2, json_build_object('left', id)::text) from gone`,
      [processId, commonChannel],
    );
    await Promise.race([this.#client.end(), this.lost]);
  }

  /** Hangs up at once. */
  fail(reason: Error): void {
    this.#lose(reason);
    this.#socket.destroy();
  }

  async #ask<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const before = this.#turn;
    const answer = (async () => {
      await before;
      const { rows } = await this.#client.query<Row>(text, [...values]);
      return rows;
    })();
    // Who comes next waits for this one's end, good or bad; its failure is told to whoever asked.
    this.#turn = answer.then(
      () => null,
      () => null,
    );
    return await answer;
  }
}

import { Socket } from 'node:net';
import { Client } from 'pg';
import { noId } from '../../platform/ids.ts';
import type { Epoch } from './epoch.ts';
import { channelOf, commonChannel, parseMessage } from './coherence-message.ts';
import type { CoherenceMessage, Notification } from './coherence-message.ts';

/** Options of a notification connection. */
export interface NotifyConnectionOptions {
  readonly url: string;
  readonly processId: string;
  /** The time that other processes wait for this one after each message. */
  readonly leaseMs: number;
  /** Called synchronously in the order of the commits. */
  readonly onMessage: (message: CoherenceMessage) => void;
}

/** The state of the database after sending. */
export interface SendResult {
  readonly epoch: Epoch;
  /** The other processes with a lease, and the longest time that it can last. */
  readonly peers: readonly { readonly id: string; readonly remainingMs: number }[];
}

/** `tableoid` and `xmin` change when rows are restored from a dump, whose token is one of the past. */
const epochColumns = `cache_epoch.epoch as number, cache_epoch.tableoid::text as "table",
  concat_ws('.', cache_epoch.token, cache_epoch.tableoid, cache_epoch.xmin) as name`;
const answerMs = 1000;
const deadForMs = 60_000;
/** In leases: PostgreSQL closes a connection that has not acknowledged data for this long. */
const frozenLeases = 5;

/**
 * A dedicated connection with LISTEN, on which PostgreSQL notifies of commits. It is not reused after a
 * failure, because the notifications in between are lost.
 */
export class NotifyConnection {
  /** Resolves with the reason when the connection is lost or closed. */
  readonly lost: Promise<Error>;
  #database: string | null = null;
  readonly #options: NotifyConnectionOptions;
  readonly #socket = new Socket();
  readonly #client: Client;
  readonly #lose: (reason: Error) => void;
  /** Statements run one at a time; pg deprecates queueing them in the client. */
  #lastQuery: Promise<unknown> = Promise.resolve();

  constructor(options: NotifyConnectionOptions) {
    this.#options = options;
    let lose: (reason: Error) => void = () => {};
    this.lost = new Promise((resolve) => (lose = resolve));
    this.#lose = lose;
    this.#client = new Client({
      connectionString: options.url,
      application_name: 'parley coherence',
      // An own socket can be destroyed: an orderly end would wait for a frozen server.
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

  /** The identity of the database; null before it is connected. */
  get database(): string | null {
    return this.#database;
  }

  /**
   * Connects and listens: everything committed from now on is received.
   * @throws Error if the database is unavailable
   */
  async open(): Promise<void> {
    const { processId, leaseMs } = this.#options;
    await this.#client.connect();
    // Leases need not survive a crash, so that no commit waits for the disk. A process that stops reading
    // must not block the queue of notifications, which all writers share.
    await this.#query(`set synchronous_commit = off; set statement_timeout = ${answerMs};
      set tcp_user_timeout = ${frozenLeases * leaseMs};
      listen "${commonChannel}"; listen "${channelOf(processId)}"`);
    const [named] = await this.#query<{ name: string }>('select database_identity() as name');
    this.#database = named?.name ?? null;
    await this.#query(
      `insert into cache_processes (id, lease_expires_at)
       values ($1, clock_timestamp() + $2 * interval '1 ms') on conflict do nothing`,
      [noId, leaseMs],
    );
    await this.#query(
      `delete from cache_processes where id in (
         select id from cache_processes where id <> $1 and lease_expires_at < clock_timestamp() - $2 * interval '1 ms'
         for update skip locked)`,
      [noId, deadForMs],
    );
  }

  /** Sends messages, renews the row of this process and reads those of the others, in one transaction. */
  async send(notifications: readonly Notification[]): Promise<SendResult> {
    const { processId, leaseMs } = this.#options;
    const rows = await this.#query<Epoch & { id: string | null; remainingMs: number | null }>(
      `with alive as (
         insert into cache_processes (id, lease_expires_at) values ($1, clock_timestamp() + $2 * interval '1 ms')
         on conflict (id) do update set lease_expires_at = excluded.lease_expires_at
       ), said as (
         select count(pg_notify(channel, payload)) as count from unnest($3::text[], $4::text[]) as said(channel, payload)
       )
       select said.count, ${epochColumns}, p.id, (extract(epoch from p.lease_expires_at - clock_timestamp()) * 1000)::float8 as "remainingMs"
       from said cross join cache_epoch
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
    return { epoch: first, peers };
  }

  /** Invalidates everything in every shared store, and notifies all processes. */
  async raiseEpoch(): Promise<Epoch> {
    const [raised] = await this.#query<Epoch>(
      `with raised as (
         update cache_epoch set epoch = epoch + 1, token = gen_random_uuid() returning ${epochColumns}
       )
       select *, pg_notify($1, json_build_object('epoch', number, 'name', name)::text) from raised`,
      [commonChannel],
    );
    if (raised === undefined) throw new Error('The table cache_epoch has lost its row.');
    return raised;
  }

  /** Informs the others that they need not wait for this process, and disconnects. */
  async leave(): Promise<void> {
    const { processId } = this.#options;
    await this.#query(
      `with gone as (delete from cache_processes where id = $1 returning id)
       select pg_notify($2, json_build_object('left', id)::text) from gone`,
      [processId, commonChannel],
    );
    await Promise.race([this.#client.end(), this.lost]);
  }

  /** Disconnects immediately. */
  fail(reason: Error): void {
    this.#lose(reason);
    this.#socket.destroy();
  }

  async #query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const before = this.#lastQuery;
    const answer = (async () => {
      await before;
      const { rows } = await this.#client.query<Row>(text, [...values]);
      return rows;
    })();
    // The next statement waits for this one, whatever its result; a failure rejects its own caller.
    this.#lastQuery = answer.then(
      () => null,
      () => null,
    );
    return await answer;
  }
}

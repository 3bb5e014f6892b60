// The private parts of pg that Parley uses, and the only file that does. package.json pins pg to an exact
// version, and test/platform/postgres/driver shows whether these parts are still there after an update.
// `DATABASE_DRIVER=pg` runs without `attachListeners`, on which the binary driver depends.
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Client, Connection } from 'pg';

/** Subscribes pg's parser to a stream of PostgreSQL's messages. */
export type AttachListeners = (source: EventEmitter) => void;

/** Checks that a connection, or its prototype, can be intercepted. @throws TypeError for a pg that cannot */
export function requireAttachListeners(connection: Connection): Function {
  const attach: unknown = Reflect.get(connection, 'attachListeners');
  if (typeof attach === 'function') return attach;
  throw new TypeError('Unsupported pg version: Connection.attachListeners is missing.');
}

/**
 * Calls `subscribe` in place of pg's own parser once the connection's socket is there. @throws as
 * `requireAttachListeners`
 */
export function replaceListeners(
  connection: Connection,
  subscribe: (socket: Duplex, attachParser: AttachListeners) => void,
): void {
  const attach = requireAttachListeners(connection);
  const attachParser: AttachListeners = (source) => void Reflect.apply(attach, connection, [source]);
  Reflect.set(connection, 'attachListeners', (socket: Duplex) => subscribe(socket, attachParser));
}

/** Returns the process id of the connection's backend; null before it is known. */
export function processIdOf(client: Client): number | null {
  return numberOf(client, 'processID');
}

/** Returns the key by which the connection's statement can be cancelled; null before it is known. */
export function secretKeyOf(client: Client): number | null {
  return numberOf(client, 'secretKey');
}

/** Returns true while PostgreSQL owes the connection a response. */
export function isAwaitingResponse(client: Client): boolean {
  return Reflect.get(client, 'readyForQuery') !== true;
}

function numberOf(client: Client, name: string): number | null {
  const value: unknown = Reflect.get(client, name);
  return typeof value === 'number' ? value : null;
}

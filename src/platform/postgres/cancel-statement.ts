import { connect } from 'node:net';
import type { PoolClient } from 'pg';

/** The code of a CancelRequest in PostgreSQL's protocol, its manual's section 54.7. */
const cancelRequestCode = 80_877_102;
/** A server that cannot be reached will not be told; its own statement_timeout ends the statement then. */
const patienceMs = 2000;

/**
 * Asks the server to stop what this connection is doing. On a connection of its own, as the protocol has it: the pool may be
 * full of what is to be stopped. It may arrive when the statement is done already and another one runs, so the connection
 * must not be used again.
 */
export function cancelStatement(client: PoolClient): void {
  const { host, port } = client;
  const processId: unknown = Reflect.get(client, 'processID');
  const secretKey: unknown = Reflect.get(client, 'secretKey');
  if (typeof processId !== 'number' || typeof secretKey !== 'number') return;

  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(cancelRequestCode, 4);
  request.writeInt32BE(processId, 8);
  request.writeInt32BE(secretKey, 12);

  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.setTimeout(patienceMs, () => socket.destroy());
  // Losing the request is allowed: the statement is bounded without it.
  socket.on('error', () => socket.destroy());
  socket.end(request);
}

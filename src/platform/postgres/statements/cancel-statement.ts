import { connect } from 'node:net';
import type { PoolClient } from 'pg';
import { processIdOf, secretKeyOf } from '../driver/driver.ts';

/** The code of a CancelRequest (PostgreSQL's manual, "Message Formats"). */
const cancelRequestCode = 80_877_102;
/** An unreachable server does not receive the request; its statement_timeout ends the statement then. */
const cancelTimeoutMs = 2000;

/**
 * Sends a cancel request for the connection's statement, on a connection of its own as the protocol requires.
 * The request may arrive after the statement has finished, so the connection must not be used for another
 * statement.
 */
export function cancelStatement(client: PoolClient): void {
  const { host, port } = client;
  const processId = processIdOf(client);
  const secretKey = secretKeyOf(client);
  if (processId === null || secretKey === null) return;

  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(cancelRequestCode, 4);
  request.writeInt32BE(processId, 8);
  request.writeInt32BE(secretKey, 12);

  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.setTimeout(cancelTimeoutMs, () => socket.destroy());
  // A lost request is acceptable: statement_timeout bounds the statement without it.
  socket.on('error', () => socket.destroy());
  socket.end(request);
}

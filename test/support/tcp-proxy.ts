import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { CleanUps } from './embedded.ts';

/** A proxy between a client and a server that simulates network failures. */
export interface TcpProxy {
  /** The server's address, by way of the proxy. */
  readonly url: string;
  /** Blocks all traffic silently. */
  freeze(): void;
  thaw(): void;
  /** Ends every connection; new ones are taken. */
  cut(): void;
  /** From now on another server answers at the address. */
  redirect(url: string): void;
}

/** A filter of traffic from the server to the client; each connection has its own. */
export type Sieve = () => {
  readonly fromClient: (chunk: Buffer) => void;
  /** Returns the part of a chunk that may pass. */
  readonly fromServer: (chunk: Buffer) => Buffer;
};

/** Listens on a free port of this machine until it is cleaned up. */
export async function startTcpProxy(
  cleanUps: CleanUps,
  targetUrl: string,
  sieve: Sieve = () => ({ fromClient: () => {}, fromServer: (chunk) => chunk }),
): Promise<TcpProxy> {
  let target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const passing = sieve();
    client.on('data', (chunk) => {
      passing.fromClient(chunk);
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => client.write(passing.fromServer(chunk)));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      if (isFrozen) socket.pause();
      // The end of either socket, for any reason, ends both.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        if (!isFrozen) other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanUps.add(async () => {
    cut();
    server.close();
  });
  const address = server.address();
  const proxied = new URL(targetUrl);
  proxied.port = String(typeof address === 'object' ? address?.port : '');
  return {
    url: proxied.toString(),
    cut,
    redirect(otherUrl) {
      target = new URL(otherUrl);
      cut();
    },
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
  };
}

/**
 * What a pooler does that gives a connection to a client for one transaction at a time: what PostgreSQL says
 * by itself, and not as part of an answer, reaches nobody.
 */
export const transactionPooler: Sieve = () => {
  let isAnswering = false;
  const { fromServer } = frames((type) => {
    const isPassing = type !== notification || isAnswering;
    if (type === readyForQuery) isAnswering = false;
    return isPassing;
  });
  return { fromClient: () => (isAnswering = true), fromServer };
};

/** Keeps all notifications back while it is deaf, and lets everything else pass. */
export function deafening(state: { isDeaf: boolean }): Sieve {
  return () => ({
    fromClient: () => {},
    ...frames((type) => type !== notification || !state.isDeaf),
  });
}

const notification = 'A';
const readyForQuery = 'Z';

/** Lets those of PostgreSQL's messages pass whose type may. */
function frames(mayPass: (type: string) => boolean): { fromServer: (chunk: Buffer) => Buffer } {
  let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  return {
    fromServer(chunk) {
      rest = Buffer.concat([rest, chunk]);
      const passing: Buffer[] = [];
      while (rest.length >= 5 && rest.length >= 1 + rest.readUInt32BE(1)) {
        const frame = rest.subarray(0, 1 + rest.readUInt32BE(1));
        rest = rest.subarray(frame.length);
        if (mayPass(String.fromCharCode(frame[0] ?? 0))) passing.push(frame);
      }
      return Buffer.concat(passing);
    },
  };
}

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The connections that a failure affects: by default all, else those whose first bytes contain a text. */
export interface ProxyTarget {
  readonly port: number;
  /** Such as the application_name that PostgreSQL's clients begin with. */
  readonly onlyThoseThatSay?: string;
}

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Unknown until the client has said something. */
  isReached: boolean;
}

/** A network between a process and a server that can be made to fail. */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: ProxyTarget;
  readonly #connections = new Set<Connection>();
  #delayMs = 0;
  #isFrozen = false;
  #isRefusing = false;

  static async open(target: ProxyTarget): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: ProxyTarget) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy is not listening.');
    return address.port;
  }

  /** Every piece arrives so much later, in both directions together. */
  delay(milliseconds: number): void {
    this.#delayMs = milliseconds;
  }

  /** Blocks all traffic silently; what was sent meanwhile arrives at `thaw`. */
  freeze(): void {
    this.#isFrozen = true;
    for (const connection of this.#reached()) pauseOrResume(connection, 'pause');
  }

  /** Blocks all traffic on existing connections silently; new connections work. */
  forget(): void {
    for (const connection of this.#reached()) pauseOrResume(connection, 'pause');
  }

  /** Nothing gets through on new connections; those there are work. */
  ignoreNew(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const connection of this.#reached()) pauseOrResume(connection, 'resume');
  }

  /** Breaks the connections there are; new ones get through. */
  reset(): void {
    for (const connection of this.#reached()) end(connection);
  }

  /** Breaks the connections there are and every new one. */
  refuse(): void {
    this.#isRefusing = true;
    this.reset();
  }

  /** All is well again. */
  heal(): void {
    this.#isRefusing = false;
    this.#delayMs = 0;
    this.thaw();
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) end(connection);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #reached(): Connection[] {
    return [...this.#connections].filter((connection) => connection.isReached);
  }

  #accept(client: Socket): void {
    const { port, onlyThoseThatSay } = this.#target;
    const upstream = connect(port, '127.0.0.1');
    const connection: Connection = { client, upstream, isReached: onlyThoseThatSay === undefined };
    this.#connections.add(connection);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      // What is lost here is what the test is about; the close that follows is handled.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#connections.delete(connection);
        end(connection);
      });
    }
    client.once('data', (first) => {
      connection.isReached ||= onlyThoseThatSay !== undefined && first.includes(onlyThoseThatSay);
      this.#afflictNew(connection);
    });
    client.on('data', (piece) => this.#pass(piece, upstream, connection));
    upstream.on('data', (piece) => this.#pass(piece, client, connection));
    if (connection.isReached) this.#afflictNew(connection);
  }

  #afflictNew(connection: Connection): void {
    if (!connection.isReached) return;
    if (this.#isRefusing) end(connection);
    else if (this.#isFrozen) pauseOrResume(connection, 'pause');
  }

  #pass(piece: Buffer, to: Socket, { isReached }: Connection): void {
    if (!isReached || this.#delayMs === 0) {
      to.write(piece);
      return;
    }
    // Half of it each way, so that a question and its answer take the whole together.
    setTimeout(() => to.write(piece), this.#delayMs / 2);
  }
}

function pauseOrResume({ client, upstream }: Connection, action: 'pause' | 'resume'): void {
  client[action]();
  upstream[action]();
}

function end({ client, upstream }: Connection): void {
  client.resetAndDestroy();
  upstream.resetAndDestroy();
}

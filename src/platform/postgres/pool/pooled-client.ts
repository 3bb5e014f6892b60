import { Socket } from 'node:net';
import { Client, type PoolClient } from 'pg';
import type { WorkOwner } from '../../runtime/work-owner.ts';

/** A connection of the pool. Times are by `performance.now()`. */
export class PooledClient extends Client implements PoolClient {
  readonly openedAt = performance.now();
  state: 'opening' | 'checking' | 'idle' | 'held' | 'closed' = 'opening';
  /** The beginning of the state; for an idle connection, the last time at which it was known to work. */
  since = performance.now();
  /** The deadline for the response to a single statement; Infinity while none is due. */
  respondBy = Infinity;
  /** The caller that the connection is held for; null while the server itself holds it. */
  owner: WorkOwner | null = null;
  release: (isBroken?: unknown) => void = () => {};

  enter(state: PooledClient['state']): void {
    this.state = state;
    this.since = performance.now();
  }

  /** False once either side has closed the socket. */
  get isWritable(): boolean {
    return this.connection.stream.writable;
  }

  get bytesRead(): number {
    const { stream } = this.connection;
    return stream instanceof Socket ? stream.bytesRead : 0;
  }

  /** Closes the socket without a polite end, to which a dead connection would not respond. */
  destroy(error?: Error): void {
    this.connection.stream.destroy(error);
  }

  /**
   * Returns whether the connection responds in time, by pg's own `query`: an observed one would report a
   * statement.
   */
  async responds(timeoutMs: number): Promise<boolean> {
    const statement = { text: 'select 1', query_timeout: timeoutMs };
    try {
      await Reflect.apply(Reflect.get(Client.prototype, 'query'), this, [statement]);
      return true;
    } catch {
      return false;
    }
  }
}

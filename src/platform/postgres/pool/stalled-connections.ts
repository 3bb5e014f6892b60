import { Socket } from 'node:net';
import type { PoolClient } from 'pg';
import { isAwaitingResponse, processIdOf } from '../driver/driver.ts';

/** A connection that owes an answer and has not said a word. */
export interface Silence {
  readonly client: PoolClient;
  /** When it was first seen so, by `performance.now()`. */
  readonly since: number;
  /** PostgreSQL's number of what stands behind it; null where it is not known. */
  readonly processId: number | null;
}

interface Sighting extends Silence {
  readonly bytesRead: number;
}

/**
 * Which connections say nothing although they were asked, found by looking now and then: whoever asks costs nothing more, and a
 * slow answer that arrives in pieces, or a connection that is only held, is no silence.
 */
export class Silences {
  #sightings = new Map<PoolClient, Sighting>();

  /** Those that were silent in each look since `since`. */
  look(clients: Iterable<PoolClient>): readonly Silence[] {
    const now = performance.now();
    const seen = new Map<PoolClient, Sighting>();
    for (const client of clients) {
      const { stream } = client.connection;
      if (!isAwaitingResponse(client) || !(stream instanceof Socket)) continue;
      const { bytesRead } = stream;
      const before = this.#sightings.get(client);
      if (before !== undefined && before.bytesRead === bytesRead) seen.set(client, before);
      else seen.set(client, { client, since: now, processId: processIdOf(client), bytesRead });
    }
    this.#sightings = seen;
    return [...seen.values()];
  }
}

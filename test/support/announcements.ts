import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { commonChannel } from '../../src/caching/coherence/coherence-message.ts';
import type { CleanUps } from './embedded.ts';

/** Hears what PostgreSQL announces, as every process does. */
export interface Eavesdropper {
  /** The payloads that were announced since the last call, in the order of the commits. */
  announced(): Promise<string[]>;
}

/** Listens until it is cleaned up. */
export async function eavesdrop(cleanUps: CleanUps, url: string): Promise<Eavesdropper> {
  const client = new Client({ connectionString: url });
  const heard: string[] = [];
  const marks = new Map<string, () => void>();
  client.on('notification', ({ channel, payload = '' }) => {
    if (channel === commonChannel) heard.push(payload);
    else marks.get(payload)?.();
  });
  await client.connect();
  cleanUps.add(() => client.end());
  await client.query(`listen "${commonChannel}"; listen marks`);
  return {
    async announced() {
      const mark = randomUUID();
      const isMarked = new Promise<void>((resolve) => marks.set(mark, resolve));
      await client.query(`select pg_notify('marks', $1)`, [mark]);
      await isMarked;
      return heard.splice(0);
    },
  };
}

/** The names in such payloads, sorted; `everything` for that. */
export function namesIn(payloads: readonly string[]): string[] {
  return payloads
    .flatMap((payload) => {
      const message: unknown = JSON.parse(payload);
      if (typeof message !== 'object' || message === null) return [];
      if ('everything' in message) return ['everything'];
      return 'ended' in message && Array.isArray(message.ended) ? message.ended.map(String) : [];
    })
    .toSorted();
}

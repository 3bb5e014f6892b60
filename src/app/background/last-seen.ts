import type { Clock } from '../../platform/runtime/clock.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import { LastSeenBuffer } from '../../platform/postgres/last-seen-buffer.ts';
import type { Queries } from '../../graphql/domains.ts';

const flushedEveryMs = 30_000;

/** Notes when sessions and API keys are used. */
export function createLastSeen({
  queries,
  ...options
}: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queries: Pick<Queries, 'apiKey' | 'session'>;
}) {
  const common = { ...options, waitingMax: 20_000 };
  const sessions = new LastSeenBuffer({
    ...common,
    name: 'sessions',
    write: (lastSeen) => queries.session.writeLastSeen(lastSeen),
  });
  const apiKeys = new LastSeenBuffer({
    ...common,
    name: 'API keys',
    write: (lastSeen) => queries.apiKey.writeLastSeen(lastSeen),
  });
  return {
    sessions,
    apiKeys,
    /** Writes them down from time to time, until the returned function is called, which writes the rest. */
    start(): () => Promise<void> {
      const stops = [sessions, apiKeys].map((each) => each.start(flushedEveryMs));
      return async () => {
        await Promise.all(stops.map((stop) => stop()));
      };
    },
  };
}

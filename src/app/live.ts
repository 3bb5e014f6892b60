import type { Queries } from '../graphql/domains.ts';
import type { EventPlace, MessageEvent } from '../domains/event/model.ts';
import type { HintBus } from '../live/bus/bus.ts';
import { Feed } from '../live/feed.ts';
import type { Clock } from '../platform/runtime/clock.ts';
import type { Logger } from '../platform/telemetry/logger.ts';

/** The longest time by which events are late if hints are lost, in milliseconds. */
const checkMs = 2000;

/** Creates the live events, which are still until `start` is called. */
export function createLive(options: {
  readonly bus: HintBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queries: Pick<Queries, 'event'>;
  readonly retentionMs: number;
}) {
  const { bus, clock, logger, queries, retentionMs } = options;
  const messageFeed = new Feed<EventPlace, MessageEvent>({
    read: (watches) => queries.event.after(watches, clock.now()),
    heads: (topics) => queries.event.heads(topics),
    isSamePlace: (one, other) => one.position === other.position && one.change === other.change,
  });
  const check = async () => {
    try {
      await messageFeed.check();
    } catch (error) {
      logger.debug({ err: error }, 'live events could not be checked for lost hints');
    }
  };
  return {
    messageFeed,
    retentionMs,
    hint(conversationId: string) {
      messageFeed.wake(conversationId);
      bus.publish(conversationId);
    },
    /** Starts receiving hints; the returned function ends all streams. */
    start(): () => Promise<void> {
      bus.start({
        onHint: (topic) => messageFeed.wake(topic),
        onGap: () => messageFeed.wakeAll(),
      });
      const timer = setInterval(() => void check(), checkMs).unref();
      return async () => {
        clearInterval(timer);
        messageFeed.stop();
        await bus.stop();
      };
    },
  };
}

import type { Feed } from '../../live/feed.ts';
import type { MetricRegistry } from '../../platform/telemetry/metrics/metric-registry.ts';

/** Adds the metrics of live events. */
export function addLiveMetrics(
  metrics: MetricRegistry,
  { messageFeed }: { readonly messageFeed: Pick<Feed<unknown, unknown>, 'counts' | 'size'> },
): void {
  metrics.gauge({
    name: 'parley_live_subscriptions',
    help: 'Subscriptions to live events that are open.',
    read: () => [[{}, messageFeed.size]],
  });
  metrics.counter({
    name: 'parley_live_events_total',
    help: 'Live events that were read for subscriptions.',
    read: () => [[{}, messageFeed.counts.events]],
  });
  metrics.counter({
    name: 'parley_live_reads_total',
    help: 'Statements that read live events, each for all subscriptions that were woken together.',
    read: () => [[{}, messageFeed.counts.reads]],
  });
  metrics.counter({
    name: 'parley_live_lost_hints_total',
    help: 'Subscriptions that were behind although no hint had woken them; a few are normal under load.',
    read: () => [[{}, messageFeed.counts.lostHints]],
  });
}

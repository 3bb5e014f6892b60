import { setFlagsFromString } from 'node:v8';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runInNewContext } from 'node:vm';

// Loaded into a server before its own code (`node --import`): tells its parent process once a second and when it is asked how
// it is, and collects garbage when it is told to, so that what is kept can be told from what is only not collected yet.

const histogram = monitorEventLoopDelay({ resolution: resolutionMs() });
histogram.enable();
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

setInterval(() => tell(false), 1000).unref();
process.on('message', (message) => {
  if (message === 'collect garbage') collectGarbage();
  tell(true);
});
// Whoever listens to a parent is kept alive by it, which a server must not be.
process.channel?.unref();

function tell(isAnswer: boolean): void {
  if (!process.connected) return;
  const { rss, heapUsed, external } = process.memoryUsage();
  const lagMs = Math.max(0, histogram.percentile(99) / 1e6 - resolutionMs());
  const { user, system } = process.cpuUsage();
  process.send?.({ isAnswer, rss, heap: heapUsed + external, lagMs, cpuMs: (user + system) / 1000 });
  histogram.reset();
}

function resolutionMs(): number {
  return 10;
}

import { setFlagsFromString } from 'node:v8';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runInNewContext } from 'node:vm';

// Loaded into a server before its own code (`node --import`): sends memory, event loop delay and CPU time to
// the parent process once a second and on request. A request may collect garbage first, to separate live
// memory from garbage.

const histogram = monitorEventLoopDelay({ resolution: resolutionMs() });
histogram.enable();
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

setInterval(() => sendSigns(false), 1000).unref();
process.on('message', (message) => {
  if (message === 'collect garbage') collectGarbage();
  sendSigns(true);
});
// A listener on the channel would keep the server alive after its shutdown.
process.channel?.unref();

function sendSigns(isAnswer: boolean): void {
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

// Runs autocannon in a process of its own, so that it shares no event loop with whoever measures: a load as JSON on standard
// input, its result as JSON on standard output.
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';

const { url, connections, seconds, requests } = JSON.parse(await text(process.stdin));
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  requests: requests.map(({ body, headers }) => ({ method: 'POST', body, headers })),
});
console.log(
  JSON.stringify({
    requests: result.requests.total,
    perSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failures: result.errors + result.non2xx,
    bytes: result.throughput.total,
  }),
);

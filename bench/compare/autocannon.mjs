// Runs autocannon in a separate process, so that it does not share an event loop with the benchmark: reads a
// load as JSON from standard input and writes its result as JSON to standard output.
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

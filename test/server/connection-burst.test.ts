import { createServer } from 'node:http';
import { connect, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConnectionBurst } from '../../src/server/hooks/connection-burst.ts';
import { openFrontDoor } from '../support/front-door.ts';

const crowd = 300;
const body = '{"query":"{ hello }"}';
const asking = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

let sockets: Socket[] = [];
let close: () => Promise<void>;
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await close();
});

/** Somebody who asks again as soon as they are answered. */
function askOnAndOn(port: number): Socket {
  const socket = connect(port, '127.0.0.1', () => socket.write(asking));
  socket.on('data', () => socket.write(asking));
  socket.on('error', () => {});
  return socket;
}

describe('many concurrent new connections', () => {
  it('are accepted before existing connections are served further', async () => {
    let served = 0;
    let connected = 0;
    const servedWhenAllWereIn: number[] = [];
    const http = await openFrontDoor({
      authenticate: async () => {
        served += 1;
        const until = performance.now() + 2;
        while (performance.now() < until);
        return null;
      },
    });
    ({ close } = http);
    http.server.on('connection', () => {
      connected += 1;
      if (connected === crowd) servedWhenAllWereIn.push(served);
    });
    sockets = Array.from({ length: crowd }, () => askOnAndOn(Number(new URL(http.origin).port)));
    await vi.waitFor(() => expect(connected).toBe(crowd), { timeout: 25_000, interval: 20 });

    expect(servedWhenAllWereIn[0]).toBeLessThan(2 * crowd);
    // And no request waits forever.
    await vi.waitFor(() => expect(served).toBeGreaterThan(3 * crowd), { timeout: 25_000, interval: 20 });
  });

  it('are all accepted, one per turn of the event loop', async () => {
    const { arrivals, letArrive } = arriving();
    const arrived = letArrive(1000);
    await arrivals.settled();

    expect(arrived()).toBe(1000);
  });

  it('do not delay existing connections, however many arrive', async () => {
    const { arrivals, letArrive } = arriving();
    const arrived = letArrive(20_000);
    await arrivals.settled();

    expect(arrived()).toBeLessThan(5000);
  });
});

/** A server to which connections come without a network. */
function arriving() {
  const server = createServer();
  close = async () => {};
  return {
    arrivals: new ConnectionBurst(server),
    /** The first comes now; tells how many have come. */
    letArrive: (count: number): (() => number) => {
      let arrived = 0;
      const arrive = () => {
        arrived += 1;
        server.emit('connection', new Socket());
        if (arrived < count) setImmediate(arrive);
      };
      arrive();
      return () => arrived;
    },
  };
}

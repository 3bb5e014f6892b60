import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../src/platform/runtime/cancellation.ts';
import { InFlightRequests } from '../../../src/server/limits/in-flight-requests.ts';

function aQuery(timeSpentMs = 0) {
  return { cancellation: new Cancellation(), connection: new EventEmitter(), timeSpentMs };
}

const never = new Promise<never>(() => {});

describe('the answer to a query', () => {
  it('arrives, and leaves no listener at the connection', async () => {
    const query = aQuery();

    expect(await new InFlightRequests(1000).waitForQuery(Promise.resolve('Ada'), query)).toBe('Ada');
    expect(query.connection.listenerCount('close')).toBe(0);
  });

  it('is given up when the client disconnects, and at shutdown', async () => {
    const requests = new InFlightRequests(0);
    const [left, waiting] = [aQuery(), aQuery()];
    const answer = requests.waitForQuery(never, left);
    left.connection.emit('close');
    await expect(answer).rejects.toThrow('The client disconnected.');

    const other = requests.waitForQuery(never, waiting);
    requests.abortAll();
    await expect(other).rejects.toThrow('The server is restarting');
    expect([left, waiting].map(({ cancellation }) => cancellation.reason?.code)).toEqual([
      'TIMEOUT',
      'UNAVAILABLE',
    ]);
  });

  it('has the time that authentication left of its deadline', async () => {
    vi.useFakeTimers();
    const late = vi.fn();
    new InFlightRequests(1000).waitForQuery(never, aQuery(400)).catch(late);

    await vi.advanceTimersByTimeAsync(599);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});

it('an authentication that does not settle is unavailable at the deadline', async () => {
  vi.useFakeTimers();
  const identity = new InFlightRequests(1000).waitForIdentity(never);
  const refused = expect(identity).rejects.toThrow('Authentication timed out');
  await vi.advanceTimersByTimeAsync(1000);
  await refused;
  vi.useRealTimers();
});

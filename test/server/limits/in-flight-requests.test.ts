import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Cancellation } from '../../../src/platform/runtime/cancellation.ts';
import { InFlightRequests } from '../../../src/server/limits/in-flight-requests.ts';

function aResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

describe('synchronous work', () => {
  it('returns synchronously, without a listener', () => {
    const requests = new InFlightRequests(1000);
    const response = aResponse();

    expect(requests.runWithTimeout(() => 'Ada')).toBe('Ada');
    expect(requests.runForClient(response, () => 'an answer', 0)).toBe('an answer');
    expect(response.listenerCount('close')).toBe(0);
  });

  it('throws synchronously', () => {
    const requests = new InFlightRequests(1000);
    const fail = () => {
      throw new Error('no such person');
    };

    expect(() => requests.runWithTimeout(fail)).toThrow('no such person');
    expect(() => requests.runForClient(aResponse(), fail, 0)).toThrow('no such person');
  });
});

describe('asynchronous work', () => {
  it('is aborted when its client disconnects, and at shutdown', async () => {
    const requests = new InFlightRequests(0);
    const given: Cancellation[] = [];
    const work = (cancellation: Cancellation) => {
      given.push(cancellation);
      return new Promise<never>(() => {});
    };
    const response = aResponse();
    const left = requests.runForClient(response, work, 0);
    response.emit('close');
    await expect(left).rejects.toThrow('The client disconnected.');

    const waiting = requests.runForClient(aResponse(), work, 0);
    requests.abortAll();
    await expect(waiting).rejects.toThrow('The server is restarting');
    expect(given.map(({ reason }) => reason?.code)).toEqual(['TIMEOUT', 'UNAVAILABLE']);
  });

  it('has the time that authentication left of its deadline', async () => {
    vi.useFakeTimers();
    const requests = new InFlightRequests(1000);
    const late = vi.fn();
    const answer = requests.runForClient(aResponse(), () => new Promise<never>(() => {}), 400);
    Promise.resolve(answer).catch(late);

    await vi.advanceTimersByTimeAsync(599);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});

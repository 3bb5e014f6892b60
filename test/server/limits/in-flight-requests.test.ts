import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Cancellation } from '../../../src/platform/runtime/cancellation.ts';
import { RequestsUnderWay } from '../../../src/server/limits/in-flight-requests.ts';

function aResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

describe('work that is done at once', () => {
  it('is answered at once, and nobody listens for its end', () => {
    const requests = new RequestsUnderWay(1000);
    const response = aResponse();

    expect(requests.identify(() => 'Ada')).toBe('Ada');
    expect(requests.follow(response, () => 'an answer', 0)).toBe('an answer');
    expect(response.listenerCount('close')).toBe(0);
  });

  it('fails at once', () => {
    const requests = new RequestsUnderWay(1000);
    const fail = () => {
      throw new Error('no such person');
    };

    expect(() => requests.identify(fail)).toThrow('no such person');
    expect(() => requests.follow(aResponse(), fail, 0)).toThrow('no such person');
  });
});

describe('work that takes its time', () => {
  it('ends when its client hangs up, and when the process does', async () => {
    const requests = new RequestsUnderWay(0);
    const given: Cancellation[] = [];
    const work = (cancellation: Cancellation) => {
      given.push(cancellation);
      return new Promise<never>(() => {});
    };
    const response = aResponse();
    const left = requests.follow(response, work, 0);
    response.emit('close');
    await expect(left).rejects.toThrow('The client did not wait.');

    const waiting = requests.follow(aResponse(), work, 0);
    requests.cutShort();
    await expect(waiting).rejects.toThrow('The server is restarting');
    expect(given.map(({ reason }) => reason?.code)).toEqual(['TIMEOUT', 'UNAVAILABLE']);
  });

  it('has the time that finding out who asks has left of it', async () => {
    vi.useFakeTimers();
    const requests = new RequestsUnderWay(1000);
    const late = vi.fn();
    const answer = requests.follow(aResponse(), () => new Promise<never>(() => {}), 400);
    Promise.resolve(answer).catch(late);

    await vi.advanceTimersByTimeAsync(599);
    expect(late).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(late).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});

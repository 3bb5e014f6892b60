import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';
import { TestClock } from '../support/clock.ts';
import { Written } from '../support/command.ts';

describe('createProgress', () => {
  it('writes at most one line a second without a terminal', () => {
    const clock = new TestClock();
    const stream = new Written();
    const progress = createProgress({ stream, clock, label: 'a.gz', total: 200 });
    for (let done = 0; done <= 200; done += 1) {
      progress.update(done, `${done} messages`);
      clock.advance(20);
    }
    progress.stop();

    expect(stream.text).toBe(
      'a.gz: 25 % · 50 messages\na.gz: 50 % · 100 messages\na.gz: 75 % · 150 messages\na.gz: 100 % · 200 messages\n',
    );
  });

  it('shows no percentage without a known total', () => {
    const clock = new TestClock();
    const stream = new Written({ isTTY: true });
    const progress = createProgress({ stream, clock, label: 'standard input', total: null });
    clock.advance(1000);
    progress.update(5, '5 messages');
    progress.stop();

    expect(stream.text).toBe('standard input: 5 messages\n');
  });

  it('draws a bar on a terminal, and keeps notes readable', () => {
    const stream = new Written({ isTTY: true });
    const progress = createProgress({ stream, clock: new TestClock(), label: 'a.gz', total: 4 });
    progress.update(1, '10 messages');
    progress.note('a.gz:3: is not JSON');
    progress.update(2, '20 messages');
    progress.note('a.gz:4: is not JSON either');
    progress.stop();
    progress.stop();

    expect(stream.text).toContain('a.gz:3: is not JSON\n');
    expect(stream.text).toContain('a.gz:4: is not JSON either\n');
    expect(stream.text).toMatch(/█+░+ 50 % · 20 messages/);
    expect(stream.text.endsWith('\n')).toBe(true);
  });

  it('restores the terminal', () => {
    const stream = new Written({ isTTY: true });
    const listeners = process.listenerCount('SIGINT');
    createProgress({ stream, clock: new TestClock(), label: 'a.gz', total: 4 }).stop();

    expect(stream.text.lastIndexOf('\u001B[?7h')).toBeGreaterThan(stream.text.lastIndexOf('\u001B[?7l'));
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });
});

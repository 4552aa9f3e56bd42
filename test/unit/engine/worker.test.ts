// A loop: what it does next, when it rests, what wakes it, and how it ends.
import { beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/engine/log/log.ts';
import { type Next, Worker } from '../../../src/engine/work/worker.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const again: Next = { again: true };
const rest = (afterMs: number): Next => ({ again: false, afterMs });

describe('A worker', () => {
  let clock: ManualClock;
  let lines: string[];
  /** When each step began, milliseconds after the start. */
  let begun: number[];
  let paceMs: number;

  beforeEach(() => {
    paceMs = 0;
    clock = new ManualClock(1_000_000);
    lines = [];
    begun = [];
  });

  /** Steps that say these in turn, the last for ever. An error is thrown; a promise is waited for. */
  function worker(...said: (Next | Error | Promise<Next>)[]): Worker {
    const log = createLog({ level: 'debug', write: (line) => lines.push(line) });
    const step = async () => {
      begun.push(clock.now() - 1_000_000);
      const next = said[Math.min(begun.length, said.length) - 1]!;
      if (next instanceof Error) throw next;
      return next;
    };
    return new Worker({ name: 'test', step, clock, log, paceMs });
  }

  function held(): { promise: Promise<Next>; end(next: Next | Error): void } {
    const { promise, resolve, reject } = Promise.withResolvers<Next>();
    promise.catch(() => {});
    return { promise, end: (next) => (next instanceof Error ? reject(next) : resolve(next)) };
  }

  it('does nothing before it is started, and starts once', async () => {
    const loop = worker(rest(1000));
    await clock.advance(5000);
    expect(begun).toEqual([]);
    expect(loop.start()).toBe(loop);
    loop.start();
    await clock.advance(0);
    expect(begun).toEqual([5000]);
    await loop.drain();
  });

  it('goes on at once while there is more, then rests as long as the step says', async () => {
    const loop = worker(again, again, rest(700), rest(10_000)).start();
    await clock.advance(699);
    expect(begun).toEqual([0, 0, 0]);
    await clock.advance(1);
    expect(begun).toEqual([0, 0, 0, 700]);
    await loop.drain();
  });

  it('is woken from its rest', async () => {
    const loop = worker(rest(60_000)).start();
    await clock.advance(100);
    loop.wake();
    await clock.advance(0);
    expect(begun).toEqual([0, 100]);
    await clock.advance(59_999);
    expect(begun).toEqual([0, 100]);
    await loop.drain();
  });

  it('follows a step during which it was woken with another, however often it was woken', async () => {
    const first = held();
    const loop = worker(first.promise, rest(60_000)).start();
    await clock.advance(0);
    for (let count = 0; count < 5; count += 1) loop.wake();
    first.end(rest(60_000));
    await clock.advance(0);
    expect(begun).toEqual([0, 0]);
    await loop.drain();
  });

  it('keeps its pace however often it is woken, but for steps that have more to do', async () => {
    paceMs = 250;
    const loop = worker(rest(60_000), rest(60_000), again, rest(60_000)).start();
    await clock.advance(300);
    loop.wake();
    await clock.advance(0);
    expect(begun).toEqual([0, 300]);
    for (let time = 0; time < 24; time += 1) {
      loop.wake();
      await clock.advance(10);
    }
    expect(begun).toEqual([0, 300]);
    await clock.advance(10);
    expect(begun).toEqual([0, 300, 550, 550]);
    loop.wake();
    await loop.drain();
    expect(begun).toHaveLength(4);
  });

  it('never does two steps at once', async () => {
    const first = held();
    const loop = worker(first.promise, rest(60_000)).start();
    await clock.advance(0);
    loop.wake();
    await clock.advance(10_000);
    expect(begun).toEqual([0]);
    first.end(again);
    await clock.advance(0);
    expect(begun).toEqual([0, 10_000]);
    await loop.drain();
  });

  it('tries a step that fails again after twice as long each time, half a minute at most', async () => {
    const loop = worker(new Error('no luck')).start();
    await clock.advance(150_000);
    const waits = begun.slice(1).map((at, index) => at - begun[index]!);
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    await loop.drain();
  });

  it('forgets its failures once a step goes well', async () => {
    const [bad, good] = [new Error('no luck'), rest(10)];
    const loop = worker(bad, bad, bad, good, bad, good, rest(1_000_000)).start();
    await clock.advance(20_000);
    expect(begun).toEqual([0, 500, 1500, 3500, 3510, 4010, 4020]);
    await loop.drain();
  });

  it('does not hurry a failing step because it was woken while it ran', async () => {
    const first = held();
    const loop = worker(first.promise, rest(60_000)).start();
    await clock.advance(0);
    loop.wake();
    first.end(new Error('no luck'));
    await clock.advance(499);
    expect(begun).toEqual([0]);
    await clock.advance(1);
    expect(begun).toEqual([0, 500]);
    await loop.drain();
  });

  it('takes a step that throws before it has begun to wait like any other that fails', async () => {
    const log = createLog({ level: 'silent' });
    const step = () => {
      begun.push(clock.now() - 1_000_000);
      throw new Error('at once');
    };
    const loop = new Worker({ name: 'test', step, clock, log }).start();
    await clock.advance(1500);
    expect(begun).toEqual([0, 500, 1500]);
    await loop.drain();
  });

  it('rests until the next work is due, and looks for other work as often as it is told to', async () => {
    let pollMs = 5_000;
    const log = createLog({ level: 'silent' });
    const due = [null, 1_000_000 + 7_000, 1_000_000 + 60_000, null];
    const step = async (): Promise<Next> => {
      begun.push(clock.now() - 1_000_000);
      return { again: false, due: due[begun.length - 1] ?? null };
    };
    const loop = new Worker({ name: 'test', step, clock, log, pollMs: () => pollMs }).start();
    for (let second = 0; second < 12; second += 1) await clock.advance(1_000);
    expect(begun).toEqual([0, 5_000, 7_000, 12_000]);
    pollMs = 1_000;
    for (let second = 0; second < 6; second += 1) await clock.advance(1_000);
    expect(begun.slice(4)).toEqual([17_000, 18_000]);
    await loop.drain();
  });

  it("says what failed, with the loop's name", async () => {
    const loop = worker(new Error('no luck'), rest(60_000)).start();
    await clock.advance(1000);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'error',
      loop: 'test',
      err: { message: 'no luck' },
    });
    await loop.drain();
  });

  describe('that is drained', () => {
    it('ends its rest at once and begins no other step', async () => {
      const loop = worker(rest(60_000)).start();
      await clock.advance(0);
      await loop.drain();
      loop.wake();
      await clock.advance(120_000);
      expect(begun).toEqual([0]);
      expect(clock.nextWake).toBeNull();
    });

    it('finishes the step that runs, which is told by its signal', async () => {
      const step = held();
      let told: AbortSignal | undefined;
      const run = (signal: AbortSignal) => {
        told = signal;
        return step.promise;
      };
      const loop = new Worker({
        name: 'test',
        step: run,
        clock,
        log: createLog({ level: 'silent' }),
      }).start();
      await clock.advance(0);
      let drained = false;
      const draining = loop.drain().then(() => {
        drained = true;
      });
      await clock.advance(60_000);
      expect(told?.aborted).toBe(true);
      expect(drained).toBe(false);
      step.end(again);
      await draining;
    });

    it('says nothing of a step that fails because of it', async () => {
      const step = held();
      const loop = worker(step.promise).start();
      await clock.advance(0);
      const draining = loop.drain();
      step.end(new Error('aborted'));
      await draining;
      expect(lines).toEqual([]);
    });

    it('may be drained twice, and without ever having been started', async () => {
      const loop = worker(again);
      await loop.drain();
      await loop.drain();
      loop.start();
      await clock.advance(1000);
      expect(begun).toEqual([]);
    });
  });
});

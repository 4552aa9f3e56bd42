// Who goes first, and who is let in at all.
import { describe, expect, it } from 'vitest';
import { type Lane, lanes } from '../../../src/engine/quota/lanes.ts';
import { PrioritySemaphore } from '../../../src/engine/quota/priority-semaphore.ts';

const settled = () => new Promise(setImmediate);

describe('A line', () => {
  it('lets nobody in without a place, and then no more than there are places', async () => {
    const line = new PrioritySemaphore();
    let entered = 0;
    for (let caller = 0; caller < 5; caller += 1)
      void line.enter('schedule').then(() => {
        entered += 1;
      });
    await settled();
    expect(entered).toBe(0);
    line.resize(2);
    await settled();
    expect([line.inside, line.waiting]).toEqual([2, 3]);
    line.leave();
    await settled();
    expect([line.inside, line.waiting]).toEqual([2, 2]);
    line.resize(0);
    line.leave();
    await settled();
    expect([line.inside, line.waiting]).toEqual([1, 2]);
  });

  it('lets better lanes go first, and of one lane who came first', async () => {
    const line = new PrioritySemaphore(1);
    const order: string[] = [];
    await line.enter('webhook');
    const all = [...lanes.toReversed(), ...lanes].map(async (lane: Lane, number) => {
      await line.enter(lane);
      order.push(`${lane} ${number}`);
      line.leave();
    });
    line.leave();
    await Promise.all(all);
    expect(order).toEqual([
      'webhook 3',
      'webhook 4',
      'manual 2',
      'manual 5',
      'schedule 1',
      'schedule 6',
      'backfill 0',
      'backfill 7',
    ]);
  });

  it('forgets who gives up waiting, and keeps the place of who is inside', async () => {
    const line = new PrioritySemaphore(1);
    const stop = new AbortController();
    await line.enter('manual', stop.signal);
    const waiting = line.enter('manual', stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect([line.inside, line.waiting]).toEqual([1, 0]);
    line.leave();
    await settled();
    expect(line.inside).toBe(0);
    await expect(line.enter('manual', stop.signal)).rejects.toThrow('enough');
  });
});

// Lines that repeat: which are written at once, which are counted, and when the counts are written.
import { beforeEach, describe, expect, it } from 'vitest';
import { LogLimit } from '../../../src/engine/log/log-limit.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('The limit of the log', () => {
  let clock: ManualClock;
  let limit: LogLimit;
  let written: [kind: string, times: number][];

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    limit = new LogLimit(clock);
    written = [];
  });

  const pass = (kind: string, { text = 'a text', maxOfKind = 1 } = {}) =>
    limit.pass({ text, kind, maxOfKind, write: (times) => written.push([kind, times]) });
  const sum = () => written.reduce((all, [, times]) => all + times, 0);

  it('writes the first line at once, and then one a minute with how often it was said', async () => {
    for (let second = 0; second < 300; second += 1) {
      pass('x');
      await clock.advance(1_000);
    }
    expect(written.slice(0, 3)).toEqual([
      ['x', 1],
      ['x', 59],
      ['x', 60],
    ]);
    expect(written.length).toBeLessThanOrEqual(6);
    await clock.advance(60_000);
    expect(sum()).toBe(300);
  });

  it('writes the last count when nothing follows, and then nothing', async () => {
    pass('x');
    pass('x');
    pass('x');
    await clock.advance(59_000);
    expect(written).toEqual([['x', 1]]);
    await clock.advance(1_000);
    expect(written).toEqual([
      ['x', 1],
      ['x', 2],
    ]);
    await clock.advance(600_000);
    expect(written).toHaveLength(2);
    expect(clock.nextWake).toBeNull();
  });

  it('writes a handful of lines of one text, however many kinds of it there are, and loses no count', async () => {
    for (let n = 0; n < 10_000; n += 1) pass(`kind ${n}`);
    expect(written).toHaveLength(5);
    await clock.advance(60_000);
    expect(written.length).toBeLessThanOrEqual(10);
    expect(sum()).toBe(10_000);
  });

  it('keeps texts apart, and forgets those that were not repeated', async () => {
    for (let n = 0; n < 2_000; n += 1) pass('x', { text: `text ${n}` });
    expect(written).toHaveLength(2_000);
    await clock.advance(60_000);
    pass('x', { text: 'text 1999' });
    expect(written).toHaveLength(2_001);
  });

  it('writes what it has counted when it is asked to', () => {
    for (let n = 0; n < 10; n += 1) pass('x');
    limit.writeCounted();
    expect(written).toEqual([
      ['x', 1],
      ['x', 9],
    ]);
  });

  it('writes again at once after the clock was set back', () => {
    pass('x');
    clock = new ManualClock(1);
    const back = new LogLimit({ now: () => now, sleep: () => new Promise(() => {}) });
    let now = 1_000_000;
    const line = {
      text: 't',
      kind: 'x',
      maxOfKind: 1,
      write: (times: number) => written.push(['back', times]),
    };
    back.pass(line);
    now = 1_000;
    back.pass(line);
    expect(written.slice(1)).toEqual([
      ['back', 1],
      ['back', 1],
    ]);
  });
});

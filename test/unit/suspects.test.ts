// Who is to blame where the way to the destination refuses, and when rejections are everybody's.
import { describe, expect, it } from 'vitest';
import { Brake, rejectionsMost } from '../../src/sync/deliver/brake.ts';
import { Suspects } from '../../src/sync/deliver/suspects.ts';

describe('suspects', () => {
  const refusedTimes = (suspects: Suspects, sourceId: string, times: number, from: number) => {
    for (let time = 0; time < times; time += 1) suspects.refused(sourceId, from + time);
  };

  it('blame a customer that is refused while others get through', () => {
    const suspects = new Suspects();
    refusedTimes(suspects, 'bad', 1, 0);
    suspects.accepted(['good'], 10);
    refusedTimes(suspects, 'bad', 2, 20);
    expect(suspects.isToBlame('bad', 30)).toBe(false);
    refusedTimes(suspects, 'bad', 1, 30);
    expect(suspects.isToBlame('bad', 30)).toBe(true);
    suspects.accepted(['bad'], 40);
    expect(suspects.isToBlame('bad', 40)).toBe(false);
  });

  it('blame nobody while others are refused first too: then the connection is the cause', () => {
    const suspects = new Suspects();
    refusedTimes(suspects, 'a', 1, 0);
    suspects.accepted(['good'], 10);
    refusedTimes(suspects, 'a', 9, 20);
    refusedTimes(suspects, 'b', 9, 20);
    expect(suspects.isToBlame('a', 30)).toBe(false);
    expect(suspects.isToBlame('b', 30)).toBe(false);
    suspects.accepted(['good'], 40);
    refusedTimes(suspects, 'a', 1, 50);
    expect(suspects.isToBlame('a', 50)).toBe(true);
    expect(suspects.isToBlame('b', 50)).toBe(true);
  });

  it('blame the only customer there is after ten minutes, and none of several', () => {
    const suspects = new Suspects();
    refusedTimes(suspects, 'a', 8, 0);
    expect(suspects.isToBlame('a', 599_999)).toBe(false);
    expect(suspects.isToBlame('a', 600_000)).toBe(true);
    refusedTimes(suspects, 'b', 8, 0);
    expect(suspects.isToBlame('a', 600_000)).toBe(false);
  });

  it('count a failure as an attempt only where others get through meanwhile', () => {
    const suspects = new Suspects();
    expect(suspects.refused('a', 0)).toBe(false);
    expect(suspects.refused('a', 1)).toBe(false);
    suspects.accepted(['b'], 2);
    expect(suspects.refused('a', 3)).toBe(true);
    expect(suspects.refused('a', 4)).toBe(false);
    expect(suspects.failedTogether(5)).toBe(true);
    expect(suspects.failedTogether(6)).toBe(false);
  });
});

describe('the brake', () => {
  const rejected = (code: string, count: number) => new Map([[code, count]]);

  it('trips at the twentieth rejection with one code, and lets no more become dead letters', () => {
    const brake = new Brake();
    for (let index = 1; index < rejectionsMost; index += 1)
      expect(brake.note({ accepted: 0, rejected: rejected('x', 1) }, index)).toEqual({
        most: rejected('x', 1),
        tripped: null,
      });
    expect(brake.note({ accepted: 0, rejected: rejected('x', 1) }, 99).tripped).toBe('x');
    expect(brake.note({ accepted: 0, rejected: rejected('x', 5) }, 100)).toEqual({
      most: rejected('x', 0),
      tripped: null,
    });
    brake.note({ accepted: 1, rejected: new Map() }, 101);
    expect(brake.trippedAt).toBeNull();
  });

  it('lets twenty of a batch become dead letters where hardly anybody was accepted, and all of them elsewhere', () => {
    const most = (accepted: number) =>
      new Brake().note({ accepted, rejected: rejected('x', 1_990) }, 0).most.get('x');
    expect(most(0)).toBe(rejectionsMost);
    expect(most(10)).toBe(rejectionsMost);
    expect(most(50)).toBe(1_990);
  });

  it('does not trip over codes of our own, nor over few of many codes', () => {
    const brake = new Brake();
    expect(brake.note({ accepted: 0, rejected: rejected('no_remove', 500) }, 0)).toEqual({
      most: rejected('no_remove', 500),
      tripped: null,
    });
    for (const code of ['a', 'b', 'c'])
      expect(brake.note({ accepted: 0, rejected: rejected(code, 19) }, 0).tripped).toBeNull();
  });
});

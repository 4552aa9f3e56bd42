// Who looks dead to an observer, and what must not make a live worker look so.
import { describe, expect, it } from 'vitest';
import { PeerWatch } from '../../../src/engine/work/peer-watch.ts';

const times = { renewMs: 2_000, leaseMs: 10_000 };

function watching() {
  const watch = new PeerWatch(times);
  let now = Date.UTC(2026, 0, 1);
  let renewals = 0;
  return {
    watch,
    /** A look after so many milliseconds, in which the live worker renewed its lease so often. */
    look(afterMs: number, renewed: number) {
      now += afterMs;
      renewals += renewed;
      const peers = [
        { id: 'alive', renewals },
        { id: 'dead', renewals: 7 },
      ];
      watch.look(peers, now);
      return watch.dead.map(({ id }) => id);
    },
  };
}

describe('A peer', () => {
  it('is dead once it was seen not to renew its lease for as long as it lasts', () => {
    const { watch, look } = watching();
    for (let looks = 0; looks < 5; looks += 1) expect(look(2_000, 1)).toEqual([]);
    expect(look(2_000, 1)).toEqual(['dead']);
    expect(watch.dead).toEqual([{ id: 'dead', renewals: 7 }]);
  });

  it('is not dead because the database was gone, for it could not renew its lease then', () => {
    const { look } = watching();
    look(0, 0);
    expect(look(60_000, 0)).toEqual([]);
    expect(look(2_000, 0)).toEqual([]);
    expect(look(2_000, 1)).toEqual([]);
  });

  it('is not dead because the observer was stopped, or its clock was moved ahead', () => {
    const { look } = watching();
    look(0, 0);
    expect(look(3_600_000, 0)).toEqual([]);
    expect(look(2_000, 1)).toEqual([]);
  });

  it('is found dead all the same when the clock of the observer is set back', () => {
    const { look } = watching();
    look(0, 0);
    expect(look(-3_600_000, 1)).toEqual([]);
    for (let looks = 0; looks < 4; looks += 1) expect(look(2_000, 1)).toEqual([]);
    expect(look(2_000, 1)).toEqual(['dead']);
  });

  it('that was evicted or has left is forgotten', () => {
    const watch = new PeerWatch(times);
    watch.presumeDead([{ id: 'gone', renewals: 0 }]);
    expect(watch.dead).toHaveLength(1);
    watch.look([], 0);
    expect(watch.dead).toEqual([]);
  });
});

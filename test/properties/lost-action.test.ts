// What holds of every look for a lost action, whatever others began at the same time: nobody else's is believed for ours, and
// ours is found where the vendor shows it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedAction, ShownAction } from '../../src/connector.ts';
import { acceptedWithin, fits, nextStep, type Sample } from '../../src/sync/deliver/lost-action.ts';

const sourceIds = ['a', 'b', 'c', 'd', 'e'];

/** An action of the vendor, with what its own address shows. */
interface Action extends ListedAction {
  endedAt: number;
  shown: ShownAction;
}

const errorsOf = (ids: readonly string[]) => fc.subarray([...ids]);
const times = fc.record({ acceptedAt: fc.nat(20_000), takes: fc.nat(10_000) });

function action(
  actionId: string,
  named: string[],
  records: number,
  { acceptedAt, takes }: { acceptedAt: number; takes: number },
  isOver = true,
): Action {
  const outcomes = sourceIds.map((sourceId) =>
    named.includes(sourceId)
      ? ({ sourceId, result: 'rejected', code: 'bad', message: 'No' } as const)
      : ({ sourceId, result: 'accepted' } as const),
  );
  return { actionId, acceptedAt, endedAt: acceptedAt + takes, isOver, shown: { records, named, outcomes } };
}

const ours = fc
  .tuple(errorsOf(sourceIds), times, fc.boolean())
  .map(([named, at, isOver]) => action('ours', named, sourceIds.length, at, isOver));
/** Often as many records as ours, with the errors of nobody or of strangers. */
const others = fc.array(
  fc.tuple(
    fc.constantFrom(5, 5, 4, 6, 0),
    fc.constantFrom<string[]>([], [], ['x'], ['a', 'x']),
    times,
    fc.boolean(),
  ),
  { maxLength: 4 },
);
const world = fc
  .record({ ours: fc.option(ours, { nil: null }), others, tellsWritten: fc.boolean(), lateMs: fc.nat(200) })
  .map(({ others, ...rest }) => ({
    ...rest,
    others: others.map(([records, named, at, isOver], index) =>
      action(`other ${index}`, named, records, at, isOver),
    ),
  }));
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** Looks until there is nothing more to do, and returns the last step with the number of calls it took. */
function look({ ours, others, tellsWritten, lateMs }: World) {
  const all = [...others, ...(ours ? [ours] : [])];
  const listed = all.map(
    ({ shown: _, endedAt, ...entry }): ListedAction => ({ ...entry, ...(entry.isOver && { endedAt }) }),
  );
  const shown = new Map<string, ShownAction | null>();
  const samples: Sample[] = [];
  for (let calls = 0; ; calls += 1) {
    if (calls > 20) throw new Error('it goes on for ever');
    const step = nextStep(sourceIds, { listed, shown, samples, unread: sourceIds.length - samples.length });
    if (step.step === 'show') {
      const found = all.find(({ actionId }) => actionId === step.actionId)!;
      expect(shown.has(step.actionId)).toBe(false);
      shown.set(step.actionId, found.isOver ? found.shown : null);
    } else if (step.step === 'read') {
      // The last customer first.
      const sourceId = sourceIds.at(-1 - samples.length)!;
      const isHeld = ours?.isOver === true && !ours.shown.named.includes(sourceId);
      const written = tellsWritten &&
        isHeld && { writtenAt: Math.max(ours.acceptedAt, ours.endedAt - lateMs) };
      samples.push({ sourceId, isHeld, isNew: true, ...written });
    } else return { step, calls, samples };
  }
}

describe('a lost action', () => {
  it("is never another's that says something else, nor any where the call did not arrive", () => {
    fc.assert(
      fc.property(world, (world) => {
        const { step } = look(world);
        if (step.step !== 'believe') return;
        expect(world.ours?.isOver).toBe(true);
        const believed = [...world.others, world.ours!].find(({ actionId }) => actionId === step.actionId)!;
        expect(believed.shown.outcomes).toEqual(world.ours!.shown.outcomes);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is found where it is over, and so are the others, and the customer that is read was not rejected', () => {
    fc.assert(
      fc.property(world, (world) => {
        const isOver = world.ours?.isOver && world.others.every(({ isOver }) => isOver);
        if (isOver && !world.ours!.shown.named.includes('e')) expect(look(world).step.step).toBe('believe');
      }),
      { numRuns: 5_000 },
    );
  });

  it('is found with two calls after the list beside one twin that ended at another time', () => {
    fc.assert(
      fc.property(world, errorsOf(['a', 'b', 'c', 'd']), fc.nat(10_000), (world, named, apart) => {
        if (!world.ours) return;
        const mine = {
          ...world.ours,
          isOver: true,
          shown: action('', named, 5, { acceptedAt: 0, takes: 0 }).shown,
        };
        const takes = mine.endedAt - mine.acceptedAt + 701 + apart;
        const twin = action('twin', [], 5, { acceptedAt: mine.acceptedAt, takes });
        const { step, calls } = look({ ...world, ours: mine, others: [twin], tellsWritten: true });
        expect([step, calls]).toEqual([{ step: 'believe', actionId: 'ours' }, 2]);
      }),
    );
  });

  it('costs one call after the list to know that none is it, however many there are', () => {
    fc.assert(
      fc.property(world, (world) => {
        const { step, calls } = look({ ...world, ours: null });
        expect(['none', 'wait']).toContain(step.step);
        expect(calls).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is waited for while one that may be it goes on', () => {
    const mine = action('ours', [], 5, { acceptedAt: 0, takes: 0 }, false);
    expect(look({ ours: mine, others: [], tellsWritten: true, lateMs: 0 })).toMatchObject({
      step: { step: 'wait' },
      calls: 0,
    });
  });

  it('is not believed on a customer that was held so before, unless it was written since', () => {
    const [listed] = [{ actionId: 'x', acceptedAt: 10_000, endedAt: 12_000, isOver: true }];
    const shown = new Map([['x', action('x', [], 5, { acceptedAt: 0, takes: 0 }).shown]]);
    const stepWith = (sample: Partial<Sample>) =>
      nextStep(sourceIds, {
        listed: [listed!],
        shown,
        samples: [{ sourceId: 'a', isHeld: true, isNew: false, ...sample }],
        unread: 0,
      }).step;
    expect(stepWith({})).toBe('none');
    expect(stepWith({ writtenAt: 5_000 })).toBe('none');
    expect(stepWith({ writtenAt: 20_000 })).toBe('none');
    expect(stepWith({ writtenAt: 11_000 })).toBe('believe');
    expect(stepWith({ isNew: true })).toBe('believe');
    expect(stepWith({ isNew: true, writtenAt: 5_000 })).toBe('none');
  });
});

describe('the time in which it was accepted', () => {
  it("holds the acceptance by the vendor's clock, however far ahead that is, and a gateway that is late", () => {
    const sentAt = fc.nat(1_000_000);
    fc.assert(
      fc.property(
        sentAt,
        fc.nat(200_000),
        fc.nat(60_000),
        fc.integer({ min: -9e6, max: 9e6 }),
        fc.nat(1_000),
        (sentAt, took, late, ahead, off) => {
          const call = { sentAt, lostAt: sentAt + took };
          for (const acceptedAt of [sentAt, sentAt + took, sentAt + took + late]) {
            const { from, until } = acceptedWithin(call, { least: ahead - off, most: ahead + off });
            expect(acceptedAt + ahead).toBeGreaterThanOrEqual(from);
            expect(acceptedAt + ahead).toBeLessThan(until);
          }
        },
      ),
    );
    expect(acceptedWithin({ sentAt: 0, lostAt: 0 }, null)).toEqual({ from: -125_000, until: 185_000 });
  });
});

describe('an action', () => {
  it('fits where it counts as many as were sent and names nobody else', () => {
    const { shown } = action('x', ['a'], 5, { acceptedAt: 0, takes: 0 });
    expect(fits(shown, sourceIds)).toBe(true);
    expect(fits({ ...shown, records: 4 }, sourceIds)).toBe(false);
    expect(fits({ ...shown, named: ['a', 'x'] }, sourceIds)).toBe(false);
  });
});

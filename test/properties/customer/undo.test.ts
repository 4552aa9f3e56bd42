// Whatever happened before and since, undoing a run brings each customer back to what it was before the run, except for what is
// named as spared. The rows are plain values here; planning, folding and keeping are the product's.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Fields, Json } from '../../../src/connector.ts';
import { compileMerge, merge } from '../../../src/customer/merge.ts';
import {
  noOverrides,
  type Overrides,
  type PastChange,
  planUndo,
  type Spared,
  undoneFor,
  withUndone,
} from '../../../src/customer/undo.ts';
import { type CustomerRow, foldOne, ownFields } from '../../../src/tables/customers.ts';
import type { StandingRecord } from '../../../src/tables/records.ts';
import { fc } from '../../support/properties.ts';
import { times } from '../../support/random.ts';

const fieldNames = ['name', 'phone', 'metadata.tier'] as const;
const ids = ['a', 'b', 'c', 'd'];
const sources = ['crm', 'shop'] as const;

type Revision = Omit<PastChange, 'isOfRun'> & { runId: number | null };
interface Held {
  row: CustomerRow;
  overrides: Overrides;
  revisions: Revision[];
  createdBy: number | null;
  withheldBy: number | null;
  deletionRefused: boolean;
}

/** Customers and their records, as the tables would hold them. */
class World {
  readonly customers = new Map<string, Held>();
  readonly #records = new Map<string, StandingRecord>();
  readonly #undoes = new Map<number, number>();
  #policy = compileMerge({}, [...sources]);
  #clock = 0;
  runs = 0;

  begin(): number {
    this.runs += 1;
    return this.runs;
  }

  /** One record arrives: `body` null deletes it. */
  record(source: string, sourceId: string, body: Fields | null, runId: number | null): void {
    this.#clock += 1;
    const key = `${source} ${sourceId}`;
    const known = this.#records.get(key);
    if (body === null && !known) return;
    this.#records.set(key, {
      ...{ source, stream: 'people', recordId: sourceId, sourceId, good: null, mergedInto: null },
      ...{ changedAt: this.#clock, deleted: body === null, body: (body ?? known!.body) as never },
    });
    this.refold(sourceId, runId, runId === null ? `by ${source}, without a run` : `by run ${runId}`);
  }

  /** The mapping changes: the other source wins from now on. */
  remap(first: string, runId: number): void {
    this.#policy = compileMerge({ default: 'precedence', sources: [first] }, [...sources]);
    for (const id of ids) this.refold(id, runId, `by run ${runId}`);
  }

  pin(sourceId: string, field: string, value: Json | undefined): void {
    const held = this.customers.get(sourceId);
    if (!held) return;
    const pins = { ...held.overrides.pins };
    const undone = { ...held.overrides.undone };
    if (value === undefined) delete pins[field];
    else {
      pins[field] = value;
      delete undone[field];
    }
    held.overrides = { pins, undone };
    this.refold(sourceId, null, 'by a person');
  }

  recordsOf(sourceId: string): StandingRecord[] {
    return [...this.#records.values()].filter((record) => record.sourceId === sourceId);
  }

  fold = (records: readonly StandingRecord[], pins: Fields): Fields =>
    merge(
      records.map(({ body, ...record }) => ({ ...record, fields: body as Fields })),
      this.#policy,
      pins,
    );

  refold(sourceId: string, runId: number | null, by: string): void {
    const held = this.customers.get(sourceId);
    const records = this.recordsOf(sourceId);
    if (held && records.length > 0) {
      const { pins, undone } = held.overrides;
      const { over } = withUndone(ownFields(records, pins, this.fold)!, undone);
      held.overrides = { pins, undone: without(undone, over) };
    }
    const next = foldOne(sourceId, held?.row, records, held?.overrides ?? noOverrides, this.fold);
    if (!next) return;
    const { changed, wasOrphaned, ...row } = next;
    if (!held) {
      this.customers.set(sourceId, {
        ...{ row, overrides: noOverrides, revisions: [], createdBy: runId },
        ...{ withheldBy: null, deletionRefused: false },
      });
      return;
    }
    const orphaned = row.orphaned === wasOrphaned ? null : row.orphaned;
    if (orphaned === false) held.deletionRefused = false;
    Object.assign(held, { row, withheldBy: null });
    held.revisions.push({ changed, orphaned, runId, by });
  }

  /** Undoes a run, for these customers only where given: as if it died there. Returns the undo, and what it spared. */
  undo(
    of: number,
    {
      takesCreated,
      only = ids,
      runId = this.begin(),
    }: { takesCreated: boolean; only?: readonly string[]; runId?: number },
  ): { runId: number; spared: Map<string, Spared[]>; changed: number } {
    this.#undoes.set(runId, of);
    const family = new Set([of]);
    for (const [undo, undone] of this.#undoes) if (family.has(undone)) family.add(undo);
    const spared = new Map<string, Spared[]>();
    let count = 0;
    for (const sourceId of only) {
      const held = this.customers.get(sourceId);
      if (!held) continue;
      const isCreated = held.createdBy === of;
      const changes = held.revisions.map(({ runId, ...one }) => ({
        ...one,
        isOfRun: runId !== null && family.has(runId),
      }));
      const first = isCreated ? 0 : changes.findIndex(({ isOfRun }) => isOfRun);
      const plan = planUndo(
        {
          wasOrphaned:
            changes.slice(0, Math.max(first, 0)).findLast((one) => one.orphaned !== null)?.orphaned === true,
          ...{ changes: first === -1 ? [] : changes.slice(first), isCreated, isMerged: false, drift: null },
          ...{ isWithheld: held.withheldBy !== null, deletionRefused: held.deletionRefused },
          isWithheldByRun: held.withheldBy !== null && family.has(held.withheldBy),
          ...{ fields: held.row.fields, orphaned: held.row.orphaned, pins: held.overrides.pins },
        },
        { takesCreated },
      );
      spared.set(sourceId, plan.spared);
      const { pins, undone } = held.overrides;
      const kept = undoneFor(ownFields(this.recordsOf(sourceId), pins, this.fold)!, plan.fields, runId);
      if (Object.keys(plan.fields).length > 0) {
        held.overrides = { pins, undone: { ...without(undone, kept.drop), ...kept.set } };
        this.refold(sourceId, runId, `by run ${runId}`);
      }
      if (plan.keep !== null) held.deletionRefused = plan.keep;
      if (plan.withhold !== null) held.withheldBy = plan.withhold ? runId : null;
      const isTurned = plan.keep !== null || plan.withhold !== null;
      if (isTurned)
        held.revisions.push({
          ...{ changed: {}, runId, by: `by run ${runId}` },
          orphaned: plan.keep === null ? null : !plan.keep,
        });
      if (isTurned || Object.keys(plan.fields).length > 0) count += 1;
    }
    return { runId, spared, changed: count };
  }

  /** What the destination is to have of each customer; null: nothing. */
  wanted(): Map<string, Fields | null> {
    return new Map(
      ids.map((id) => {
        const held = this.customers.get(id);
        const isThere = held && held.withheldBy === null && (!held.row.orphaned || held.deletionRefused);
        return [id, isThere ? held.row.fields : null];
      }),
    );
  }
}

function without<Value>(
  all: { [field: string]: Value },
  names: readonly string[],
): { [field: string]: Value } {
  return Object.fromEntries(Object.entries(all).filter(([field]) => !names.includes(field)));
}

// ── Histories ───────────────────────────────────────────────────────────────────────────────────────────────────

const value = fc.constantFrom<Json>('x', 'y', 'z', null);
const body = fc.record(
  { name: value, phone: value, 'metadata.tier': value },
  { requiredKeys: [] },
) as fc.Arbitrary<Fields>;
const id = fc.constantFrom(...ids);
const change = fc.record({ source: fc.constantFrom(...sources), id, body: fc.option(body, { freq: 5 }) });
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ run: fc.array(change, { minLength: 1, maxLength: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ webhook: change }) },
  {
    weight: 1,
    arbitrary: fc.record({
      pin: fc.record({
        id,
        field: fc.constantFrom(...fieldNames),
        value: fc.option(value, { nil: undefined }),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ remap: fc.constantFrom(...sources) }) },
  { weight: 1, arbitrary: fc.record({ undo: fc.nat(), takesCreated: fc.boolean() }) },
);
type Event = typeof event extends fc.Arbitrary<infer One> ? One : never;

function play(world: World, one: Event): number | null {
  if ('run' in one) {
    const run = world.begin();
    for (const { source, id, body } of one.run) world.record(source, id, body, run);
    return run;
  }
  if ('webhook' in one) world.record(one.webhook.source, one.webhook.id, one.webhook.body, null);
  else if ('pin' in one) world.pin(one.pin.id, one.pin.field, one.pin.value);
  else if ('remap' in one) {
    const run = world.begin();
    world.remap(one.remap, run);
    return run;
  } else if (world.runs > 0)
    return world.undo(1 + (one.undo % world.runs), { takesCreated: one.takesCreated }).runId;
  return null;
}

const history = (maxLength: number) => fc.array(event, { maxLength });
const bodyOfRun = fc.oneof(
  { weight: 3, arbitrary: fc.record({ run: fc.array(change, { minLength: 1, maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ remap: fc.constantFrom(...sources) }) },
);

/** So many histories of each property: 10,000 and more in a long run. */
const numRuns = times(500);

describe('a run undone', () => {
  it('leaves each customer as it was before the run, except for what is named as spared', () => {
    const seen = { back: 0, spared: 0 };
    fc.assert(
      fc.property(history(8), bodyOfRun, history(6), fc.boolean(), (before, run, since, takesCreated) => {
        const world = new World();
        for (const one of before) play(world, one);
        const was = world.wanted();
        const away = new Set(
          [...world.customers].flatMap(([id, { withheldBy }]) => (withheldBy === null ? [] : [id])),
        );
        const of = play(world, run)!;
        const touched = new Map(ids.map((id) => [id, touchedBy(world.customers.get(id), of)]));
        for (const one of since) play(world, one);
        const then = world.wanted();
        const { spared, changed } = world.undo(of, { takesCreated });
        seen.back += changed;
        const is = world.wanted();
        for (const id of ids) {
          const left = spared.get(id) ?? [];
          seen.spared += left.length;
          const { createdBy } = world.customers.get(id) ?? { createdBy: null };
          if (left.some(({ field }) => field === null) || createdBy === of) {
            // The customer itself is spared, or taken away.
            const isSpared = left.some(({ field }) => field === null);
            if (createdBy === of)
              expect(isSpared ? is.get(id) : null).toEqual(isSpared ? then.get(id) : null);
            continue;
          }
          for (const field of fieldNames) {
            const isLeft = left.some((one) => one.field === field) || !touched.get(id)!.has(field);
            const expected = isLeft ? then : was;
            if (is.get(id) && expected.get(id))
              expect(is.get(id)![field], `${id} ${field}`).toEqual(expected.get(id)![field]);
          }
          if (touched.get(id)!.has('') && !away.has(id))
            expect(is.get(id) === null, id).toBe(was.get(id) === null);
        }
      }),
      { numRuns },
    );
    expect(seen.back).toBeGreaterThan(numRuns / 4);
    expect(seen.spared).toBeGreaterThan(numRuns / 4);
  });

  it('spares nothing where nobody has changed anything since', () => {
    fc.assert(
      fc.property(history(8), bodyOfRun, (before, run) => {
        const world = new World();
        for (const one of before) play(world, one);
        const was = world.wanted();
        // One that an earlier undo took away comes back by any change of a record, and stays.
        const away = new Set(
          [...world.customers].flatMap(([id, { withheldBy }]) => (withheldBy === null ? [] : [id])),
        );
        const pinned = new Set(
          [...world.customers].flatMap(([id, { overrides }]) =>
            Object.keys(overrides.pins).map((field) => `${id} ${field}`),
          ),
        );
        const { spared } = world.undo(play(world, run)!, { takesCreated: true });
        // A pin hides what a run changes: then nothing was changed.
        for (const [id, left] of spared)
          for (const { field, because } of left)
            expect(because === 'returned' || pinned.has(`${id} ${field}`), `${id} ${field} ${because}`).toBe(
              true,
            );
        const is = world.wanted();
        for (const id of ids)
          if (!away.has(id) && !(spared.get(id) ?? []).some(({ field }) => field === null))
            expect(is.get(id)).toEqual(was.get(id));
      }),
      { numRuns },
    );
  });

  it('undone again and again changes nothing more, and a death between customers loses nothing', () => {
    fc.assert(
      fc.property(history(8), bodyOfRun, history(4), fc.nat(ids.length), (before, run, since, died) => {
        const [whole, cut] = [new World(), new World()];
        let of = 0;
        for (const world of [whole, cut]) {
          for (const one of before) play(world, one);
          of = play(world, run)!;
          for (const one of since) play(world, one);
        }
        whole.undo(of, { takesCreated: true });
        const { runId } = cut.undo(of, { takesCreated: true, only: ids.slice(0, died) });
        // Taken up again at its checkpoint, or from the beginning: either way it ends alike.
        cut.undo(of, { takesCreated: true, runId });
        expect(cut.wanted()).toEqual(whole.wanted());
        expect(whole.undo(of, { takesCreated: true }).changed).toBe(0);
      }),
      { numRuns },
    );
  });

  it('is itself undone by an undo: then everything is as it was before the undo', () => {
    fc.assert(
      fc.property(history(8), bodyOfRun, history(4), fc.boolean(), (before, run, since, takesCreated) => {
        const world = new World();
        for (const one of before) play(world, one);
        const of = play(world, run)!;
        for (const one of since) play(world, one);
        const then = world.wanted();
        const { runId } = world.undo(of, { takesCreated });
        world.undo(runId, { takesCreated: false });
        expect(world.wanted()).toEqual(then);
      }),
      { numRuns },
    );
  });

  it('stays undone when the same records are read again, and ends for a field as soon as its records say something else', () => {
    fc.assert(
      fc.property(history(8), bodyOfRun, history(6), (before, run, later) => {
        const world = new World();
        for (const one of before) play(world, one);
        world.undo(play(world, run)!, { takesCreated: false });
        const is = world.wanted();
        for (const id of ids) world.refold(id, world.begin(), 'by a full sync');
        expect(world.wanted()).toEqual(is);
        for (const one of later) play(world, one);
        for (const [id, { row, overrides }] of world.customers) {
          const own = ownFields(world.recordsOf(id), overrides.pins, world.fold)!;
          for (const field of new Set([...Object.keys(own), ...Object.keys(row.fields)])) {
            const undone = overrides.undone[field];
            const stands = undone && isDeepStrictEqual(undone.insteadOf, own[field]);
            expect(row.fields[field]).toEqual(stands ? undone.value : own[field]);
            // None is kept that does not stand.
            expect(undone === undefined || stands).toBe(true);
          }
        }
      }),
      { numRuns },
    );
  });
});

/** The fields that the run changed; empty: the customer itself left or came back. */
function touchedBy(held: Held | undefined, runId: number): Set<string> {
  const own = (held?.revisions ?? []).filter((revision) => revision.runId === runId);
  return new Set(
    own.flatMap(({ changed, orphaned }) => [...Object.keys(changed), ...(orphaned === null ? [] : [''])]),
  );
}

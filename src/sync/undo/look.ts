// Looks at customers of a run and plans for each what undoing it does. It reads one batch, and writes nothing.
import type { Fields } from '../../connector.ts';
import { sameJson } from '../../customer/json.ts';
import { noOverrides, planUndo, type UndoPlan, withUndone } from '../../customer/undo.ts';
import type { Queryable } from '../../db/database.ts';
import { ownFields } from '../../tables/customers.ts';
import { overridesOf } from '../../tables/pins.ts';
import { recordsOf } from '../../tables/records.ts';
import { undoFamily } from '../../tables/runs.ts';
import type { Rules } from '../intake/rules.ts';
import {
  allChanges,
  changesSince,
  type UndoFamily,
  type UndoRow,
  undoRows,
} from '../views/undo-customers.ts';

/** What is undone. `takesCreated`: customers that the run created are taken away from the destination. */
export interface Undoing {
  family: UndoFamily;
  takesCreated: boolean;
}

export interface Looked {
  row: UndoRow;
  /** What the records and pins give. Null: that cannot be told. */
  own: Fields | null;
  /** It is not what its records give by now: its mapping has changed, and it has not been mapped again yet. */
  isStale: boolean;
  plan: UndoPlan;
}

export async function undoing(db: Queryable, runId: number, takesCreated: boolean): Promise<Undoing> {
  return { family: { runId, all: await undoFamily(db, runId) }, takesCreated };
}

export async function look(
  db: Queryable,
  rules: Rules,
  { family, takesCreated }: Undoing,
  sourceIds: readonly string[],
): Promise<Looked[]> {
  const rows = await undoRows(db, sourceIds);
  const isCreated = ({ createdRunId }: UndoRow) => createdRunId === family.runId;
  const created = rows.filter(isCreated).map(({ sourceId }) => sourceId);
  const changes = new Map([
    ...(await changesSince(db, family, sourceIds)),
    // Of a customer that the run made, any later revision is somebody else's.
    ...(await allChanges(db, family, created)),
  ]);
  const overrides = await overridesOf(db, sourceIds);
  const records = Map.groupBy(await recordsOf(db, sourceIds), ({ sourceId }) => sourceId);
  return rows.map((row) => {
    const { sourceId, fields, orphaned, deletionRefused, withheldBy, isMerged } = row;
    const { pins, undone } = overrides.get(sourceId) ?? noOverrides;
    const plan = planUndo(
      {
        ...{ fields, orphaned, deletionRefused, isMerged, pins },
        ...(changes.get(sourceId) ?? { changes: [], wasOrphaned: false }),
        isCreated: isCreated(row),
        isWithheld: withheldBy !== null,
        isWithheldByRun: withheldBy !== null && family.all.includes(withheldBy),
        drift: driftOf(row),
      },
      { takesCreated },
    );
    const own = ownFields(records.get(sourceId) ?? [], pins, rules.fold);
    if (own === null) return { row, own, isStale: false, plan: withoutFields(plan) };
    return { row, own, isStale: !sameJson(withUndone(own, undone).fields, fields), plan };
  });
}

/** Whether anything is to be done. */
export function isBack({ plan }: Looked): boolean {
  return Object.keys(plan.fields).length > 0 || plan.keep !== null || plan.withhold !== null;
}

/** What the destination holds otherwise than it acknowledged is somebody else's. */
function driftOf({ drift }: UndoRow) {
  if (drift === null || drift.kind === 'unknown') return null;
  const fields = drift.kind === 'deleted' ? ('all' as const) : new Set(Object.keys(drift.fields));
  return {
    fields,
    by: `by somebody at the destination, found by ${drift.by === 'webhook' ? 'its webhook' : drift.by}`,
  };
}

/** Values cannot be kept where it is not known what they would be kept against. */
function withoutFields(plan: UndoPlan): UndoPlan {
  const because = 'not mapped' as const;
  const by = 'by nobody: a source that the configuration no longer names has a record of it';
  const spared = Object.keys(plan.fields).map((field) => ({ field, because, by }));
  return { ...plan, fields: {}, spared: [...plan.spared, ...spared] };
}

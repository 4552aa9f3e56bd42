// What undoing a run does to one customer: which of its fields go back to what they were, which are spared and why, and what
// keeps them so. Pure: a customer as its revisions tell of it, nothing of rows.
import type { Fields, Json } from '../connector.ts';
import { sameJson } from './json.ts';

/** By field: the value before and after; a side is missing where the field was in no contribution. */
export type Changed = { [field: string]: { from?: Json; to?: Json } };

/** A value that an undo brought back. It stands while the records give `insteadOf`; a side is missing where the field is in no contribution. */
export interface Undone {
  /** The run that brought it back. */
  runId: number;
  value?: Json;
  insteadOf?: Json;
}

export type UndoneFields = { [field: string]: Undone };

/** What stands in place of what records say: values pinned by a person, and values that an undo brought back. */
export interface Overrides {
  pins: Fields;
  undone: UndoneFields;
}

export const noOverrides: Overrides = { pins: {}, undone: {} };

/**
 * The fields with what was undone in place of what the records give. `over`: fields of which the records give something
 * else by now, so that it stands no more.
 */
export function withUndone(own: Fields, undone: UndoneFields): { fields: Fields; over: string[] } {
  const names = Object.keys(undone);
  if (names.length === 0) return { fields: own, over: [] };
  const over = names.filter((field) => !sameSide(sideOf(own, field), insteadOf(undone[field]!)));
  const fields = { ...own };
  for (const field of names) {
    if (over.includes(field)) continue;
    const one = undone[field]!;
    if (Object.hasOwn(one, 'value')) fields[field] = one.value!;
    else delete fields[field];
  }
  return { fields: Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))), over };
}

/** Null: the field is in no contribution. */
type Side = { value: Json } | null;

function sideOf(fields: Fields, field: string): Side {
  return Object.hasOwn(fields, field) ? { value: fields[field]! } : null;
}

function sidesOf(change: Changed[string]): { from: Side; to: Side } {
  const side = (name: 'from' | 'to'): Side => (change[name] === undefined ? null : { value: change[name] });
  return { from: side('from'), to: side('to') };
}

function insteadOf(undone: Undone): Side {
  return Object.hasOwn(undone, 'insteadOf') ? { value: undone.insteadOf! } : null;
}

function sameSide(a: Side, b: Side): boolean {
  return a === null || b === null ? a === b : sameJson(a.value, b.value);
}

// ── Planning ────────────────────────────────────────────────────────────────────────────────────────────────────

/** One revision. `isOfRun`: the run made it that is undone, or an undo of it. `by`: what made it, in words. */
export interface PastChange {
  changed: Changed;
  /** Whether it left the customer without a record (true), or gave it one again (false). Null: neither. */
  orphaned: boolean | null;
  isOfRun: boolean;
  by: string;
}

export interface UndoneCustomer {
  /** The revisions since the first that the run made, the oldest first. */
  changes: readonly PastChange[];
  /** Before those revisions no record spoke of it, and it was not kept without. */
  wasOrphaned: boolean;
  /** The run made the customer. */
  isCreated: boolean;
  /** The run took the customer away as one that another run had made: undoing it brings the customer back. */
  isWithheldByRun: boolean;
  isWithheld: boolean;
  fields: Fields;
  pins: Fields;
  orphaned: boolean;
  deletionRefused: boolean;
  /** A record of it was taken over by another. */
  isMerged: boolean;
  /** By field, or all of them: what the destination holds that it did not acknowledge, and who found it. */
  drift: { fields: ReadonlySet<string> | 'all'; by: string } | null;
}

export type SparedReason =
  | 'changed later'
  | 'pinned'
  | 'drifted'
  | 'created'
  | 'merged'
  | 'returned'
  | 'not mapped';

/** What is left as it is. `field` null: the customer itself. `by`: who made it so, in words that begin with "by". */
export interface Spared {
  field: string | null;
  because: SparedReason;
  by: string;
}

export interface UndoPlan {
  /** By field what it is to be again: both sides, as in a revision. */
  fields: Changed;
  /** Whether a customer without records is kept at the destination: true, false, or null where that stays. */
  keep: boolean | null;
  /** Whether the customer is taken away from the destination: true, false for one that comes back, or null. */
  withhold: boolean | null;
  spared: Spared[];
}

/** What undoing the run does to one customer. `takesCreated`: customers that it made are taken away. */
export function planUndo(customer: UndoneCustomer, { takesCreated }: { takesCreated: boolean }): UndoPlan {
  const plan: UndoPlan = { fields: {}, keep: null, withhold: null, spared: [] };
  if (customer.isCreated) return planCreated(customer, takesCreated, plan);
  if (customer.isWithheldByRun) plan.withhold = false;
  planPresence(customer, plan);
  const touched = new Set(
    customer.changes.flatMap(({ isOfRun, changed }) => (isOfRun ? Object.keys(changed) : [])),
  );
  for (const field of [...touched].sort()) planField(customer, field, plan);
  return plan;
}

function planCreated(customer: UndoneCustomer, takesCreated: boolean, plan: UndoPlan): UndoPlan {
  if (customer.isWithheld) return plan;
  const later = customer.changes.findLast(({ isOfRun }) => !isOfRun);
  const [pinned] = Object.keys(customer.pins);
  const spare = (because: Spared['because'], by: string) => plan.spared.push({ field: null, because, by });
  if (later) spare('changed later', later.by);
  else if (pinned !== undefined) spare('pinned', `by a person, who pinned ${pinned}`);
  else if (customer.drift) spare('drifted', customer.drift.by);
  else if (!takesCreated) spare('created', 'by the run');
  else plan.withhold = true;
  return plan;
}

function planPresence(
  { changes, wasOrphaned, orphaned, deletionRefused, isMerged }: UndoneCustomer,
  plan: UndoPlan,
): void {
  const turns = changes.filter((change) => change.orphaned !== null);
  const first = turns.findIndex(({ isOfRun }) => isOfRun);
  if (first === -1) return;
  const turnBefore = turns[first - 1];
  const wasThere = turnBefore ? turnBefore.orphaned === false : !wasOrphaned;
  const isThere = !orphaned || deletionRefused;
  if (wasThere === isThere) return;
  const spare = (because: Spared['because'], by: string) => plan.spared.push({ field: null, because, by });
  const later = turns.slice(first).findLast(({ isOfRun }) => !isOfRun);
  if (later) spare('changed later', later.by);
  else if (wasThere && isMerged) spare('merged', 'by the vendor, who merged its record into another');
  else if (!wasThere && !orphaned) spare('returned', 'by the run');
  else plan.keep = wasThere;
}

function planField(customer: UndoneCustomer, field: string, plan: UndoPlan): void {
  const { changes, fields, pins, drift } = customer;
  const own = changes.filter(({ changed }) => Object.hasOwn(changed, field));
  const first = own.findIndex(({ isOfRun }) => isOfRun);
  const target = sidesOf(own[first]!.changed[field]!).from;
  const present = sideOf(fields, field);
  if (sameSide(present, target)) return;
  const spare = (because: Spared['because'], by: string) => plan.spared.push({ field, because, by });
  const later = own.slice(first).findLast(({ isOfRun }) => !isOfRun);
  if (Object.hasOwn(pins, field)) spare('pinned', 'by a person');
  else if (later) spare('changed later', later.by);
  else if (drift && (drift.fields === 'all' || drift.fields.has(field))) spare('drifted', drift.by);
  else
    plan.fields[field] = {
      ...(present && { from: present.value }),
      ...(target && { to: target.value }),
    };
}

// ── Keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** What keeps these values: an undone value for each that the records do not give by themselves. The others need none. */
export function undoneFor(own: Fields, back: Changed, runId: number): { set: UndoneFields; drop: string[] } {
  const set: UndoneFields = {};
  const drop: string[] = [];
  for (const [field, change] of Object.entries(back)) {
    const [target, said] = [sidesOf(change).to, sideOf(own, field)];
    if (sameSide(target, said)) drop.push(field);
    else
      set[field] = { runId, ...(target && { value: target.value }), ...(said && { insteadOf: said.value }) };
  }
  return { set, drop };
}

// What must be written of claimed customers: each one's fields against what was acknowledged, or what the delete policy
// says of one that all its records have left. It reads rows, sends nothing.
import type { Destination, Fields, Json, JsonObject, LearnedBy } from '../../connector.ts';
import { acknowledge, changes } from '../../customer/diff.ts';
import { groupOf } from '../../customer/fields.ts';
import type { Queryable } from '../../db/database.ts';
import { type SendableRow, sendableRows } from '../../tables/acknowledgements.ts';
import type { OrphanPolicy } from '../../tables/breaker.ts';
import type { Claimed } from '../../tables/deliveries.ts';

/** One customer as it is about to be written. */
export interface Writing {
  sourceId: string;
  /** The revision that is sent; at least the one claimed. */
  revision: number;
  attempts: number;
  uncertain: boolean;
  /** In no batch with others. */
  alone: boolean;
  /** `none`: the destination has it all already, or is to be told nothing. */
  action: 'none' | 'write' | 'remove' | 'erase';
  /** What will be acknowledged when it is accepted. Null: the destination then has nothing of it that we know of. */
  acknowledges: Fields | null;
  /** Null where nothing is written. */
  payload: JsonObject | null;
  /** Of the payload as JSON, in UTF-8. */
  bytes: number;
  /** Objects are written in part: a vendor that replaces them would lose what others keep there. */
  partial: boolean;
  /** The destination has acknowledged it before, or an attempt may have arrived. */
  sent: boolean;
}

/** A field that is in no contribution any more is cleared at the destination: we wrote it, and it is true no more. */
const withdrawn = 'clear';

/** So many are read and compared in one turn: what is urgent goes in between. */
const atOnce = 200;

export interface Sending {
  destination: Destination<unknown>;
  settings: unknown;
  onOrphaned: OrphanPolicy;
}

/**
 * What to do with claimed customers. Those that were erased or held since they were claimed are `gone`. `yieldToUrgent`: awaited
 * between two parts. `by`: how they are to be written. `maxBytes`: of their payloads as one list; those that fit in no more, after the first, are `left`. A
 * thousand large customers fill the memory that many small ones do.
 */
export async function writings(
  db: Queryable,
  claimed: readonly Claimed[],
  sending: Sending,
  {
    by,
    maxBytes = Number.POSITIVE_INFINITY,
    yieldToUrgent = async () => {},
  }: { by: LearnedBy; maxBytes?: number; yieldToUrgent?: () => Promise<void> },
): Promise<{ all: Writing[]; left: Claimed[]; gone: Claimed[] }> {
  const all: Writing[] = [];
  const left: Claimed[] = [];
  const gone: Claimed[] = [];
  let bytes = 2;
  for (let from = 0; from < claimed.length && left.length === 0; from += atOnce) {
    if (from > 0) await yieldToUrgent();
    const byId = new Map(claimed.slice(from, from + atOnce).map((row) => [row.sourceId, row]));
    for (const row of await sendableRows(db, [...byId.keys()], 'waiting')) {
      const one = byId.get(row.sourceId)!;
      byId.delete(row.sourceId);
      const writing = writingOf(row, one, sending, by);
      bytes += writing.bytes + 1;
      if (bytes > maxBytes && all.length > 0) left.push(one);
      else all.push(writing);
    }
    gone.push(...byId.values());
    if (left.length > 0) left.push(...claimed.slice(from + atOnce));
  }
  return { all, left, gone };
}

/** What would be sent of held customers, with both sides of each field. */
export interface Preview {
  action: Writing['action'];
  /** By field: what the destination acknowledged, and what it is to be. */
  difference: { [field: string]: { from: Json; to: Json } };
  payload: JsonObject | null;
}

export async function heldPreviews(
  db: Queryable,
  sourceIds: readonly string[],
  sending: Sending,
): Promise<Map<string, Preview>> {
  const rows = await sendableRows(db, sourceIds, 'held');
  return new Map(
    rows.map((row) => {
      const { action, sent } = intentOf(row, row.uncertain, sending);
      const payload = sent && sending.destination.payload(row.sourceId, sent, sending.settings);
      const to = action === 'write' ? (sent ?? {}) : nullsOf(row.acknowledged ?? {});
      const difference = Object.fromEntries(
        Object.entries(to).map(([field, value]) => [
          field,
          { from: row.acknowledged?.[field] ?? null, to: value },
        ]),
      );
      return [row.sourceId, { action, difference: action === 'none' ? {} : difference, payload }];
    }),
  );
}

function writingOf(
  row: SendableRow,
  { attempts, uncertain, alone }: Claimed,
  sending: Sending,
  by: LearnedBy,
): Writing {
  const { sourceId, revision } = row;
  const { action, sent } = intentOf(row, uncertain, sending, by);
  const payload = sent && sending.destination.payload(sourceId, sent, sending.settings);
  return {
    sourceId,
    revision,
    attempts,
    uncertain,
    alone,
    action,
    acknowledges: acknowledgedAfter(row, action, sent, uncertain),
    payload,
    bytes: bytesOf(payload),
    partial: sent !== null && isPartial(sent, sending, by),
    sent: row.acknowledged !== null || uncertain || attempts > 0,
  };
}

/** What to do, and the fields to write where it is that. In bulk no object is written with fewer parts than singly. */
export function intentOf(
  row: SendableRow,
  uncertain: boolean,
  { destination, settings, onOrphaned }: Sending,
  by: LearnedBy = 'bulk',
): { action: Writing['action']; sent: Fields | null } {
  const none = { action: 'none' as const, sent: null };
  const options = {
    uncertain,
    ...partialWritesOf(destination, settings, by),
    withdrawn,
  } as const;
  if (row.withheld) {
    const isThere = row.acknowledged !== null || uncertain;
    return isThere ? { action: 'remove', sent: null } : none;
  }
  if (!row.gone) {
    const sent = changes(row, row.acknowledged, options);
    return sent ? { action: 'write', sent } : none;
  }
  // What the destination was never sent needs no taking away.
  if (onOrphaned === 'keep' || (row.acknowledged === null && !uncertain)) return none;
  if (onOrphaned === 'delete') return { action: 'remove', sent: null };
  if (onOrphaned === 'erase') return { action: 'erase', sent: null };
  const emptied = { fields: {}, dropped: namesOf(row) };
  const sent = changes(emptied, row.acknowledged, options);
  return sent && Object.keys(sent).length > 0 ? { action: 'write', sent } : none;
}

function acknowledgedAfter(
  row: SendableRow,
  action: Writing['action'],
  sent: Fields | null,
  uncertain: boolean,
): Fields | null {
  if (action === 'remove' || action === 'erase') return null;
  if (row.acknowledged === null && sent === null && !uncertain) return null;
  // Of an attempt in doubt after which nothing is sent, any field may have arrived.
  const dropped = row.gone ? namesOf(row) : row.dropped;
  return acknowledge(row.acknowledged, sent ?? {}, { uncertain, dropped });
}

function namesOf({ fields, dropped }: SendableRow): string[] {
  return [...Object.keys(fields), ...dropped];
}

function nullsOf(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, value]) => (value === null ? [] : [[field, null]])),
  );
}

function partialWritesOf(destination: Destination<unknown>, settings: unknown, by: LearnedBy) {
  const { partialWrites, replacedGroups } = destination.traits(settings);
  return { partialWrites, replacedGroups: replacedGroups?.[by] };
}

/** Whether the vendor may lose what others keep beside one of these fields, where they are written in this way. */
export function isPartial(
  sent: Fields,
  { destination, settings }: Pick<Sending, 'destination' | 'settings'>,
  by: LearnedBy,
): boolean {
  const { replacedGroups } = partialWritesOf(destination, settings, by);
  return Object.keys(sent).some((field) => {
    const group = groupOf(field);
    return group !== null && (replacedGroups?.includes(group) ?? true);
  });
}

/** Of a payload as JSON, in UTF-8. */
export function bytesOf(payload: JsonObject | null): number {
  return payload === null ? 0 : Buffer.byteLength(JSON.stringify(payload));
}

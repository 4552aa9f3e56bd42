// Facts as they become known: kept by group, the newest of each, and wanted at the vendors that they flow back to, all in the
// caller's transaction. What cannot be told apart by its clock is to be read again.
import { isDeepStrictEqual } from 'node:util';
import type { FactGroups } from '../../connector.ts';
import type { Queryable } from '../../db/database.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { type CustomerFacts, type FactClock, lockFacts, writeFacts } from '../../tables/facts.ts';
import type { Suppressions } from '../../tables/suppressions.ts';
import { keepWriteBackEvents } from '../../tables/write-back-events.ts';
import { wantFacts } from '../../tables/write-backs.ts';
import type { WriteBackRules } from './write-back-rules.ts';

/** How far the destination's clock may be from ours, milliseconds. */
const skewMs = 60_000;

/** Facts of one customer as they were at a time. */
export interface KnownFacts {
  sourceId: string;
  groups: FactGroups;
  /** By our clock where it was read, by the destination's where it was told; epoch milliseconds. */
  at: number;
  by: 'read' | 'told';
  /** The destination's clock of the change, where one is known. */
  changedAt?: number | undefined;
  /** The span that the writes go on from. Default: the active one. */
  traceparent?: string | undefined;
}

export interface KeepFactsDeps {
  rules: WriteBackRules;
  /** Whom nothing is kept of. Null: nobody was ever erased. */
  suppressions: Suppressions | null;
}

/** `doubtful`: customers of whom it cannot be told whether this or what is kept is newer: they are to be read. */
export interface KeptFacts {
  changed: Set<string>;
  doubtful: Set<string>;
}

/** Keeps what is newer than what is kept. Of several of one customer the later in the list counts as the later. */
export async function keepFacts(
  tx: Queryable,
  { rules, suppressions }: KeepFactsDeps,
  known: readonly KnownFacts[],
  { lane, now }: { lane: Lane; now: number },
): Promise<KeptFacts> {
  const kept: KeptFacts = { changed: new Set(), doubtful: new Set() };
  const erased = await suppressions?.known(tx, () => known.map(({ sourceId }) => ({ sourceId })));
  const ours = known.filter(({ sourceId }) => !erased?.({ sourceId }));
  if (ours.length === 0) return kept;
  const ids = [...new Set(ours.map(({ sourceId }) => sourceId))].sort();
  const stored = await lockFacts(tx, ids);
  const changedAt = new Map<string, number>();
  const traces = new Map<string, string>();
  const moved = new Map<string, CustomerFacts>();
  for (const one of ours) {
    const { sourceId } = one;
    const before = moved.get(sourceId) ?? stored.get(sourceId) ?? { sourceId, groups: {}, clocks: {} };
    const groups = Object.entries(one.groups).filter(([group]) => rules.groups.includes(group));
    const judged = judge(before, { ...one, groups: Object.fromEntries(groups) }, now);
    if (judged.isDoubtful) kept.doubtful.add(sourceId);
    if (judged.isChanged) {
      kept.changed.add(sourceId);
      if (one.traceparent !== undefined) traces.set(sourceId, one.traceparent);
      if (one.changedAt !== undefined)
        changedAt.set(sourceId, Math.min(one.changedAt, changedAt.get(sourceId) ?? one.changedAt));
    }
    if (judged.after !== before) moved.set(sourceId, judged.after);
  }
  await writeFacts(tx, [...moved.values()], now);
  await wantAll(
    tx,
    rules,
    [...moved.values()]
      .filter(({ sourceId }) => kept.changed.has(sourceId))
      .map((facts) => ({
        ...facts,
        changedAt: changedAt.get(facts.sourceId),
        traceparent: traces.get(facts.sourceId),
      })),
    { lane, now },
  );
  return kept;
}

/** Wants these facts at every vendor that they flow back to. `only`: at this one. */
export async function wantAll(
  tx: Queryable,
  rules: WriteBackRules,
  customers: readonly (Pick<CustomerFacts, 'sourceId' | 'groups'> &
    Pick<KnownFacts, 'changedAt' | 'traceparent'>)[],
  { lane, now, only }: { lane: Lane; now: number; only?: string },
): Promise<void> {
  for (const rule of rules.rules) {
    if (only !== undefined && rule.source !== only) continue;
    const rows = customers.flatMap(({ sourceId, groups, changedAt, traceparent }) => {
      const wanted = rules.wanted(rule, groups);
      const values = Object.values(wanted);
      if (values.length === 0) return [];
      const isEmpty = values.every((value) => value === null);
      return [{ sourceId, wanted, isEmpty, changedAt, traceparent }];
    });
    const changed = await wantFacts(tx, rule, rows, { lane, now });
    const wantedBy = new Map(rows.map(({ sourceId, wanted }) => [sourceId, wanted]));
    const events = changed.map(({ sourceId, revision }) => ({
      source: rule.source,
      sourceId,
      revision,
      event: 'wanted' as const,
      attributes: wantedBy.get(sourceId),
    }));
    await keepWriteBackEvents(tx, events, now);
  }
}

function judge(
  before: CustomerFacts,
  { groups, at, by }: KnownFacts,
  now: number,
): { after: CustomerFacts; isChanged: boolean; isDoubtful: boolean } {
  const after = { ...before, groups: { ...before.groups }, clocks: { ...before.clocks } };
  const next: FactClock = { at, by, keptAt: now };
  let [isMoved, isChanged, isDoubtful] = [false, false, false];
  for (const [group, value] of Object.entries(groups)) {
    const clock = before.clocks[group];
    const order = clock === undefined ? 'newer' : orderOf(clock, next);
    const isSame = clock !== undefined && isDeepStrictEqual(before.groups[group], value);
    if (order === 'newer') {
      after.groups[group] = value;
      after.clocks[group] = next;
      isMoved = true;
      if (!isSame) isChanged = true;
    } else if (order === 'unclear' && !isSame) isDoubtful = true;
  }
  return { after: isMoved ? after : before, isChanged, isDoubtful };
}

/** What was read and what was told are compared by two clocks, which are not quite the same. */
function orderOf(kept: FactClock, next: FactClock): 'newer' | 'older' | 'unclear' {
  if (next.by === 'read') {
    if (kept.by === 'read') return next.at >= kept.at ? 'newer' : 'older';
    // Whoever reads sees what has happened by then. What was told meanwhile may be newer.
    return next.at >= kept.keptAt ? 'newer' : 'unclear';
  }
  const margin = kept.by === 'told' ? 0 : skewMs;
  if (Math.abs(next.at - kept.at) <= margin) return 'unclear';
  return next.at > kept.at ? 'newer' : 'older';
}

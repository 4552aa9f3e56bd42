// What flows back of one customer to every vendor, and why it is there or waits, gathered for its explanation. It only reads.
import type { ExplainedAttribute, ExplainedWriteBack } from '../../customer/explain-write-back.ts';
import { sameJson } from '../../customer/json.ts';
import type { Queryable } from '../../db/database.ts';
import { type CustomerFacts, factsOfOne } from '../../tables/facts.ts';
import { destinationName, factsName, listPauses, type Pause, writeBackName } from '../../tables/pauses.ts';
import { type WriteBackRow, writeBacksOfOne } from '../../tables/write-backs.ts';
import type { WriteBackRule, WriteBackRules } from '../facts/write-back-rules.ts';

/** Those of the configuration and those that were written before it changed, by source. */
export async function explainWriteBacks(
  db: Queryable,
  rules: WriteBackRules,
  sourceId: string,
): Promise<ExplainedWriteBack[]> {
  const rows = await writeBacksOfOne(db, sourceId);
  if (rules.isEmpty && rows.length === 0) return [];
  const [facts, paused] = [await factsOfOne(db, sourceId), await listPauses(db)];
  const sources = [...new Set([...rules.rules, ...rows].map(({ source }) => source))].sort();
  return sources.map((source) => {
    const row = rows.find((one) => one.source === source);
    const rule = rules.rule(source);
    return {
      source,
      ...standingOf(row),
      hindrance: hindranceOf(source, rule, paused),
      attributes: attributesOf(row, rule, rules, facts),
    };
  });
}

function standingOf(
  row: WriteBackRow | undefined,
): Omit<ExplainedWriteBack, 'source' | 'hindrance' | 'attributes'> {
  if (!row)
    return {
      state: null,
      revision: null,
      acknowledgedRevision: null,
      recordId: null,
      lane: null,
      waitingSince: null,
      dueAt: null,
      carriedBy: null,
      deliveredAt: null,
      attempts: 0,
      error: null,
      isUncertain: false,
    };
  const { state, revision, acknowledgedRevision, recordId, lane, waitingSince, dueAt, carriedBy } = row;
  return {
    ...{ state, revision, acknowledgedRevision, recordId, lane, waitingSince, carriedBy },
    dueAt: carriedBy === null ? dueAt : null,
    deliveredAt: row.deliveredAt,
    attempts: row.attempts,
    error: row.error,
    isUncertain: row.uncertain && carriedBy === null,
  };
}

/** The first that applies, from what a person decided to what passes by itself. */
function hindranceOf(
  source: string,
  rule: WriteBackRule | undefined,
  paused: ReadonlyMap<string, Pause>,
): string | null {
  if (!rule) return `writeBack no longer names ${source}`;
  if (rule.dryRun) return `${source} is a dry run: nothing is written to it until dryRun is removed`;
  const all = paused.get(source);
  if (all) return `The source ${source} is paused: ${all.reason}`;
  const own = paused.get(writeBackName(source));
  if (own) return `Writing to ${source} is paused: ${own.reason}`;
  const facts = paused.get(destinationName) ?? paused.get(factsName);
  return facts ? `Facts are not read, because that is paused: ${facts.reason}` : null;
}

function attributesOf(
  row: WriteBackRow | undefined,
  rule: WriteBackRule | undefined,
  rules: WriteBackRules,
  facts: CustomerFacts | null,
): ExplainedAttribute[] {
  const acknowledged = row?.acknowledged ?? {};
  const names = new Set([...Object.keys(rule?.fields ?? {}), ...Object.keys(acknowledged)]);
  return [...names].sort().map((attribute) => {
    const path = rule?.fields[attribute] ?? null;
    const wanted = path === null ? undefined : row?.wanted[attribute];
    const held = Object.hasOwn(acknowledged, attribute) ? acknowledged[attribute] : undefined;
    return {
      attribute,
      path,
      meaning: path === null ? null : rules.meaning(path),
      wanted,
      acknowledged: held,
      isSame: held !== undefined && wanted !== undefined && sameJson(held as never, wanted as never),
      known: path === null ? null : rules.knownSince(path, facts?.clocks ?? {}),
    };
  });
}

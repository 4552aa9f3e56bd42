// Deleted rows as records, with the records that they were merged into: each of these names those that it took over, along
// the whole chain.
import type { Context, SourceRecord } from '#connector';
import { type Row, type States, statesById, type Table } from './rows.ts';
import type { Settings } from './settings.ts';

/** `records`: those of these states. `beside`: masters that are not among them, and the masters of those. */
export async function withMasters(
  context: Context<Settings>,
  table: Table,
  states: States,
): Promise<{ records: SourceRecord[]; beside: SourceRecord[] }> {
  const seen = [...states.living, ...states.gone].map(({ recordId }) => recordId);
  const masters = await mastersOf(context, table, states.gone, new Set(seen));
  const merges = [...states.gone, ...masters.gone].filter(({ mergedInto }) => mergedInto !== undefined);
  const losers = Map.groupBy(merges, ({ mergedInto }) => mergedInto);
  const recordsOf = ({ living, gone }: States) =>
    [...living, ...gone.map(deleted)].map((record) => {
      const merged = losers.get(record.recordId)?.map(({ recordId }) => recordId);
      return merged ? { ...record, merged } : record;
    });
  return { records: recordsOf(states), beside: recordsOf(masters) };
}

/** The records that these rows were merged into, except those that were seen before. */
async function mastersOf(
  context: Context<Settings>,
  table: Table,
  gone: readonly Row[],
  seen: ReadonlySet<string>,
): Promise<States> {
  const named = gone.flatMap(({ mergedInto }) => mergedInto ?? []);
  const ids = [...new Set(named)].filter((id) => !seen.has(id));
  if (ids.length === 0) return { living: [], gone: [] };
  const masters = await statesById(context, table, ids);
  const further = await mastersOf(context, table, masters.gone, new Set([...seen, ...ids]));
  return { living: [...masters.living, ...further.living], gone: [...masters.gone, ...further.gone] };
}

function deleted({ recordId, changedAt }: Row): SourceRecord {
  return { recordId, changedAt, deleted: true, body: {} };
}

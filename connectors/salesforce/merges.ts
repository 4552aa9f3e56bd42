// Deleted rows as records, with the records that they were merged into: each of these names those that it took over.
import type { Context } from '#connector';
import { gone, type Mergeable, withMasters } from '#connector/merges';
import { type States, statesById, type Table } from './rows.ts';
import type { Settings } from './settings.ts';

/** `beside`: masters that are not among these states, along the whole chain. */
export function mergedStates(
  context: Context<Settings>,
  table: Table,
  states: States,
): ReturnType<typeof withMasters> {
  return withMasters(mergeables(states), async (ids) => mergeables(await statesById(context, table, ids)));
}

function mergeables(states: States): Mergeable[] {
  const deleted = states.gone.map((row) => ({ record: gone(row), mergedInto: row.mergedInto }));
  return [...states.living.map((record) => ({ record })), ...deleted];
}

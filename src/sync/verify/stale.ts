// Customers of whom the destination acknowledged something else than their stored records give now, though nothing is on its
// way to them: mapped by older rules, or never enqueued. It reads the rows of one page and asks nobody.
import type { Fields } from '../../connector.ts';
import { unknownValue } from '../../customer/diff.ts';
import type { FieldDrift } from '../../customer/drift.ts';
import { noOverrides } from '../../customer/undo.ts';
import type { Queryable } from '../../db/database.ts';
import { settledRows } from '../../tables/acknowledgements.ts';
import { foldOne, refold } from '../../tables/customers.ts';
import { countWaiting, redeliver } from '../../tables/deliveries.ts';
import { overridesOf } from '../../tables/pins.ts';
import { recordsOf } from '../../tables/records.ts';
import { intentOf, type Sending } from '../deliver/difference.ts';
import { enqueueDeliveries } from '../intake/enqueue.ts';
import type { Rules } from '../intake/rules.ts';

export interface StaleDeps {
  rules: Rules;
  sending(): Sending;
}

/** By field: what the customer should be, and what was acknowledged. */
export type StaleFields = { [field: string]: FieldDrift };

/** Those of these customers that are stale. Customers of vanished sources are left out: a person decides about them first. */
export async function staleAmong(
  db: Queryable,
  { rules, sending }: StaleDeps,
  sourceIds: readonly string[],
): Promise<Map<string, StaleFields>> {
  const stale = new Map<string, StaleFields>();
  if (sourceIds.length === 0 || !rules.schemaIsKnown) return stale;
  const rows = await settledRows(db, sourceIds);
  const ids = rows.map(({ sourceId }) => sourceId);
  const records = Map.groupBy(await recordsOf(db, ids), ({ sourceId }) => sourceId);
  const overrides = await overridesOf(db, ids);
  const vanished = new Set(rules.vanished.map(({ name }) => name));
  for (const row of rows) {
    const own = records.get(row.sourceId) ?? [];
    if (own.some(({ source }) => vanished.has(source))) continue;
    const should =
      foldOne(row.sourceId, row, own, overrides.get(row.sourceId) ?? noOverrides, rules.fold) ?? row;
    const gone = should.orphaned && !row.deletionRefused;
    const { action, sent } = intentOf(
      { ...should, gone, withheld: false, acknowledged: row.acknowledged },
      false,
      sending(),
    );
    if (action !== 'write' || sent === null) continue;
    const fields = differing(sent, row.acknowledged);
    if (Object.keys(fields).length > 0) stale.set(row.sourceId, fields);
  }
  return stale;
}

/** What is not known to be acknowledged says nothing. */
function differing(sent: Fields, acknowledged: Fields): StaleFields {
  return Object.fromEntries(
    Object.entries(sent).flatMap(([field, expected]) => {
      const found = acknowledged[field] ?? null;
      return found === unknownValue || found === expected ? [] : [[field, { expected, found }]];
    }),
  );
}

/** Folds these customers from their records and enqueues them. Returns how many are due by it. */
export async function healStale(
  tx: Queryable,
  rules: Rules,
  sourceIds: readonly string[],
  heal: { verificationId: number; now: number },
): Promise<number> {
  if (sourceIds.length === 0) return 0;
  const { verificationId, now } = heal;
  const cause = { by: 'verification' as const, verificationId };
  const revised = await refold(tx, sourceIds, rules.fold, { cause, now });
  const options = {
    source: 'verification',
    runId: null,
    lane: 'backfill' as const,
    now,
  };
  await enqueueDeliveries(tx, rules, revised, options);
  await redeliver(tx, sourceIds, { lane: 'backfill', now });
  return countWaiting(tx, sourceIds);
}

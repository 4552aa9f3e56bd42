// The customers that a run changed, and what undoing it must know of each: as they stand, and all that came since. It only reads.
import { sql } from 'drizzle-orm';
import type { Fields } from '../../connector.ts';
import type { FieldDrift } from '../../customer/drift.ts';
import type { Changed, PastChange } from '../../customer/undo.ts';
import { jsonList, type Queryable, texts } from '../../db/database.ts';
import type { Cause } from '../../tables/revisions.ts';
import { causeWords } from './history.ts';

/** A run with the undos of it, of those, and so on: what any of them did counts as the run's. */
export interface UndoFamily {
  runId: number;
  all: readonly number[];
}

/** Whom the run changed or created, or took away as an undo, in the order of source IDs. */
export async function undoCustomersAfter(
  db: Queryable,
  { runId, all }: UndoFamily,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await db.rows<{ sourceId: string }>(sql`
    select source_id from (
      select own.source_id from json_array_elements_text(${jsonList(all)}) as run,
        lateral (select distinct source_id from revisions
                 where (cause ->> 'runId')::bigint = run::bigint and cause ->> 'runId' is not null and source_id > ${after}
                 order by source_id limit ${limit}) as own
      union
      (select source_id from customers where created_run_id = ${runId}::bigint and source_id > ${after} order by source_id limit ${limit})
      union
      (select source_id from customers
       where withheld_by in (select value::text::bigint from json_array_elements(${jsonList(all)})) and source_id > ${after}
       order by source_id limit ${limit})
    ) as found order by source_id limit ${limit}`);
  return rows.map((row) => row.sourceId);
}

export interface UndoRow {
  sourceId: string;
  fields: Fields;
  orphaned: boolean;
  deletionRefused: boolean;
  createdRunId: number | null;
  withheldBy: number | null;
  acknowledged: Fields | null;
  isMerged: boolean;
  drift: { kind: string; fields: { [field: string]: FieldDrift }; by: string } | null;
}

export async function undoRows(db: Queryable, sourceIds: readonly string[]): Promise<UndoRow[]> {
  return db.rows(sql`
    select source_id, customers.fields, orphaned, deletion_refused, created_run_id, withheld_by,
      acknowledgements.fields as acknowledged,
      exists(select 1 from records where records.source_id = customers.source_id and merged_into is not null) as is_merged,
      case when drifts.source_id is not null
        then jsonb_build_object('kind', drifts.kind, 'fields', drifts.fields, 'by', drifts."by") end as drift
    from customers left join acknowledgements using (source_id) left join drifts using (source_id)
    where source_id = any(${texts(sourceIds)}) order by source_id`);
}

/** Revisions of a customer, the oldest first. `wasOrphaned`: before them no record spoke of it, and it was not kept without. */
export interface PastChanges {
  changes: PastChange[];
  wasOrphaned: boolean;
}

/** By source ID the revisions since the first that the run made; none where it made none. */
export async function changesSince(
  db: Queryable,
  { all }: UndoFamily,
  sourceIds: readonly string[],
): Promise<Map<string, PastChanges>> {
  const rows = await db.rows<Row>(sql`
    select revisions.source_id, changed, orphaned, cause, was_orphaned
    from (select source_id, min(revision) as revision from revisions
          where source_id = any(${texts(sourceIds)}) and cause ->> 'runId' is not null
            and (cause ->> 'runId')::bigint in (select value::text::bigint from json_array_elements(${jsonList(all)}))
          group by source_id) as first
    cross join lateral (
      select coalesce((select orphaned from revisions as earlier
                       where earlier.source_id = first.source_id and earlier.revision < first.revision and orphaned is not null
                       order by revision desc limit 1), false) as was_orphaned) as turned
    join revisions on revisions.source_id = first.source_id and revisions.revision >= first.revision
    order by revisions.source_id, revisions.revision`);
  return grouped(rows, all);
}

/** By source ID all revisions of these customers. */
export async function allChanges(
  db: Queryable,
  { all }: UndoFamily,
  sourceIds: readonly string[],
): Promise<Map<string, PastChanges>> {
  const rows = await db.rows<Row>(sql`
    select source_id, changed, orphaned, cause, false as was_orphaned from revisions
    where source_id = any(${texts(sourceIds)}) order by source_id, revision`);
  return grouped(rows, all);
}

type Row = {
  sourceId: string;
  changed: Changed;
  orphaned: boolean | null;
  cause: Cause;
  wasOrphaned: boolean;
};

function grouped(rows: readonly Row[], family: readonly number[]): Map<string, PastChanges> {
  const bySourceId = Map.groupBy(rows, ({ sourceId }) => sourceId);
  return new Map(
    [...bySourceId].map(([sourceId, own]) => {
      const changes = own.map(({ changed, orphaned, cause }) => ({
        changed,
        orphaned,
        isOfRun: 'runId' in cause && cause.runId !== null && family.includes(cause.runId),
        by: causeWords(cause),
      }));
      return [sourceId, { changes, wasOrphaned: own[0]!.wasOrphaned }];
    }),
  );
}

// What must be written of claimed customers: each one's fields against what was acknowledged. It reads rows, sends
// nothing.
import { sql } from 'drizzle-orm';
import type { Destination, Fields, JsonObject } from '../connector.ts';
import { acknowledge, changes } from '../customer/diff.ts';
import { json, type Queryable } from '../db/database.ts';
import type { Claimed } from './deliveries.ts';

/** One customer as it is about to be written. */
export interface Writing {
  sourceId: string;
  /** The revision that is sent; at least the one claimed. */
  revision: number;
  attempts: number;
  uncertain: boolean;
  /** What will be acknowledged when it is accepted. */
  acknowledges: Fields;
  /** Null: the destination has it all already. */
  payload: JsonObject | null;
  /** Objects are written in part: a vendor that replaces them would lose what others keep there. */
  partial: boolean;
}

/** A field that is in no contribution any more is cleared at the destination: we wrote it, and it is true no more. */
const withdrawn = 'clear';

export async function writings(
  db: Queryable,
  claimed: readonly Claimed[],
  destination: Destination<unknown>,
  settings: unknown,
): Promise<Writing[]> {
  const traits = destination.traits(settings);
  const rows = await db.rows<{
    sourceId: string;
    revision: number;
    fields: Fields;
    dropped: string[];
    acknowledged: Fields | null;
  }>(sql`
    select source_id as "sourceId", customers.revision, customers.fields, dropped, acknowledgements.fields as acknowledged
    from customers left join acknowledgements using (source_id)
    where source_id in (select jsonb_array_elements_text(${json(claimed.map((row) => row.sourceId))}))`);
  const byId = new Map(claimed.map((row) => [row.sourceId, row]));
  return rows.map(({ sourceId, revision, fields, dropped, acknowledged }) => {
    const { attempts, uncertain } = byId.get(sourceId)!;
    const sent = changes({ fields, dropped }, acknowledged, {
      uncertain,
      partialWrites: traits.partialWrites,
      withdrawn,
    });
    return {
      sourceId,
      revision,
      attempts,
      uncertain,
      acknowledges: acknowledge(acknowledged, sent ?? {}, { uncertain, dropped }),
      payload: sent && destination.payload(sourceId, sent, settings),
      partial: sent !== null && Object.keys(sent).some((field) => field.includes('.')),
    };
  });
}

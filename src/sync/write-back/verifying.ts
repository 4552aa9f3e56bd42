// A vendor read back: a few of those who were written, compared attribute by attribute with what it acknowledged. What differs can be
// written again.
import type { Context } from '../../connector.ts';
import type { WriteBackVerified } from '../../contract/write-back.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import { sampleWriteBacks, writeAgain } from '../../tables/write-backs.ts';
import type { WriteBackRule } from '../facts/write-back-rules.ts';
import { isHeld } from './difference.ts';

export async function verifyWriteBacks(
  { database, clock }: { database: Database; clock: Clock },
  rule: WriteBackRule,
  { context, sample, heal }: { context: Context<unknown>; sample: number; heal: boolean },
): Promise<WriteBackVerified> {
  const { writer, source } = rule;
  const now = clock.now();
  // What was written a moment ago may not be shown yet.
  const before = now - (writer.read.lagSeconds ?? 0) * 1000;
  const rows = await sampleWriteBacks(database, source, { most: sample, before });
  const stored = writer.stored ?? ((value) => value);
  const differences: WriteBackVerified['differences'] = [];
  let missing = 0;
  for (let from = 0; from < rows.length; from += writer.read.maxIds) {
    const part = rows.slice(from, from + writer.read.maxIds);
    const attributes = [...new Set(part.flatMap((row) => Object.keys(row.acknowledged)))];
    const recordIds = part.map((row) => row.recordId);
    const found = await writer.read.people(context, { recordIds, attributes });
    const byId = new Map(found.map((one) => [one.recordId, one.attributes]));
    for (const { sourceId, recordId, acknowledged } of part) {
      const held = byId.get(recordId);
      if (!held) missing += 1;
      else
        for (const [attribute, value] of Object.entries(acknowledged))
          if (!isHeld(value, held[attribute], stored))
            differences.push({
              sourceId,
              attribute,
              acknowledged: value as never,
              found: held[attribute] ?? null,
            });
    }
  }
  const differing = [...new Set(differences.map(({ sourceId }) => sourceId))];
  const healed = heal ? await writeAgain(database, source, differing, { lane: 'manual', now }) : 0;
  return { source, compared: rows.length - missing, missing, healed, differences };
}

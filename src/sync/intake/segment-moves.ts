// Which active segments revised customers move into or out of, for the limit on mass changes: distributions fire on it. It
// reads the rows of one page, and counts nothing.
import type { Fields, Json } from '../../connector.ts';
import { segmentChange } from '../../customer/losses.ts';
import { fieldsOf, movementOf } from '../../customer/segments.ts';
import type { Queryable } from '../../db/database.ts';
import { customersBesideAcknowledged } from '../../tables/acknowledgements.ts';
import type { Loss } from '../../tables/breaker.ts';
import type { Revised } from '../../tables/customers.ts';
import { fieldsAfter } from './blast-radius.ts';
import type { Rules } from './rules.ts';

export interface SegmentMoves {
  /** Moves that these revisions bring about. */
  fresh: Loss[];
  /** All that the destination would see of the customers looked at, those of earlier revisions that it was not sent included. */
  standing: Pick<Loss, 'sourceId' | 'change'>[];
  /** Customers whose moves are all known: of the others nothing is said. */
  looked: ReadonlySet<string>;
}

export const noMoves: SegmentMoves = { fresh: [], standing: [], looked: new Set() };

/** Moves that the limit counts. Without the `unknown` ones, unless the configuration holds those too. */
export async function segmentMoves(
  db: Queryable,
  rules: Rules,
  revised: readonly Revised[],
): Promise<SegmentMoves> {
  const { segments, readAt } = rules.segments;
  const holdsUnknown = rules.breaker?.holdsUnknown === true;
  if (readAt === null) {
    const change = segmentChange('unknown', null);
    const all = revised.map(({ sourceId }) => ({ sourceId, change, from: null }));
    return { fresh: holdsUnknown ? all : [], standing: [], looked: new Set() };
  }
  const active = segments.filter(({ type }) => type === 'active');
  const watched = new Set(active.flatMap(fieldsOf));
  const candidates = revised.filter(
    ({ revision, becameOrphaned, cameBack, changed }) =>
      revision === 1 ||
      becameOrphaned ||
      cameBack ||
      Object.keys(changed).some((field) => watched.has(field)),
  );
  if (active.length === 0 || candidates.length === 0) return noMoves;
  const rows = await customersBesideAcknowledged(
    db,
    candidates.map(({ sourceId }) => sourceId),
  );
  const { onOrphaned = 'keep' } = rules.config;
  const fresh: Loss[] = [];
  const standing: SegmentMoves['standing'] = [];
  for (const { sourceId, revision, becameOrphaned, cameBack, changed } of candidates) {
    const row = rows.get(sourceId);
    if (!row) continue;
    const { fields, orphaned, deletionRefused, acknowledged } = row;
    const at = (wanted: Fields, isOrphaned: boolean) =>
      fieldsAfter({ fields: wanted, gone: isOrphaned && !deletionRefused, acknowledged }, onOrphaned);
    const after = at(fields, orphaned);
    const wasOrphaned = cameBack || (orphaned && !becameOrphaned);
    const wanted = revision === 1 ? null : at(withoutChange(fields, changed), wasOrphaned);
    for (const segment of active) {
      const movement = movementOf(segment, { sourceId, before: acknowledged, after }, rules.owns);
      if (movement === 'stays' || (movement === 'unknown' && !holdsUnknown)) continue;
      const change = segmentChange(movement, segment.id);
      standing.push({ sourceId, change });
      // What an earlier revision brought about was counted then, if the destination has not seen it yet.
      const now = movementOf(segment, { sourceId, before: wanted, after }, rules.owns);
      if (now !== movement) continue;
      const from: Json = {
        segment: segment.name,
        fields: differing(fieldsOf(segment), acknowledged, fields),
      };
      fresh.push({ sourceId, change, from, size: segment.size });
    }
  }
  return { fresh, standing, looked: new Set(rows.keys()) };
}

/** What the destination has of the fields that a segment reads, where it is to have another value. */
function differing(names: readonly string[], acknowledged: Fields | null, wanted: Fields): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const held = acknowledged?.[name] ?? null;
      return name === 'source_id' || held === (wanted[name] ?? null) ? [] : [[name, held]];
    }),
  );
}

function withoutChange(fields: Fields, changed: Revised['changed']): Fields {
  const before = { ...fields };
  for (const [field, { from }] of Object.entries(changed)) {
    if (from === undefined) delete before[field];
    else before[field] = from;
  }
  return before;
}

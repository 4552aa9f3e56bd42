// A page whose content cannot be kept as a whole, kept in parts: what one record is to blame for costs that record only. It
// does not know how a part is kept.
import type { Json, Page, RejectedRow, SourceRecord } from '../../connector.ts';
import { concernsContent, messageOf } from '../../engine/work/failures.ts';

export type Part = Required<Pick<Page, 'records' | 'rejected'>>;

/**
 * Has `take` keep the page, in a transaction of its own; `isLast`: the page is complete with this part, so its cursor may
 * move. Where the content is to blame it is kept in halves, down to the record that fails alone: that one is kept as a
 * rejected row. Throws what `take` throws for any other reason.
 */
export async function takeApart(
  page: Pick<Page, 'records' | 'rejected'>,
  take: (part: Part, isLast: boolean) => Promise<void>,
): Promise<void> {
  const most = Math.max(10, Math.ceil(page.records.length / 10));
  await takePart({ records: page.records, rejected: page.rejected ?? [] }, true, { take, left: most });
}

interface Taking {
  take(part: Part, isLast: boolean): Promise<void>;
  /** So many more records may be to blame: where all fail, it is none of them. */
  left: number;
}

async function takePart(part: Part, isLast: boolean, taking: Taking): Promise<void> {
  try {
    await taking.take(part, isLast);
  } catch (error) {
    const { records, rejected } = part;
    if (!concernsContent(error) || taking.left === 0) throw error;
    const [first, second] = halves(part);
    if (second) {
      await takePart(first, false, taking);
      await takePart(second, isLast, taking);
    } else if (records[0]) {
      taking.left -= 1;
      await takePart({ records: [], rejected: [unkept(records[0], error)] }, isLast, taking);
    } else if (rejected[0] && rejected[0].raw !== null) {
      await takePart({ records: [], rejected: [{ ...rejected[0], raw: null }] }, isLast, taking);
    } else throw error;
  }
}

function halves({ records, rejected }: Part): [Part, Part | null] {
  if (records.length > 0 && rejected.length > 0)
    return [
      { records: [], rejected },
      { records, rejected: [] },
    ];
  const half = (records.length + rejected.length) >> 1;
  if (half === 0) return [{ records, rejected }, null];
  return [
    { records: records.slice(0, half), rejected: rejected.slice(0, half) },
    { records: records.slice(half), rejected: rejected.slice(half) },
  ];
}

function unkept({ recordId, body }: SourceRecord, error: unknown): RejectedRow {
  return {
    position: recordId,
    reason: `this record cannot be stored: ${messageOf(error)}`,
    raw: shown(body),
  };
}

/** What can be shown of a body that could not be kept: nothing where it is too deep or too long. */
function shown(body: Json): Json {
  const maxCharacters = 100_000;
  const maxLevels = 100;
  const levels = (value: Json, most: number): boolean =>
    value === null ||
    typeof value !== 'object' ||
    (most > 0 && Object.values(value).every((inner) => levels(inner, most - 1)));
  if (!levels(body, maxLevels)) return null;
  return JSON.stringify(body).length <= maxCharacters ? body : null;
}

// Reading what changed since a time by a clock that is coarse, that ties, or that runs ahead of ours. What was given at the
// edge is remembered by its content: it is read again, and not given twice. It knows no vendor, and makes no request.
import { z } from 'zod';
import { fingerprint } from './checking.ts';
import type { SourceRecord } from './source.ts';

/** More of them at the edge are given again rather than remembered. */
const maxGiven = 500;

const time = z.int().min(0);
/** When a record that was given had changed, then what names it and its content. */
const given = z.tuple([time, z.string()]);

/** The part of a cursor that says where changes go on. */
export const since = z.strictObject({
  /** Records that changed then or later are news, save those in `given`. */
  from: time,
  given: z.array(given),
  /** The reading under way, which may take many pages in either order of time. */
  reading: z
    .strictObject({
      /** Clocks later than this are ahead of ours, or not to be trusted yet: they do not move `from`. */
      until: time,
      /** The vendor's word for the next page. */
      page: z.string(),
      /** The newest change read that is not after `until`. */
      newest: time.nullable(),
      given: z.array(given),
    })
    .optional(),
});

export type Since = z.infer<typeof since>;

export interface ChangedPage {
  /** Everything on the page: records older than `from` may be among them. */
  records: readonly SourceRecord[];
  /** The vendor's word for the next page; undefined behind the last that matters. */
  next: string | undefined;
  /** The reader's `until` of a reading that begins with this page, epoch milliseconds. */
  until: number;
  /** Nothing is expected to appear any more at a moment that is so long ago: it need not be read again. At least 1000. */
  settledMs: number;
}

/** What of a page is news, and where reading goes on behind it. */
export function readSince(cursor: Since, page: ChangedPage): { records: SourceRecord[]; cursor: Since } {
  const { from } = cursor;
  const until = cursor.reading?.until ?? page.until;
  const changed = page.records
    .filter(({ changedAt }) => changedAt >= from)
    .map((record) => ({ record, key: stateKey(record) }));
  const known = new Set(cursor.given.map(([, key]) => key));
  const records = changed.filter(({ key }) => !known.has(key)).map(({ record }) => record);
  const trusted = changed.map(({ record }) => record.changedAt).filter((changedAt) => changedAt <= until);
  const newest = trusted.reduce<number | null>(
    (latest, changedAt) => Math.max(latest ?? 0, changedAt),
    cursor.reading?.newest ?? null,
  );
  const edge = [
    ...(cursor.reading?.given ?? []),
    ...changed.map(({ record, key }): [number, string] => [record.changedAt, key]),
  ]
    .filter(([changedAt]) => changedAt >= (newest ?? from))
    .slice(0, maxGiven);
  if (page.next !== undefined) {
    const reading = { until, page: page.next, newest, given: edge };
    return { records, cursor: { from, given: cursor.given, reading } };
  }
  const next = nextFrom(from, newest, until - page.settledMs);
  return { records, cursor: { from: next, given: edge.filter(([changedAt]) => changedAt >= next) } };
}

/**
 * The newest moment once more, as long as more may appear at it; then the second after it, since a vendor may show whole
 * seconds and compare finer.
 */
function nextFrom(from: number, newest: number | null, settled: number): number {
  if (newest === null) return from;
  return newest < settled ? (Math.floor(newest / 1000) + 1) * 1000 : newest;
}

/** The same for the same state only: a coarse clock may show two states at one moment. */
export function stateKey({ recordId, changedAt, body, merged }: SourceRecord): string {
  return `${recordId} ${fingerprint(JSON.stringify([changedAt, body, merged ?? []]))}`;
}

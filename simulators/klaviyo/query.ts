// Klaviyo's filters, orders and page cursors over profiles, and its errors. It knows no HTTP.
import type { Stored } from './profiles.ts';

export class KlaviyoError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: object;

  constructor(status: number, code: string, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
    const id = '5a8e2b1c-0000-4000-8000-000000000000';
    this.body = {
      errors: [{ id, status, code, title: code, detail, source: { pointer: '/data' }, meta: {} }],
    };
  }
}

/** The answer of retired parts of the API, recorded in 2024 (timlrx/pliny#174). */
export class RetiredError extends KlaviyoError {
  override readonly body = { message: 'This API has been retired and is no longer in service.' };

  constructor() {
    super(410, 'retired', 'retired');
  }
}

const idShape = /^\w{6,26}$/;

export function matching(
  profiles: readonly Stored[],
  filter: string | undefined,
  options: { filterPrecision: 'exact' | 'seconds'; strangeIds: 'notFound' | 'refused' },
): Stored[] {
  if (filter === undefined) return [...profiles];
  const time = /^(greater-than|less-than)\((updated|created),([^,()]+)\)$/.exec(filter);
  if (time) return byTime(profiles, time, options.filterPrecision);
  const any = /^any\((id|email|external_id|phone_number),(\[.*\])\)$/.exec(filter);
  if (!any) throw new KlaviyoError(400, 'invalid', 'Invalid filter provided.');
  const values = JSON.parse(any[2]!) as string[];
  if (values.length > 100) throw new KlaviyoError(400, 'invalid', 'A filter takes no more than 100 values.');
  const field = any[1]!;
  if (field !== 'id') return profiles.filter(({ attributes }) => values.includes(String(attributes[field])));
  if (options.strangeIds === 'refused' && values.some((id) => !idShape.test(id)))
    throw new KlaviyoError(400, 'invalid', 'Invalid profile id in filter.');
  return profiles.filter(({ id }) => values.includes(id));
}

function byTime(
  profiles: readonly Stored[],
  [, operator, field, text]: RegExpExecArray,
  precision: 'exact' | 'seconds',
): Stored[] {
  const given = Date.parse(text!);
  if (Number.isNaN(given)) throw new KlaviyoError(400, 'invalid', 'Invalid filter: not a datetime.');
  const than = precision === 'seconds' ? Math.floor(given / 1000) * 1000 : given;
  return profiles.filter((profile) => {
    const time = field === 'updated' ? profile.updatedMs : profile.createdMs;
    return operator === 'greater-than' ? time > than : time < than;
  });
}

export type Row = { value: Stored; place: [key: string, id: string] };

export function sorted(profiles: readonly Stored[], sort: string): Row[] {
  const field = sort.replace(/^-/, '');
  const key = (profile: Stored) => {
    if (field === 'id') return profile.id;
    if (field === 'email') return String(profile.attributes['email'] ?? '');
    if (field === 'updated') return profile.updatedMs.toFixed(3).padStart(20, '0');
    if (field === 'created') return profile.createdMs.toFixed(3).padStart(20, '0');
    throw new KlaviyoError(400, 'invalid', `'${field}' is not a field to sort by.`);
  };
  const rows = profiles.map((value): Row => ({ value, place: [key(value), value.id] }));
  rows.sort((a, b) => compare(a.place, b.place));
  return sort.startsWith('-') ? rows.reverse() : rows;
}

function compare(a: Row['place'], b: Row['place']): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  if (a[1] === b[1]) return 0;
  return a[1] < b[1] ? -1 : 1;
}

/**
 * A cursor is the place of the last row in the order, and when it was given; it is followed upwards only: nobody here pages
 * down. `oldest`: one given before is known no longer, epoch milliseconds.
 */
export function readPage(
  rows: readonly Row[],
  size: number,
  cursor: string | undefined,
  oldest: number,
): { page: Row[]; last: Row['place']; more: boolean } {
  const after = cursor === undefined ? undefined : placeIn(cursor, oldest);
  const rest = after ? rows.filter(({ place }) => compare(place, after) > 0) : rows;
  const page = rest.slice(0, size);
  return { page, last: page.at(-1)?.place ?? ['', ''], more: rest.length > size };
}

/** `now`: epoch milliseconds. */
export function cursorOf(last: Row['place'], now: number): string {
  return Buffer.from(JSON.stringify([last, now])).toString('base64');
}

function placeIn(cursor: string, oldest: number): Row['place'] {
  try {
    const [place, givenAt] = JSON.parse(Buffer.from(cursor, 'base64').toString()) as [Row['place'], number];
    if (givenAt >= oldest) return place;
  } catch {}
  // In the words that users of Klaviyo's own client have seen (klaviyo-api-python#9).
  throw new KlaviyoError(400, 'invalid', 'Invalid cursor provided.');
}

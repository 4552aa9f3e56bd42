// Intercom's search over contacts: its filters, which know days only, its orders, and its errors. It knows no HTTP.
import type { Values, Version } from './contacts.ts';

export class IntercomError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: object;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
    const request_id = 'f93ecfa8-d08a-4325-8694-89aeb89c8f85';
    this.body = { type: 'error.list', request_id, errors: [{ code, message }] };
  }
}

export type DateOptions = { days: boolean; timezoneMinutes: number };
type Predicate = (contact: Values) => boolean;

const daySeconds = 86_400;
const dates = new Set(['created_at', 'updated_at', 'signed_up_at', 'last_seen_at']);

export function predicateOf(query: unknown, options: DateOptions, depth = 0): Predicate {
  const { operator, field, value } = (query ?? {}) as Record<string, unknown>;
  if (operator === 'AND' || operator === 'OR') {
    if (!Array.isArray(value) || value.length > 15 || depth > 1)
      throw invalid('A group holds at most 15 filters and two groups');
    const parts = value.map((part) => predicateOf(part, options, depth + 1));
    return (contact) =>
      operator === 'AND' ? parts.every((fits) => fits(contact)) : parts.some((fits) => fits(contact));
  }
  if (typeof field !== 'string') throw invalid('A filter names a field');
  if (dates.has(field)) return byDate(field, String(operator), value, options);
  if (operator !== '=') throw invalid('This simulated search compares other fields by = only');
  return (contact) => contact[field] === value;
}

/** `>` begins at the next midnight of the workspace, `<` ends at that of the value's day, `=` is the whole day. */
function byDate(field: string, operator: string, value: unknown, options: DateOptions): Predicate {
  const seconds = Number(value);
  if (!Number.isInteger(seconds)) throw invalid(`${field} is compared with Unix seconds`);
  const offset = options.timezoneMinutes * 60;
  const midnight = options.days ? Math.floor((seconds + offset) / daySeconds) * daySeconds - offset : seconds;
  const next = options.days ? midnight + daySeconds : seconds + 1;
  const time = (contact: Values) => Number(contact[field] ?? -1);
  if (operator === '>') return (contact) => time(contact) >= next;
  if (operator === '<') return (contact) => time(contact) < midnight;
  if (operator === '=') return (contact) => time(contact) >= midnight && time(contact) < next;
  throw invalid(`${operator} is no operator of dates`);
}

export function orderOf(sort: unknown): (a: Version, b: Version) => number {
  const { field = 'created_at', order = 'descending' } = (sort ?? {}) as Record<string, string>;
  if (!['created_at', 'updated_at'].includes(field) || !['ascending', 'descending'].includes(order))
    throw invalid('This order is not known');
  const time = (version: Version) =>
    Math.floor((field === 'updated_at' ? version.updatedAt : version.createdAt) / 1000);
  const sign = order === 'ascending' ? 1 : -1;
  return (a, b) => sign * (time(a) - time(b)) || (a.id === b.id ? 0 : a.id < b.id ? -1 : 1);
}

function invalid(message: string): IntercomError {
  return new IntercomError(400, 'parameter_invalid', message);
}

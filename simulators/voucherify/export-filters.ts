// The filters of an export: which customers pass. It does not know how an export runs.

import { type Customer, responseOf } from './customer.ts';
import { isObject } from './customer-body.ts';
import { ErrorResponse } from './error-response.ts';

type Condition = (held: unknown, asked: unknown[]) => boolean;

const text = (value: unknown) => String(value);

const present = (value: unknown) => value !== undefined && value !== null;

const each = (held: unknown) => (Array.isArray(held) ? held : [held]);

/** A day given without a time matches any instant of it. */
const equal = (held: unknown, asked: unknown) =>
  each(held).some((one) => one === asked || (isDay(asked) && text(one).startsWith(`${asked}T`)));

const anyEqual: Condition = (held, asked) => asked.some((one) => equal(held, one));

const anyPart =
  (test: (held: string, asked: string) => boolean): Condition =>
  (held, asked) =>
    asked.some((part) => each(held).some((one) => present(one) && test(text(one), text(part))));

const number =
  (test: (held: number, asked: number) => boolean): Condition =>
  (held, asked) =>
    typeof held === 'number' && asked.every((one) => test(held, Number(one)));

const time =
  (test: (held: number, asked: number) => boolean): Condition =>
  (held, asked) =>
    present(held) && asked.every((one) => test(Date.parse(text(held)), Date.parse(text(one))));

const not =
  (condition: Condition): Condition =>
  (held, asked) =>
    !condition(held, asked);

const contains: Condition = (held, asked) =>
  Array.isArray(held) ? anyEqual(held, asked) : anyPart((a, b) => a.includes(b))(held, asked);

const CONDITIONS: Record<string, Condition> = {
  $is: anyEqual,
  $is_not: not(anyEqual),
  $in: anyEqual,
  $not_in: not(anyEqual),
  $contains: contains,
  $not_contain: not(contains),
  $starts_with: anyPart((held, asked) => held.startsWith(asked)),
  $ends_with: anyPart((held, asked) => held.endsWith(asked)),
  $has_value: (held) => present(held),
  $is_unknown: (held) => !present(held),
  $more_than: number((held, asked) => held > asked),
  $more_than_equal: number((held, asked) => held >= asked),
  $less_than: number((held, asked) => held < asked),
  $less_than_equal: number((held, asked) => held <= asked),
  $after: time((held, asked) => held > asked),
  $before: time((held, asked) => held < asked),
};

const PLAIN = new Set(
  [
    'created_at updated_at email name city phone birthday birthdate source_id',
    'publications.created_at publications.related_object_id',
  ].flatMap((names) => names.split(' ')),
);

const PREFIXED = /^(metadata|address|summary|loyalty|loyalty_tier|loyalty_points|system_metadata)\./;

/**
 * `{junction, <field>: {conditions: {<operator>: [values]}}}`; nothing given passes everybody. `anyField`: as segments have it,
 * which also ask for orders and events; of what is not held, nobody has any.
 */
export function exportFilter(
  filters: unknown,
  { anyField = false } = {},
): ((customer: Customer) => boolean) | ErrorResponse {
  if (filters === undefined) return () => true;
  if (!isObject(filters)) return invalid('Property .filters should be object');
  const tests: ((customer: Record<string, unknown>) => boolean)[] = [];
  for (const [field, filter] of Object.entries(filters)) {
    if (field === 'junction') continue;
    if (!anyField && !PLAIN.has(field) && !PREFIXED.test(field))
      return invalid(`Unsupported filter ${field}`);
    const conditions = isObject(filter) && filter['conditions'];
    if (!isObject(conditions)) return invalid(`Property .filters.${field}.conditions should be object`);
    for (const [operator, asked] of Object.entries(conditions)) {
      const condition = CONDITIONS[operator];
      if (!condition) return invalid(`Unsupported operator ${operator}`);
      const path = field === 'city' ? ['address', 'city'] : pathOf(field);
      tests.push((customer) => condition(path.reduce<unknown>(partOf, customer), asArray(asked)));
    }
  }
  if (tests.length === 0) return () => true;
  const any = filters['junction'] === 'or';
  return (customer) => {
    const whole = responseOf(customer);
    return any ? tests.some((test) => test(whole)) : tests.every((test) => test(whole));
  };
}

/** Metadata keys may hold dots themselves, so only the first one parts. */
function pathOf(field: string): string[] {
  const [first, ...rest] = field.split('.');
  return first === 'metadata' ? ['metadata', rest.join('.')] : field.split('.');
}

const partOf = (whole: unknown, key: string): unknown => (isObject(whole) ? whole[key] : undefined);

const asArray = (asked: unknown): unknown[] => (Array.isArray(asked) ? asked : [asked]);

const isDay = (asked: unknown) => typeof asked === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(asked);

const invalid = (details: string) =>
  new ErrorResponse(400, 'invalid_export_params', 'Invalid Export', details);

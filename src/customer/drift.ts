// What the destination holds against what it acknowledged, field by field. Pure. A destination may write a value in a form of
// its own: such forms are told apart from drift, and named, so that a report can say what was set aside.
import { isDeepStrictEqual } from 'node:util';
import type { Fields, Json } from '../connector.ts';
import { unknownValue } from './diff.ts';
import { exact } from './number.ts';

/** A form of the destination's own: the value is the same. */
export type Form = 'date' | 'phone' | 'number' | 'empty' | 'blanks';

export interface FieldDrift {
  expected: Json;
  found: Json;
}

export interface Drift {
  /** By field; empty where nothing differs. */
  fields: { [field: string]: FieldDrift };
  /** Fields that are the same in another form. */
  forms: { field: string; form: Form }[];
}

/** Compares the fields that were acknowledged; what the destination holds besides is none of ours. */
export function driftOf(acknowledged: Fields, found: Fields): Drift {
  const fields: Drift['fields'] = {};
  const forms: Drift['forms'] = [];
  for (const [field, expected] of Object.entries(acknowledged)) {
    // Nobody knows what was acknowledged of it; see diff.
    if (expected === unknownValue) continue;
    const held = Object.hasOwn(found, field) ? found[field]! : null;
    if (isDeepStrictEqual(expected, held)) continue;
    const form = formOf(field, expected, held);
    if (form === null) fields[field] = { expected, found: held };
    else forms.push({ field, form });
  }
  return { fields, forms };
}

/** In what form of its own the destination holds the same value, or null where it is another value. */
export function formOf(field: string, expected: Json, found: Json): Form | null {
  if (isEmpty(expected) && isEmpty(found)) return 'empty';
  if (typeof expected === 'string' && typeof found === 'string') {
    if (field === 'phone' && isSamePhone(expected, found)) return 'phone';
    if (isSameMoment(expected, found)) return 'date';
    if (expected.trim().replace(/\s+/g, ' ') === found.trim().replace(/\s+/g, ' ')) return 'blanks';
  }
  const isNumeric = (value: Json) =>
    typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
  // Beyond 2^53 two numbers become one.
  const isSame =
    isNumeric(expected) && 'value' in exact(Number(expected)) && Number(expected) === Number(found);
  if (typeof expected !== typeof found && isSame) return 'number';
  if (Array.isArray(expected) && Array.isArray(found) && expected.length === found.length) {
    const forms = expected.map((value, index) =>
      isDeepStrictEqual(value, found[index]) ? undefined : formOf(field, value, found[index]!),
    );
    return forms.includes(null) ? null : (forms.find((form) => form !== undefined) ?? null);
  }
  return null;
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** A project's dialling prefix is put before a number that has none. */
function isSamePhone(expected: string, found: string): boolean {
  const [a, b] = [expected, found].map((phone) => phone.replace(/[^\d]/g, '').replace(/^0+/, ''));
  return a !== '' && b !== '' && (a === b || (!expected.trim().startsWith('+') && b!.endsWith(a!)));
}

const moment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** `2000-01-02` and `2000-01-02T00:00:00.000Z`, or one instant in two zones. */
function isSameMoment(expected: string, found: string): boolean {
  return moment.test(expected) && moment.test(found) && Date.parse(expected) === Date.parse(found);
}

// What is to be written of one person: what is wanted and not acknowledged. Pure.
import { isDeepStrictEqual } from 'node:util';
import { momentOf } from '../../connector/reading.ts';
import type { Attributes, FactValue } from '../../connector.ts';

/**
 * `doubt`: an attempt whose end is not known may have filled these attributes, so whatever has a value is written, and what may
 * have been filled is emptied. A null never blanks an attribute that was not written: what somebody else keeps there stays
 * until there is a value.
 */
export function attributesToWrite(
  wanted: Attributes,
  acknowledged: Attributes | null,
  doubt: readonly string[] | null,
): Attributes {
  return Object.fromEntries(
    Object.entries(wanted).filter(([attribute, value]) => {
      const known = acknowledged !== null && Object.hasOwn(acknowledged, attribute);
      if (doubt) return value !== null || known || doubt.includes(attribute);
      return !isSame(value, known ? acknowledged[attribute]! : null);
    }),
  );
}

/** Whether a vendor holds what was written. `stored`: a value as it stores it. An empty text and null are one. */
export function isHeld(wanted: FactValue, found: unknown, stored: (value: FactValue) => unknown): boolean {
  const [want, have] = [stored(wanted), found ?? null].map((value) =>
    value === '' || (Array.isArray(value) && value.length === 0) ? null : value,
  );
  if (isSame(want, have)) return true;
  // Vendors write numbers and truth values as text, and the other way round.
  if (['string', 'number', 'boolean'].includes(typeof want) && String(want) === String(have)) return true;
  const [wantedAt, haveAt] = [want, have].map(dayAndTime);
  return wantedAt !== undefined && wantedAt === haveAt;
}

/** Vendors return a time in a form of their own, and without its fraction: epoch seconds, or undefined where it is none. */
function dayAndTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  const time = momentOf(value);
  return time === undefined ? undefined : Math.floor(time / 1000);
}

function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other);
}

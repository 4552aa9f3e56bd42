// Why a field of a record is older than the record's newest state: that one leaves it out, or has it empty under
// `onNull: "ignore"`. It knows no rows.
import type { Fields } from '../../connector.ts';
import { clockAt, goodClock, type KnownRecord } from '../../customer/composing.ts';
import { pathKeys } from '../../customer/path.ts';
import type { Source } from './source.ts';

export interface Kept {
  because: 'empty' | 'absent';
  /** The source's clock of the state that gave the value; null where that is not known. */
  changedAt: number | null;
}

/** When a field's value changed last, by the clocks of what it is read from. */
export function fieldClock(source: Source, known: KnownRecord, field: string): number {
  const paths = source.pathsOf(field, known.body);
  if (known.clocks === null || paths.length === 0) return known.changedAt;
  return Math.max(...paths.map((path) => clockAt(known, pathKeys(path))));
}

/** Null where the newest state itself gives the field. */
export function keptOf(
  source: Source,
  record: KnownRecord & { good: Fields | null },
  field: string,
): Kept | null {
  if (Object.hasOwn(record.good ?? {}, field) && source.contribute(record.body).ignored.includes(field))
    return { because: 'empty', changedAt: goodClock(record.clocks, field) };
  const changedAt = fieldClock(source, record, field);
  return changedAt < record.changedAt ? { because: 'absent', changedAt } : null;
}

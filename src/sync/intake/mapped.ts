// What a stored record is by a source's mapping as it stands now: its source ID, whether it is filtered, what fails. Pure;
// it is what ingest would say of the same body, and needs no new pull.
import { isDeepStrictEqual } from 'node:util';
import type { Fields, JsonObject } from '../../connector.ts';
import { assignedSourceId, sourceIdOf } from '../../customer/identity.ts';
import type { MappedState, StandingRecord } from '../../tables/records.ts';
import type { Rules } from './rules.ts';
import type { Source } from './source.ts';

export interface Mapped extends MappedState {
  /** The source ID that the record names now; a sticky one may keep another. */
  named: string | null;
  /** Fields that fail now and did not fail before, with no good value kept yet. */
  newlyFaulty: string[];
}

export function mapAgain(source: Source, row: MappedState & { stream: string; body: JsonObject }): Mapped {
  const { policy, lowerCase } = source.config.sourceId;
  const path = source.sourceIdPath(row.body);
  const found = sourceIdOf(row.body, path, { lowerCase });
  const named = 'value' in found ? found.value : null;
  const sticky = source.isProvisional(row.stream, row.body) ? null : row.sourceId;
  const sourceId = assignedSourceId(sticky, named, policy);
  const without = 'fault' in found ? `no source ID: ${found.fault}` : `no source ID: ${path} is empty`;
  const contribution = source.contribute(row.body);
  const faults = contribution.faults.map(({ value: _, ...fault }) => fault);
  const kept = Object.fromEntries(
    [...faults.map(({ field }) => field), ...contribution.ignored].flatMap((field) =>
      row.good?.[field] == null ? [] : [[field, row.good[field]]],
    ),
  );
  const failedBefore = new Set(row.faults?.map(({ field }) => field));
  return {
    sourceId,
    filtered: source.filtered(row.stream, row.body) ?? (sourceId === null ? without : null),
    faults: faults.length > 0 ? faults : null,
    good: Object.keys(kept).length > 0 ? kept : null,
    named,
    newlyFaulty: faults
      .map(({ field }) => field)
      .filter((field) => !failedBefore.has(field) && !Object.hasOwn(kept, field)),
  };
}

export function sameState(a: MappedState, b: MappedState): boolean {
  // Earlier versions kept no prints.
  const havePrints = [a, b].every(({ faults }) => faults?.every(({ print }) => print !== undefined) ?? true);
  const plain = ({ sourceId, filtered, faults, good }: MappedState) => [
    sourceId,
    filtered,
    faults?.map(({ field, reason, print }) => [field, reason, havePrints ? print : null]) ?? null,
    good,
  ];
  return isDeepStrictEqual(plain(a), plain(b));
}

/**
 * Of a field that fails only now, the value of before stays on. How the old mapping made it is no longer known, but the
 * customer has it: it is this record's where no other record of the customer speaks of the field.
 * `records`: all that speak of one customer. Returns the good values to keep for `record`.
 */
export function goodOfBefore(
  rules: Rules,
  record: StandingRecord,
  newlyFaulty: readonly string[],
  records: readonly StandingRecord[],
  customer: Fields,
): Fields | null {
  const others = rules.contributions(records.filter((other) => !isSame(other, record)));
  const values = newlyFaulty.flatMap((field) =>
    customer[field] == null || others.some(({ fields }) => Object.hasOwn(fields, field))
      ? []
      : [[field, customer[field]] as const],
  );
  return values.length > 0 ? { ...record.good, ...Object.fromEntries(values) } : record.good;
}

type Named = Pick<StandingRecord, 'source' | 'stream' | 'recordId'>;

function isSame(a: Named, b: Named): boolean {
  return a.recordId === b.recordId && a.stream === b.stream && a.source === b.source;
}

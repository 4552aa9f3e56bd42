// Which records of a page speak of somebody who was erased: those are not taken in. It keeps nothing.
import type { Json, RejectedRow, SourceRecord } from '../../connector.ts';
import type { Queryable } from '../../db/database.ts';
import { type ErasedTest, nobody, type Suppressions, type Trait } from '../../tables/suppressions.ts';
import type { Source } from './source.ts';

/** A record that would be written. */
export interface Newcomer {
  record: SourceRecord;
  /** As it was assigned; null where the record names none. */
  sourceId: string | null;
  /** It is stored already: then it speaks of somebody who was not erased, even where they share an e-mail address. */
  stored: boolean;
}

/** In words too short anything may be read. */
const shortestWord = 5;

/**
 * Whether this page's records, rows and merged records (by ID) are of somebody erased. Null where nobody ever was.
 */
export async function erasedAmong(
  db: Queryable,
  suppressions: Suppressions,
  at: { source: Source; stream: string },
  page: {
    newcomers: readonly Newcomer[];
    rejected: readonly RejectedRow[];
    mergedIds: readonly string[];
  },
): Promise<{
  newcomer(newcomer: Newcomer): boolean;
  row(row: RejectedRow): boolean;
  merged(recordId: string): boolean;
}> {
  const record = (recordId: string): Trait => ({ source: at.source.name, stream: at.stream, recordId });
  const ofNewcomer = (newcomer: Newcomer): Trait[] => [
    record(newcomer.record.recordId),
    ...(newcomer.sourceId === null ? [] : [{ sourceId: newcomer.sourceId }]),
    ...(newcomer.stored ? [] : emailsOf(at.source, newcomer.record)),
  ];
  const ofRow = (row: RejectedRow): Trait[] => [record(row.position), ...wordsOf(row.raw)];
  const known: ErasedTest = await suppressions.known(db, function* () {
    for (const newcomer of page.newcomers) yield* ofNewcomer(newcomer);
    for (const row of page.rejected) yield* ofRow(row);
    for (const recordId of page.mergedIds) yield record(recordId);
  });
  if (known === nobody) return { newcomer: () => false, row: () => false, merged: () => false };
  return {
    newcomer: (newcomer) => ofNewcomer(newcomer).some(known),
    row: (row) => ofRow(row).some(known),
    merged: (recordId) => known(record(recordId)),
  };
}

/** The e-mail address that a record gives its customer. */
export function emailsOf(source: Source, { body }: Pick<SourceRecord, 'body'>): { email: string }[] {
  const { email } = source.contribute(body).fields;
  return typeof email === 'string' && email.trim() !== '' ? [{ email }] : [];
}

/** What a row that became no record may name somebody by: its words, whatever column they stood in. */
function wordsOf(raw: Json): Trait[] {
  const words = new Set<string>();
  const walk = (value: Json) => {
    if (typeof value === 'string') {
      const word = value.trim();
      if (word.length <= 255) words.add(word);
      for (const part of value.split(/[\s",;|<>]+/)) words.add(part);
    } else if (typeof value === 'number') words.add(String(value));
    else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) walk(part);
  };
  walk(raw);
  return [...words]
    .filter((word) => word.length >= shortestWord)
    .slice(0, 1000)
    .flatMap((word) => [{ sourceId: word }, ...(word.includes('@') ? [{ email: word }] : [])]);
}

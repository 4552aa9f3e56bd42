// Which records of a page speak of somebody who was erased: those are not taken in.
import type { Json, RejectedRow, SourceRecord } from '../../connector.ts';
import { sourceIdOf } from '../../customer/identity.ts';
import type { Queryable } from '../../db/database.ts';
import {
  type ErasedTest,
  type Learned,
  nobody,
  type Suppressions,
  type Trait,
} from '../../tables/suppressions.ts';
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

/** The vendor merged a record into another one. */
export interface Merge {
  recordId: string;
  into: string;
  /** The records of this source name their customers by their own IDs. */
  byOwnId: boolean;
}

/** What of a page is of somebody who was erased. */
export interface Erased {
  newcomer(newcomer: Newcomer): boolean;
  row(row: RejectedRow): boolean;
  /** Whether this record must neither be merged nor merged into. */
  record(recordId: string): boolean;
  /** Records that a merge showed to be of somebody erased: none of them counts any more. */
  followers: readonly string[];
  /** What the erased are known by as well. */
  learned: readonly Learned[];
}

const nobodyHere: Erased = {
  newcomer: () => false,
  row: () => false,
  record: () => false,
  followers: [],
  learned: [],
};

/**
 * What of a page is of somebody erased. A merge says that two records belong to one person: an erasure of
 * either record is an erasure of that person, whichever record remains.
 */
export async function erasedAmong(
  db: Queryable,
  suppressions: Suppressions,
  at: { source: Source; stream: string },
  page: { newcomers: readonly Newcomer[]; rejected: readonly RejectedRow[]; merges: readonly Merge[] },
): Promise<Erased> {
  const record = (recordId: string): Trait => ({ source: at.source.name, stream: at.stream, recordId });
  const byName = ({ record: { recordId }, sourceId }: Newcomer): Trait[] => [
    record(recordId),
    ...(sourceId === null ? [] : [{ sourceId }]),
  ];
  const byEmail = (newcomer: Newcomer): Trait[] => emailsOf(at.source, newcomer.record);
  const ofNewcomer = (newcomer: Newcomer): Trait[] => [
    ...byName(newcomer),
    ...(newcomer.stored ? [] : byEmail(newcomer)),
  ];
  const ofMerged = (recordId: string, byOwnId: boolean): Trait[] => [
    record(recordId),
    ...(byOwnId ? [{ sourceId: recordId }] : []),
  ];
  const ofRow = (row: RejectedRow): Trait[] => [record(row.position), ...wordsOf(row.raw)];
  const known: ErasedTest = await suppressions.known(db, function* () {
    for (const newcomer of page.newcomers) yield* ofNewcomer(newcomer);
    for (const row of page.rejected) yield* ofRow(row);
    for (const { recordId, into, byOwnId } of page.merges)
      for (const id of [recordId, into]) yield* ofMerged(id, byOwnId);
  });
  if (known === nobody) return nobodyHere;

  const recognised = new Map<string, Trait>();
  const recognise = (recordId: string, trait: Trait | undefined) => {
    if (trait && !recognised.has(recordId)) recognised.set(recordId, trait);
  };
  // A stored record that names the source ID of somebody erased may name its own again.
  for (const newcomer of page.newcomers)
    if (!newcomer.stored) recognise(newcomer.record.recordId, byName(newcomer).find(known));
  for (const { recordId, into, byOwnId } of page.merges)
    for (const id of [recordId, into]) recognise(id, ofMerged(id, byOwnId).find(known));
  const followers = followersOf(page.merges, recognised);

  // The address is learned with the record: what a known one says later may be of others.
  const bodies = new Map(page.newcomers.map((newcomer) => [newcomer.record.recordId, newcomer]));
  const learned = [...recognised].flatMap(([recordId, follows]) => {
    const newcomer = bodies.get(recordId);
    const traits = [record(recordId), ...(newcomer ? byEmail(newcomer) : [])];
    return known(traits[0]!) ? [] : traits.map((trait) => ({ trait, follows }));
  });
  return {
    newcomer: (newcomer) => recognised.has(newcomer.record.recordId) || ofNewcomer(newcomer).some(known),
    row: (row) => ofRow(row).some(known),
    record: (recordId) => recognised.has(recordId),
    followers,
    learned,
  };
}

/** Records that are merged with those of `recognised`, over any number of merges; they are recognised from then on. */
function followersOf(merges: readonly Merge[], recognised: Map<string, Trait>): string[] {
  const followers: string[] = [];
  const follow = (recordId: string, trait: Trait | undefined) => {
    if (!trait || recognised.has(recordId)) return;
    recognised.set(recordId, trait);
    followers.push(recordId);
  };
  for (let before = -1; before < followers.length; ) {
    before = followers.length;
    for (const { recordId, into } of merges) {
      follow(into, recognised.get(recordId));
      follow(recordId, recognised.get(into));
    }
  }
  return followers;
}

/** What a record says of others that were merged into it. */
export function mergesOf(source: Source, record: SourceRecord): Merge[] {
  const { recordId, merged = [], body } = record;
  const others = merged.filter((other) => other !== recordId);
  if (others.length === 0) return [];
  const found = sourceIdOf(body, source.sourceIdPath(body), { lowerCase: source.config.sourceId.lowerCase });
  const byOwnId = 'value' in found && found.value === recordId;
  return others.map((other) => ({ recordId: other, into: recordId, byOwnId }));
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

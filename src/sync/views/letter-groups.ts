// Open dead letters by cause: how many of each, since when, in whose words, and what to do next. It only reads.
import { sql } from 'drizzle-orm';
import type { DeadLetterKind } from '../../contract/dead-letter.ts';
import { jsonList, type Queryable } from '../../db/database.ts';
import { type DeadLetterFilter, openLetters } from '../../tables/dead-letters.ts';
import { type Cause, causeOf } from './causes.ts';

const maxGroups = 200;

const wordsShown = 3;

const samplesShown = 5;

/** Letters of one kind, source and code. Times are epoch milliseconds. */
export interface LetterGroup extends Cause {
  kind: DeadLetterKind;
  source: string;
  code: string;
  letters: number;
  firstAt: number;
  lastAt: number;
  /** What was said, most often first: the newest of the words that differ in numbers and quotes only. */
  words: { message: string; letters: number }[];
  /** The newest. */
  samples: { id: number; ref: string }[];
}

type Counted = Pick<LetterGroup, 'kind' | 'source' | 'code' | 'letters' | 'firstAt' | 'lastAt'>;

/** The largest first, at most 200. */
export async function letterGroups(db: Queryable, filter: DeadLetterFilter): Promise<LetterGroup[]> {
  const groups = await db.rows<Counted>(sql`
    select kind, source, code, count(*) as letters, min(created_at) as first_at, max(last_at) as last_at
    from dead_letters where ${openLetters(filter)}
    group by kind, source, code order by count(*) desc, kind, source, code limit ${maxGroups}`);
  if (groups.length === 0) return [];
  const words = Map.groupBy(await wordsOf(db, filter), keyOf);
  const samples = Map.groupBy(await samplesOf(db, filter, groups), keyOf);
  return groups.map((group) => {
    const said = (words.get(keyOf(group)) ?? []).map(({ message, letters }) => ({ message, letters }));
    const { kind, code } = group;
    return {
      ...group,
      ...causeOf({ kind, code, message: said[0]?.message ?? '' }),
      words: said,
      samples: (samples.get(keyOf(group)) ?? []).map(({ id, ref }) => ({ id, ref })),
    };
  });
}

type Key = { kind: string; source: string; code: string };

const keyOf = ({ kind, source, code }: Key) => JSON.stringify([kind, source, code]);

/** Words are the same where they differ only in what is quoted and in numbers. */
async function wordsOf(
  db: Queryable,
  filter: DeadLetterFilter,
): Promise<(Key & { message: string; letters: number })[]> {
  return db.rows(sql`
    with said as (
      select kind, source, code, count(*) as letters, max(id) as newest
      from dead_letters where ${openLetters(filter)}
      group by kind, source, code, regexp_replace(message, '"[^"]*"|''[^'']*''|[0-9]+', '…', 'g')),
    placed as (
      select *, row_number() over (partition by kind, source, code order by letters desc, newest desc) as place from said)
    select placed.kind, placed.source, placed.code, placed.letters, message
    from placed join dead_letters on dead_letters.id = placed.newest
    where place <= ${wordsShown} order by place`);
}

async function samplesOf(
  db: Queryable,
  filter: DeadLetterFilter,
  groups: readonly Key[],
): Promise<(Key & { id: number; ref: string })[]> {
  const keys = groups.map(({ kind, source, code }) => ({ kind, source, code }));
  return db.rows(sql`
    select wanted.kind, wanted.source, wanted.code, newest.id, newest.ref
    from json_to_recordset(${jsonList(keys)}) as wanted (kind text, source text, code text)
    cross join lateral (
      select id, ref from dead_letters
      where kind = wanted.kind and source = wanted.source and code = wanted.code and ${openLetters(filter)}
      order by id desc limit ${samplesShown}) as newest
    order by newest.id desc`);
}

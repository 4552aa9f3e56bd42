// All records of a vendor by its list, chunk by chunk, each compared with what is stored in one statement: what seems to differ is noted,
// to be read by ID. The next page is on its way while a chunk is compared.
import { type Json, RejectedError, type SourceRecord, type Stream } from '../../connector.ts';
import { sourceIdOf } from '../../customer/identity.ts';
import { cleanJson } from '../../customer/json.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import {
  countStandingOf,
  forgetChecked,
  type ListedRecord,
  noteOtherwiseListed,
  noteSample,
  noteUnlisted,
  noteUnlistedMerges,
  settleUnchecked,
  toCheckAmong,
} from '../../tables/checked-records.ts';
import { countListed, forgetListed, noteListed } from '../../tables/listed-records.ts';
import { bodyHash } from '../../tables/records.ts';
import { CursorTrail } from '../intake/cursor-trail.ts';
import type { Source } from '../intake/source.ts';
import type { Cursor, ProofStep } from './in-hand.ts';
import { advance, contextOf, type Proof } from './proof.ts';
import { judgeAnswer } from './proof-judging.ts';

type ListStep = Extract<ProofStep, { kind: 'list' }>;

/** So many records are compared together, or as many as have come in so long a time. */
const chunkRecords = 2_000;
const chunkMs = 5_000;

/** How often a list begins again because the vendor does not know its page any more. */
const maxRestarts = 3;

/** So many records with the same clock are compared in content. */
const sampleRecords = 200;

/** Merges that a list does not name are read by ID: so many of them. */
const maxMerges = 100;

interface ListPage {
  rows: ListedRecord[];
  /** The records themselves, where the list has them. */
  records: SourceRecord[];
  rejected: number;
  whole: boolean;
  cursor: Json;
  done: boolean;
}

/** True where the list shows clocks only, and contents are read by ID. */
export function listsClocks({ inventory }: Stream<unknown>, contents: 'sample' | 'all' = 'sample'): boolean {
  return inventory !== undefined && contents !== 'all';
}

const listsClocksOnly = ({ stream, inHand }: Proof) =>
  listsClocks(stream, inHand.verification.request.contents);

export async function readListing(proof: Proof, step: ListStep): Promise<Cursor> {
  const { inHand, stream, source } = proof;
  const { clock } = inHand.deps;
  const trail = new CursorTrail(`the ${stream.name} of ${source.config.connector.name}`, step.page);
  let at = step;
  let pages: ListPage[] = [];
  let since = clock.now();
  try {
    for await (const page of pagesFrom(proof, step.page)) {
      trail.follow({
        ...page,
        records: page.rows.map(({ recordId, changedAt = 0 }) => ({ recordId, changedAt })),
      });
      pages.push(page);
      const rows = pages.reduce((sum, one) => sum + one.rows.length, 0);
      if (!page.done && rows < chunkRecords && clock.now() - since < chunkMs) continue;
      const next = { ...at, page: page.cursor, ...(page.whole && { whole: true as const }) };
      if (page.done) return at.again ? endAgain(proof, next, pages) : endListing(proof, next, pages);
      await (at.again ? judgeChunk(proof, next, pages) : takeChunk(proof, next, pages));
      at = next;
      pages = [];
      since = clock.now();
    }
  } catch (error) {
    // Only where nothing was read: a page that an earlier attempt has kept is known to the vendor no longer.
    const isExpired = error instanceof RejectedError && step.page !== null && at === step;
    if (!isExpired || step.restarts >= maxRestarts) throw error;
    return advance(proof, { ...step, page: null, restarts: step.restarts + 1 }, async (tx) => {
      if (step.again) return;
      await forgetListed(tx, proof.proving);
      await forgetChecked(tx, proof.proving);
    });
  }
  throw new RejectedError('a list ended without its last page', { code: 'no_last_page' });
}

async function* pagesFrom(proof: Proof, from: Json | null): AsyncGenerator<ListPage> {
  let isFirst = true;
  const ask = (cursor: Json | null): Promise<ListPage> => {
    const resumes = isFirst;
    isFirst = false;
    const asked = untilAborted(pageOf(proof, cursor, resumes), proof.inHand.signal);
    // It is awaited later, and fails then.
    asked.catch(() => {});
    return asked;
  };
  for (let asked = ask(from); ; ) {
    const page = await asked;
    if (!page.done) asked = ask(page.cursor);
    yield page;
    if (page.done) return;
  }
}

async function pageOf(proof: Proof, cursor: Json | null, resumes: boolean): Promise<ListPage> {
  const { stream, source } = proof;
  const context = contextOf(proof);
  if (listsClocksOnly(proof)) {
    const { rows, rejected = 0, ...page } = await stream.inventory!.page(context, cursor);
    const listed = rows.map(({ recordId, changedAt, merged }) => ({ recordId, changedAt, merged }));
    return { ...page, rows: listed, records: [], rejected, whole: false };
  }
  const sourceId = source.config.sourceId.path;
  const {
    records,
    rejected = [],
    whole,
    ...page
  } = await stream.pull!(context, {
    cursor,
    until: context.now,
    properties: source.properties,
    mapped: source.config.mapping !== null,
    resumes,
    ...(sourceId !== null && { sourceId }),
  });
  const live = records.filter((record) => !record.deleted);
  const rows = live.map((record) => ({
    recordId: record.recordId,
    changedAt: record.changedAt,
    hash: bodyHash({ ...record, body: (cleanJson(record.body) ?? record.body) as SourceRecord['body'] }),
    sourceId: sourceIdIn(source, record),
    merged: record.merged,
  }));
  const { cursor: next, done } = page;
  return {
    rows,
    records: live,
    rejected: rejected.length,
    whole: whole?.asOf !== undefined,
    cursor: next,
    done,
  };
}

/** The customer that the record must speak of, where nothing else may stick to it. */
function sourceIdIn(source: Source, { recordId, body, merged }: SourceRecord): string | undefined {
  const { policy, lowerCase } = source.config.sourceId;
  const found = sourceIdOf(body, source.sourceIdPath(body), { lowerCase });
  if ('fault' in found || found.value === null) return undefined;
  return policy === 'follow' || (found.value === recordId && !merged?.length) ? found.value : undefined;
}

/** A record that came twice counts as it came last. */
function rowsOf(pages: readonly ListPage[]): ListedRecord[] {
  return [...new Map(pages.flatMap(({ rows }) => rows).map((row) => [row.recordId, row])).values()];
}

async function takeChunk(proof: Proof, next: ProofStep, pages: readonly ListPage[]): Promise<Cursor> {
  return advance(proof, next, (tx, counted) => noteChunk(proof, tx, counted, pages));
}

async function noteChunk(
  { proving, source, stream }: Proof,
  tx: Parameters<typeof noteListed>[0],
  counted: { listed: { count: number; rejected: number } },
  pages: readonly ListPage[],
): Promise<void> {
  const rows = rowsOf(pages);
  const mergedIds = rows.flatMap(({ merged = [] }) => [...merged]);
  await noteListed(tx, proving, { recordIds: rows.map(({ recordId }) => recordId), mergedIds });
  await noteOtherwiseListed(tx, proving, rows, { wholeSeconds: source.clock(stream.name) === 'second' });
  const rejected = pages.reduce((sum, page) => sum + page.rejected, 0);
  counted.listed.rejected += rejected;
  // Shown while it goes on; counted anew at the end.
  counted.listed.count += rows.length + rejected;
}

/** With the last chunk: what the list does not have, and a sample of what seems equal. */
async function endListing(proof: Proof, at: ListStep, pages: readonly ListPage[]): Promise<Cursor> {
  const { proving, stream } = proof;
  const next: ProofStep = { kind: 'stored', of: 'filtered', after: '', beganAt: at.beganAt };
  return advance(proof, next, async (tx, counted) => {
    await noteChunk(proof, tx, counted, pages);
    const isEmpty = (await countListed(tx, proving)) === 0 && (await countStandingOf(tx, proving)) > 0;
    if (isEmpty) counted.why = 'The list is empty, which more often means that access was withdrawn.';
    else {
      await noteUnlisted(tx, proving);
      await noteUnlistedMerges(tx, proving, stream.inventory?.merges ? chunkRecords : maxMerges);
    }
    if (listsClocksOnly(proof)) counted.sampled = await noteSample(tx, proving, sampleRecords);
    if (at.whole && !stream.read)
      await settleUnchecked(tx, proving, { verdict: 'deletedThere', notListed: true });
  });
}

/** Whatever seemed to differ, and is on these pages. */
async function judgeChunk(proof: Proof, next: ProofStep, pages: readonly ListPage[]): Promise<Cursor> {
  const records = [
    ...new Map(pages.flatMap((page) => page.records).map((one) => [one.recordId, one])).values(),
  ];
  const ids = records.map(({ recordId }) => recordId);
  const readAt = proof.inHand.deps.clock.now();
  return advance(proof, next, async (tx, counted) => {
    const some = await toCheckAmong(tx, proof.proving, ids);
    await judgeAnswer(proof, tx, counted, some, { records, missing: [], unreadable: [], readAt });
  });
}

/** What neither reading had says nothing: it may have been hidden. */
async function endAgain(proof: Proof, at: ListStep, pages: readonly ListPage[]): Promise<Cursor> {
  const next = await judgeChunk(proof, { kind: 'conclude', beganAt: at.beganAt }, pages);
  await settleUnchecked(proof.inHand.deps.database, proof.proving, { verdict: 'unproven' });
  return next;
}

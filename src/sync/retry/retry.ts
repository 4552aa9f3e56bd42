// Dead letters put back on the path: deliveries and write-backs fall due again, records are taken in again from the body that was kept or
// are read again, requests of the inbox are opened again. It knows no vendor; what cannot be put back is counted with the
// reason.

import type { JsonObject } from '../../connector.ts';
import type { DeadLetter as KeptLetter, Retried } from '../../contract/dead-letter.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Log } from '../../engine/log/log.ts';
import type { Lane } from '../../engine/quota/lanes.ts';
import { type Counts, noCounts } from '../../tables/counts.ts';
import { type DeadLetterFilter, deadLettersAfter, settleDeadLetters } from '../../tables/dead-letters.ts';
import { requeueDead } from '../../tables/deliveries.ts';
import { requestsAfter } from '../../tables/inbox.ts';
import { type Touch, touch } from '../../tables/touches.ts';
import { requeueWriteBacks } from '../../tables/write-backs.ts';
import type { Opener } from '../inbox/open.ts';
import { type ReplayDeps, replayRequests } from '../inbox/replay.ts';
import { ingest } from '../intake/ingest.ts';
import type { Rules } from '../intake/rules.ts';

const pageLetters = 500;

/** So few are a person's wish and go before everything but webhooks. */
const maxManual = 20;

export interface RetryDeps {
  database: Database;
  rules: Rules;
  clock: Clock;
  /** Without these two letters about the inbox are left alone. */
  opener?: Opener;
  log?: Log;
}

/** Tries the chosen letters again, the oldest first, 500 a transaction. */
export async function retryDeadLetters(deps: RetryDeps, which: DeadLetterFilter): Promise<Retried> {
  const { database, rules, clock, opener, log } = deps;
  const inbox = opener && log ? { database, opener, log } : null;
  const few =
    (await deadLettersAfter(database, which, { after: 0, limit: maxManual + 1 })).length <= maxManual;
  const retrying = {
    rules,
    lane: few ? ('manual' as const) : ('backfill' as const),
    replays: inbox !== null,
  };
  const retried = none();
  /** A request that has faults again leaves new letters, which are not meant. */
  const replayed = new Set<number>();
  for (let after = 0; ; ) {
    const page = await database.transaction(async (tx) => {
      const letters = await deadLettersAfter(tx, which, { after, limit: pageLetters });
      return { letters, result: await retryPage(tx, { ...retrying, now: clock.now() }, letters) };
    });
    add(retried, page.result);
    // In transactions of its own: the inbox's rows are locked before anything else is.
    if (inbox) add(retried, await replayLetters(inbox, page.letters, replayed));
    if (page.letters.length < pageLetters) return retried;
    after = page.letters.at(-1)!.id;
  }
}

const none = (): Retried => ({
  deliveries: { due: 0, waiting: 0 },
  writeBacks: { due: 0, waiting: 0 },
  records: { ...noCounts },
  touched: 0,
  requests: { replayed: 0, rejected: 0 },
  cannot: [],
});

interface Retrying {
  rules: Rules;
  lane: Lane;
  /** Requests of the inbox can be opened again. */
  replays: boolean;
  now: number;
}

async function retryPage(
  tx: Queryable,
  retrying: Retrying,
  letters: readonly KeptLetter[],
): Promise<Retried> {
  const hindered = new Map(letters.map((letter) => [letter, hindrance(letter, retrying)]));
  const free = letters.filter((letter) => hindered.get(letter) === null);
  const deliveries = free.filter((letter) => letter.kind === 'delivery').map((letter) => letter.ref);
  const due = deliveries.length ? await requeueDead(tx, deliveries, retrying.lane, retrying.now) : 0;
  const back = free.filter((letter) => letter.kind === 'writeBack');
  let dueBack = 0;
  for (const [source, some] of Map.groupBy(back, (letter) => letter.source))
    dueBack += await requeueWriteBacks(
      tx,
      source,
      some.map((letter) => letter.ref),
      retrying,
    );
  const records = { ...noCounts };
  const ofRecords = free.filter((letter) => letter.kind === 'record');
  const unread = ofRecords.filter((letter) => keptRecord(letter) === null);
  for (const [source, group] of Map.groupBy(unread, (letter) => letter.source))
    await touch(tx, source, group.map(touchOf), retrying.now);
  const byStream = Map.groupBy(
    ofRecords.filter((letter) => keptRecord(letter) !== null),
    (letter) => JSON.stringify([letter.source, letter.stream]),
  );
  for (const group of byStream.values()) addCounts(records, await ingestAgain(tx, retrying, group));
  const cannot = letters.filter((letter) => hindered.get(letter) !== null);
  return {
    deliveries: { due, waiting: deliveries.length - due },
    writeBacks: { due: dueBack, waiting: back.length - dueBack },
    records,
    touched: unread.length,
    requests: { replayed: 0, rejected: 0 },
    cannot: byReason(cannot, (letter) => hindered.get(letter)!),
  };
}

function byReason(
  letters: readonly KeptLetter[],
  reasonOf: (letter: KeptLetter) => string,
): Retried['cannot'] {
  return [...Map.groupBy(letters, reasonOf)].map(([reason, group]) => ({
    reason,
    letters: group.length,
    ids: group.map(({ id }) => id),
  }));
}

/** Opens the requests again that these letters are about, each of them once. */
async function replayLetters(
  deps: ReplayDeps,
  letters: readonly KeptLetter[],
  replayed: Set<number>,
): Promise<Retried> {
  const about = letters.filter((letter) => {
    const request = requestOf(letter);
    return letter.kind === 'inbox' && request !== null && !replayed.has(request);
  });
  const ids = [...new Set(about.map((letter) => requestOf(letter)!))];
  for (const id of ids) replayed.add(id);
  const kept =
    ids.length > 0 ? await requestsAfter(deps.database, { ids }, { after: 0, limit: ids.length }) : [];
  const { results, withoutWebhook } = await replayRequests(deps, kept, { dryRun: false });
  const opened = new Set(results.map(({ id }) => id));
  const unreplayable = new Set(withoutWebhook);
  return {
    ...none(),
    requests: {
      replayed: results.length,
      rejected: results.filter(({ result }) => result !== 'opened').length,
    },
    cannot: byReason(
      about.filter((letter) => !opened.has(requestOf(letter)!)),
      (letter) =>
        unreplayable.has(requestOf(letter)!)
          ? `${letter.source} takes no webhooks any more`
          : 'the body of the request is kept no more',
    ),
  };
}

/** The request of the inbox that a letter is about. */
export function requestOf({ kind, detail }: Pick<KeptLetter, 'kind' | 'detail'>): number | null {
  if (kind !== 'inbox' || typeof detail !== 'object' || detail === null || Array.isArray(detail)) return null;
  return typeof detail['request'] === 'number' ? detail['request'] : null;
}

/** The record that a webhook told of and that could not be read. */
function touchedAt({ detail }: KeptLetter): number | null {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return null;
  return typeof detail['touchedAt'] === 'number' ? detail['touchedAt'] : null;
}

function touchOf(letter: KeptLetter): Touch {
  return { stream: letter.stream, recordId: letter.ref, changedAt: touchedAt(letter)!, gone: null };
}

/** Why a letter cannot be put back, or null. */
function hindrance(letter: KeptLetter, { rules, replays }: Retrying): string | null {
  if (letter.kind === 'delivery' || letter.kind === 'writeBack') return null;
  if (letter.kind === 'inbox') {
    if (requestOf(letter) === null) return 'it does not say which request of the inbox it is about';
    // Whether the request can be opened is found out when it is.
    return replays ? null : 'what lies in the inbox is opened again there';
  }
  if (!rules.schemaIsKnown) return 'the metadata schema of the destination is not known yet';
  const source = rules.source(letter.source);
  if (!source) return `no source is called ${letter.source} in the configuration any more`;
  const stream = source.streams.find((known) => known.name === letter.stream);
  if (!stream) return `${letter.source} has no stream ${letter.stream} any more`;
  if (keptRecord(letter) !== null) return null;
  if (touchedAt(letter) !== null)
    return stream.read ? null : `${letter.source} cannot read single records any more`;
  if (!source.canPull) return 'no record was kept, and the source only pushes: it must send it again';
  return source.isAsked
    ? 'no record was kept: ask for a full sync, or for these records by ID'
    : 'this row never became a record: correct it in the file and import that again';
}

/** The body that the letter kept, with its clock. Null where what was given up was no record yet. */
function keptRecord({ detail }: KeptLetter): { changedAt: number; body: JsonObject } | null {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return null;
  const { changedAt, body } = detail;
  if (typeof changedAt !== 'number' || typeof body !== 'object' || body === null || Array.isArray(body))
    return null;
  return { changedAt, body };
}

/** Letters of one stream. What is rejected again stays a letter, counted up; every other one is settled. */
async function ingestAgain(
  tx: Queryable,
  { rules, lane, now }: Retrying,
  letters: readonly KeptLetter[],
): Promise<Counts> {
  const { source: name, stream } = letters[0]!;
  const records = letters.map((letter) => ({ recordId: letter.ref, ...keptRecord(letter)! }));
  const counts = await ingest(
    tx,
    rules,
    { source: rules.source(name)!, stream, lane, runId: null, now },
    { records },
  );
  const before = new Map(letters.map((letter) => [letter.id, letter.times]));
  const open = await deadLettersAfter(tx, { ids: [...before.keys()] }, { after: 0, limit: letters.length });
  // Still open and not counted up: a newer state of the record was taken in meanwhile.
  const overtaken = open.filter((letter) => letter.times === before.get(letter.id));
  await settleDeadLetters(
    tx,
    { kind: 'record', source: name, stream, refs: overtaken.map((letter) => letter.ref) },
    now,
  );
  return counts;
}

const maxIds = 20;

function add(total: Retried, page: Retried): void {
  total.deliveries.due += page.deliveries.due;
  total.deliveries.waiting += page.deliveries.waiting;
  total.writeBacks.due += page.writeBacks.due;
  total.writeBacks.waiting += page.writeBacks.waiting;
  addCounts(total.records, page.records);
  total.touched += page.touched;
  total.requests.replayed += page.requests.replayed;
  total.requests.rejected += page.requests.rejected;
  for (const { reason, letters, ids } of page.cannot) {
    const known = total.cannot.find((group) => group.reason === reason);
    if (known) {
      known.letters += letters;
      known.ids = [...known.ids, ...ids].slice(0, maxIds);
    } else total.cannot.push({ reason, letters, ids: ids.slice(0, maxIds) });
  }
}

function addCounts(total: Counts, counts: Counts): void {
  for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
}

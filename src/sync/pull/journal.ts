// A vendor's journal from its checkpoint to rest: the records that it names become touches, in the transaction that moves the
// cursor, and are read as those that a webhook names. It reads no record itself.
import type { Context, JournalPage, Note } from '../../connector.ts';
import type { Run } from '../../contract/run.ts';
import type { Database, Queryable } from '../../db/database.ts';
import { type Clock, latestOf } from '../../engine/clock.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import type { Log } from '../../engine/log/log.ts';
import { checkpoint, moveCheckpoint } from '../../tables/checkpoints.ts';
import { noCounts } from '../../tables/counts.ts';
import { addNotes, countPage, requestRun } from '../../tables/runs.ts';
import { touch } from '../../tables/touches.ts';
import { aheadNote } from '../intake/clocks.ts';
import { CursorTrail } from '../intake/cursor-trail.ts';
import type { Source } from '../intake/source.ts';
import { requireStream, touchOf } from '../intake/touched.ts';

const dayMs = 86_400_000;

export interface ReadingJournal {
  deps: { database: Database; clock: Clock; log: Log };
  source: Source;
  run: Run;
  lease: string;
  leaseMs: number;
  signal: AbortSignal;
  context(): Context<unknown>;
  /** A page has been read and kept. */
  onPage(): void;
}

/** Does nothing where the source has no journal. */
export async function readJournal(reading: ReadingJournal): Promise<void> {
  const { deps, source, signal } = reading;
  const { journal } = source;
  if (!journal) return;
  const begun = await checkpoint(deps.database, source.name, 'journal', 'lead');
  const trail = new CursorTrail(`the journal of ${source.config.connector.name}`, begun?.cursor ?? null);
  for (let cursor = begun?.cursor ?? null; ; ) {
    signal.throwIfAborted();
    const page = await untilAborted(journal.pull(reading.context(), cursor), signal);
    trail.follow({ ...page, records: page.touches });
    await takePage(reading, page);
    reading.onPage();
    if (page.done) return;
    cursor = page.cursor;
  }
}

async function takePage(reading: ReadingJournal, page: JournalPage): Promise<void> {
  const { deps, source, run, lease, leaseMs } = reading;
  const now = deps.clock.now();
  for (const one of page.touches) requireStream(source, one);
  const touched = page.touches.map((one) => touchOf(source, one, now, latestOf(deps.clock)));
  const ahead = touched.filter(({ isAhead }) => isAhead).length;
  const notes = [...(page.notes ?? []), ...(ahead > 0 ? [aheadNote(ahead)] : []), ...gapNotes(page)];
  await deps.database.transaction(async (tx) => {
    await touch(
      tx,
      source.name,
      touched.map((one) => one.touch),
      now,
    );
    if (page.gap !== undefined) await requestFullReading(tx, source.name, now);
    await addNotes(tx, run.id, notes);
    const { cursor, done } = page;
    await moveCheckpoint(
      tx,
      { source: source.name, stream: 'journal', reader: 'lead' },
      { cursor, done, now },
    );
    const counted = { counts: noCounts, pages: 1, expected: null, step: 'reading the journal', now, leaseMs };
    await countPage(tx, { id: run.id, lease }, counted);
  });
  if (page.gap !== undefined)
    deps.log.warn({ source: source.name, run: run.id, reason: page.gap }, 'the journal has a gap');
}

function gapNotes({ gap }: JournalPage): Note[] {
  if (gap === undefined) return [];
  return [{ code: 'journal_gap', message: `${gap} A full reading is requested.`, count: 1 }];
}

/**
 * One a day at most, as a journal that always seems to have a gap would otherwise have everything read without end. Slots of
 * schedules are whole seconds, so that this one is none of theirs.
 */
async function requestFullReading(tx: Queryable, source: string, now: number): Promise<void> {
  const slot = Math.floor(now / dayMs) * dayMs + 1;
  await requestRun(tx, { source, mode: 'full', trigger: 'gap', lane: 'schedule', slot, now });
}

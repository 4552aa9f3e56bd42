// The export of one reader of a run: what it stores goes to the checkpoint of that reader, and while the vendor works the run
// is put off. A dry run stores nothing, and waits. It knows no vendor.
import type { Context, Json, Page, Stream } from '../../connector.ts';
import type { Run } from '../../contract/run.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Endpoint } from '../../engine/http/endpoint.ts';
import { untilAborted } from '../../engine/http/until-aborted.ts';
import type { Log } from '../../engine/log/log.ts';
import { dropCheckpoint, moveCheckpoint, type Reader } from '../../tables/checkpoints.ts';
import { noCounts } from '../../tables/counts.ts';
import { countPage } from '../../tables/runs.ts';
import { cursorOf } from '../intake/export-state.ts';
import type { Source } from '../intake/source.ts';
import type { SourceHealth } from '../intake/source-health.ts';
import { ExportPages } from './export-pages.ts';
import { PutOffError } from './failing.ts';

export interface Exporting {
  database: Database;
  clock: Clock;
  log: Log;
  endpoint: Endpoint | null;
  health: SourceHealth;
  source: Source;
  stream: Stream<unknown>;
  run: Run;
  lease: string;
  leaseMs: number;
  signal: AbortSignal;
  context(): Context<unknown>;
  pull(cursor: Json | null): Promise<Page>;
}

/** Null where this reader reads pages only. */
export function exportOf(exporting: Exporting, reader: Reader): ExportPages | null {
  const { database, clock, log, endpoint, health, source, stream, run, lease, leaseMs, signal } = exporting;
  const { bulkExport } = stream;
  const isExported = reader === 'full' || (reader === 'lead' && !stream.pull);
  if (!bulkExport || !endpoint || !isExported || run.mode === 'import') return null;
  const isDry = run.request.dryRun !== undefined;
  // Pages serve a dry run as well, and order nothing.
  if (isDry && stream.pull) return null;
  const key = { source: source.name, stream: stream.name, reader };
  return new ExportPages({
    clock,
    log: log.child({ source: source.name, run: run.id }),
    stream,
    bulkExport,
    what: `${stream.name} of ${source.name}`,
    run: run.id,
    properties: source.properties,
    context: exporting.context,
    download: (request) =>
      untilAborted(
        health.guardCall(() => endpoint.api(run.lane, { signal }).download(request), signal),
        signal,
      ),
    pull: stream.pull ? exporting.pull : null,
    async store(cursor, step) {
      if (isDry) return;
      const now = clock.now();
      await database.transaction(async (tx) => {
        const counted = { counts: noCounts, pages: 0, expected: null, step, now, leaseMs };
        await countPage(tx, { id: run.id, lease }, counted);
        if (cursor === null) await dropCheckpoint(tx, key.source, key.stream, key.reader);
        else await moveCheckpoint(tx, key, { cursor, done: false, now });
      });
    },
    async wait(milliseconds, why) {
      if (!isDry) throw new PutOffError(why, clock.now() + milliseconds);
      await clock.sleep(milliseconds, signal);
      signal.throwIfAborted();
    },
  });
}

/** The cursor from which a stream reads again what changed after `to`; null where it cannot. */
export function rewoundCursor(
  { rewind, pull, bulkExport }: Stream<unknown>,
  settings: unknown,
  to: number,
): Json | null {
  if (rewind) return rewind(settings, to);
  return !pull && bulkExport?.changes ? cursorOf({ phase: 'rest', since: Math.max(to, 0) }) : null;
}

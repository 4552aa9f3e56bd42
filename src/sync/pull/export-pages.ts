// A stream read by an export of its vendor: the job is ordered, waited for and downloaded, and its rows become pages like any
// others, whose cursor says how far the file was read. What each step needs to go on is stored before it is taken. It knows no
// table and no vendor.
import type { BulkExport, BulkExportRequest } from '../../connector/bulk-export.ts';
import {
  type Context,
  type Json,
  type Page,
  RejectedError,
  type Stream,
  TransientError,
  UnauthorizedError,
} from '../../connector.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Download, DownloadRequest } from '../../engine/http/download.ts';
import type { Log } from '../../engine/log/log.ts';
import { unzipped } from '../../engine/unzip.ts';
import { cursorOf, exportState, type Making, type Ordering, type Reading } from '../intake/export-state.ts';
import { listRows } from './export-list.ts';
import { csvRows, type ExportRow, jsonRows } from './export-rows.ts';

/** So many rows are a page. */
const pageRows = 500;

/** How far the vendor's clock may be from ours. */
const clocksDifferMs = 60_000;

const minPollMs = 2_000;
const maxPollMs = 60_000;
/** A job is asked about each time that it has taken so much longer. */
const pollShare = 0.25;

export interface ExportDeps {
  clock: Clock;
  log: Log;
  stream: Stream<unknown>;
  bulkExport: BulkExport<unknown>;
  /** Whose records they are, for sentences: `contacts of salesforce`. */
  what: string;
  run: number;
  properties: readonly string[];
  context(): Context<unknown>;
  download(request: DownloadRequest): Promise<Download>;
  /** A page by the stream's list; null where it has none. */
  pull: ((cursor: Json | null) => Promise<Page>) | null;
  /** Keeps where the reader goes on, null for nowhere. `step`: what is done now. Throws where the run is no longer ours. */
  store(cursor: Json | null, step: string): Promise<void>;
  /** Lets time pass, or throws to be called again later. */
  wait(milliseconds: number, why: string): Promise<void>;
}

interface OpenFile {
  file: string | null;
  rows: number;
  read: AsyncGenerator<ExportRow>;
  recordOf: ReturnType<BulkExport<unknown>['rowReader']>;
  next: string | null;
}

export interface ReadAt {
  page: Page;
  /** When the records were as they are, at the earliest, epoch milliseconds. */
  readAt: number;
}

export class ExportPages {
  readonly #deps: ExportDeps;
  /** The file that is being read, at which of its rows. */
  #open: OpenFile | null = null;
  /** What was read to its end. */
  #done: Json | null = null;

  constructor(deps: ExportDeps) {
    this.#deps = deps;
  }

  /** The page that this cursor leads to, by an export where there is one and it is worth it. */
  async page(cursor: Json | null): Promise<ReadAt> {
    const { clock, pull, run } = this.#deps;
    const readAt = clock.now();
    const state = exportState(cursor);
    const isPaged = state === null ? cursor !== null || !(await this.#isWorthIt()) : state.phase === 'pages';
    if (isPaged) return { page: await this.#pulled(pull, state === null ? cursor : null), readAt };
    if (state?.phase === 'rest' && !this.#deps.bulkExport.changes)
      return { page: { records: [], cursor: cursor!, done: true }, readAt };
    const order: Ordering | Making | Reading =
      state === null || state.phase === 'rest' || state.phase === 'pages'
        ? { phase: 'ordering', run, orderedAt: readAt, since: state?.phase === 'rest' ? state.since : null }
        : state;
    return this.#exported(order, { isNew: order !== state });
  }

  /** Nothing more is read. */
  stop(): void {
    void this.#open?.read.return(undefined).catch(() => {});
    this.#open = null;
  }

  /** After the last page was kept: the job is of no more use. */
  async finish(): Promise<void> {
    this.stop();
    if (this.#done !== null) await this.#remove(this.#done);
    this.#done = null;
  }

  /** What this cursor stands for is not read any more. */
  async abandon(cursor: Json | null): Promise<void> {
    const state = exportState(cursor);
    if (state && 'job' in state) await this.#remove(state.job as Json);
  }

  async #isWorthIt(): Promise<boolean> {
    const { bulkExport, stream, clock, properties, pull } = this.#deps;
    if (!pull) return true;
    const context = this.#deps.context();
    const min = bulkExport.minRecords(context.settings);
    if (min === null || min === 0 || !stream.count) return min !== null;
    try {
      return (await stream.count(context, { cursor: null, until: clock.now(), properties })) >= min;
    } catch (error) {
      if (error instanceof UnauthorizedError) throw error;
      // What takes too long to be counted is large. If it is not, the export costs a few calls more than pages.
      return true;
    }
  }

  async #exported(order: Ordering | Making | Reading, { isNew }: { isNew: boolean }): Promise<ReadAt> {
    let at = order;
    try {
      if (at.phase === 'ordering') at = await this.#order(at, { isNew });
      if (at.phase === 'making') at = await this.#made(at);
      return { page: await this.#read(at), readAt: at.orderedAt };
    } catch (error) {
      if (!this.#isHopeless(error, at)) throw error;
      return this.#fallBack(at, error as Error);
    }
  }

  async #order(state: Ordering, { isNew }: { isNew: boolean }): Promise<Making> {
    const { bulkExport, context, store, what } = this.#deps;
    this.#checkWait(state);
    const request = this.#requestOf(state);
    if (isNew) await store(cursorOf(state), `ordering an export of ${what}`);
    const found = isNew
      ? null
      : await bulkExport.ordered?.(context(), request, state.orderedAt - clocksDifferMs);
    const job = found ?? (await bulkExport.begin(context(), request));
    const making: Making = { ...state, phase: 'making', job: job as Making['job'] };
    await store(cursorOf(making), `waiting for an export of ${what}`);
    return making;
  }

  async #made(state: Making): Promise<Reading> {
    for (;;) {
      const made = await this.#deps.bulkExport.poll(this.#deps.context(), state.job as Json);
      if (made)
        return { ...state, phase: 'reading', total: made.total ?? null, file: null, rows: 0, read: 0 };
      await this.#wait(state);
    }
  }

  async #read(state: Reading): Promise<Page> {
    // Of nothing there may be no file.
    if (state.total === 0) return this.#last(state, { records: [] });
    const open = await this.#opened(state);
    const page: Page = { records: [], rejected: [], cursor: null, done: false };
    let isAtEnd = false;
    let rows = state.rows;
    while (rows - state.rows < pageRows) {
      const { value, done } = await open.read.next();
      isAtEnd = done === true;
      if (isAtEnd) break;
      rows += 1;
      const { row, reason, raw } = value as { row?: Page['records'][0]['body']; reason?: string; raw?: Json };
      const record = row && open.recordOf(row);
      if (record) page.records.push(record);
      else if (record === undefined)
        page.rejected!.push({
          position: `row ${rows} of file ${state.file ?? 'one'} of the export of ${new Date(state.orderedAt).toISOString()}`,
          reason: row
            ? 'This row has no ID or no time of last change.'
            : `This row cannot be read: ${reason}.`,
          raw: row ?? raw ?? null,
        });
    }
    if (state.total !== null) page.total = state.total;
    const read = state.read + rows - state.rows;
    if (!isAtEnd) {
      open.rows = rows;
      return { ...page, cursor: cursorOf({ ...state, rows, read }) };
    }
    this.#open = null;
    if (open.next !== null)
      return { ...page, cursor: cursorOf({ ...state, file: open.next, rows: 0, read }) };
    if (state.total !== null && read < state.total)
      throw new RejectedError(`the export of ${this.#deps.what} has ${read} of ${state.total} rows`, {
        code: 'export_incomplete',
      });
    return this.#last(state, page);
  }

  #last(state: Reading, page: Pick<Page, 'records'>): Page {
    this.#done = state.job as Json;
    return { ...page, cursor: this.#cursorBehind(state), done: true };
  }

  /** Where changes go on: from before the order, since nobody says how old the state is that was exported. */
  #cursorBehind(state: Reading): Json {
    const { stream } = this.#deps;
    const { settings } = this.#deps.context();
    const lagMs = (stream.settleLagSeconds ?? 0) * 1000 + clocksDifferMs;
    if (this.#deps.pull && stream.rewind)
      return stream.rewind(settings, Math.max(state.orderedAt - lagMs, 0));
    const { until } = this.#requestOf(state);
    const overlapMs = (this.#deps.bulkExport.changes?.overlapSeconds ?? 0) * 1000;
    return cursorOf({ phase: 'rest', since: Math.max(until - overlapMs, 0) });
  }

  /** The file at the row where reading goes on: the one that is open, or another download of it. */
  async #opened(state: Reading): Promise<OpenFile> {
    const { bulkExport, context, download } = this.#deps;
    if (this.#open?.file === state.file && this.#open.rows === state.rows) return this.#open;
    this.stop();
    const job = state.job as Json;
    for (;;) {
      const found = await bulkExport.file(context(), job, state.file);
      if (!found) return this.#opening(state, { read: noRows(), next: null });
      const { next, ...request } = found;
      try {
        const { headers, bytes } = await download(request);
        const read = this.#rowsOf(bytes, job);
        const word = typeof next === 'function' ? next(headers) : next;
        if (word === undefined || (word !== null && word === state.file)) {
          void read.return(undefined).catch(() => {});
          throw new TransientError(`${this.#of} does not say which file of the export follows`, {
            foreign: true,
          });
        }
        for (let row = 0; row < state.rows; row += 1) {
          if ((await read.next()).done)
            throw new RejectedError(`the export of ${this.#deps.what} has fewer rows than before`, {
              code: 'export_changed',
            });
        }
        return this.#opening(state, { read, next: word });
      } catch (error) {
        const isBeingMade =
          error instanceof RejectedError &&
          state.read === 0 &&
          bulkExport.notYet?.includes(error.status ?? 0) === true;
        if (!isBeingMade) throw error;
        await this.#wait(state);
      }
    }
  }

  #opening({ job, orderedAt, file, rows }: Reading, of: Pick<OpenFile, 'read' | 'next'>): OpenFile {
    const { bulkExport, context, properties } = this.#deps;
    const { settings } = context();
    const recordOf = bulkExport.rowReader({ settings, job: job as Json, asOf: orderedAt, properties });
    this.#open = { file, rows, recordOf, ...of };
    return this.#open;
  }

  #rowsOf(bytes: AsyncIterable<Uint8Array>, job: Json): AsyncGenerator<ExportRow> {
    const { format, columns, delimiter = ',', list = '', names } = this.#deps.bulkExport;
    const of = this.#of;
    if (format === 'csv') return csvRows(bytes, { delimiter, columns: columns?.(job) ?? [], of });
    if (format === 'json list') return listRows(bytes, { list, names, of });
    return jsonRows(format === 'json lines' ? bytes : unzipped(bytes, { of }), { of });
  }

  async #wait(state: Making | Reading): Promise<void> {
    const { clock, what, wait } = this.#deps;
    this.#checkWait(state);
    const ms = Math.min(Math.max((clock.now() - state.orderedAt) * pollShare, minPollMs), maxPollMs);
    await wait(Math.ceil(ms), `waiting: the export of ${what} is being made`);
  }

  /** Whether the export will come to nothing. Credentials that ran out or were taken back say nothing of it. */
  #isHopeless(error: unknown, { orderedAt }: Ordering | Making | Reading): boolean {
    if (error instanceof UnauthorizedError) return error.status !== 401 && !error.final;
    if (error instanceof RejectedError) return true;
    const isLate = this.#deps.clock.now() - orderedAt > this.#deps.bulkExport.maxWaitSeconds * 1000;
    return error instanceof TransientError && error.foreign && isLate;
  }

  #checkWait({ orderedAt }: Ordering | Making | Reading): void {
    const { clock, bulkExport, what } = this.#deps;
    const seconds = bulkExport.maxWaitSeconds;
    if (clock.now() - orderedAt <= seconds * 1000) return;
    throw new RejectedError(`the export of ${what} was not made within ${seconds / 3600} hours`, {
      code: 'export_slow',
    });
  }

  #requestOf({ orderedAt, since }: Ordering | Making | Reading): BulkExportRequest {
    const { bulkExport, properties } = this.#deps;
    const lagMs = (bulkExport.changes?.lagSeconds ?? 0) * 1000;
    return { since, until: orderedAt - lagMs, properties };
  }

  /** Pages, where the stream has them: none of the records is left out, whatever the export had given. */
  async #fallBack(state: Ordering | Making | Reading, error: Error): Promise<ReadAt> {
    const { pull, store, clock, log, what, run } = this.#deps;
    this.stop();
    const { message: reason } = error;
    const next = cursorOf(
      state.since === null ? { phase: 'pages', run } : { phase: 'rest', since: state.since },
    );
    log.warn({ reason }, `the export of ${what} came to nothing${pull ? ', so that pages are read' : ''}`);
    await store(pull || state.since !== null ? next : null, `reading all ${what}`);
    if ('job' in state) await this.#remove(state.job as Json);
    if (!pull) throw error;
    const readAt = clock.now();
    const page = await pull(null);
    const message = `Everything was read page by page, because an export of ${what} came to nothing: ${reason}`;
    return {
      page: { ...page, notes: [...(page.notes ?? []), { code: 'no_export', message, count: 1 }] },
      readAt,
    };
  }

  async #pulled(pull: ExportDeps['pull'], cursor: Json | null): Promise<Page> {
    if (pull) return pull(cursor);
    throw new RejectedError(`The cursor for ${this.#deps.what} is unknown: start a full sync.`, {
      code: 'cursor',
    });
  }

  /** What the vendor keeps although it was told not to ends by itself. */
  async #remove(job: Json): Promise<void> {
    const { bulkExport, context, log } = this.#deps;
    try {
      await bulkExport.remove?.(context(), job);
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'an export could not be deleted at the vendor');
    }
  }

  get #of(): string {
    return `the vendor of the ${this.#deps.what}`;
  }
}

async function* noRows(): AsyncGenerator<ExportRow> {}

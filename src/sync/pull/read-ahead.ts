// The pages of a reading, read ahead of those that are being ingested, and joined where one transaction can take several of
// them: what a page costs the database is statements more than rows. It knows no vendor and no table.
import type { Json, Page } from '../../connector.ts';
import type { Clock } from '../../engine/clock.ts';

/** Pages are joined until they have so many records: more gain little, and are what a crash reads again. */
const joinedRecords = 500;
/** Pages are joined up to about so many bytes. */
const joinedBytes = 4 * 1024 * 1024;
/** For so long joining waits for the next page. */
const joinWaitMs = 100;

export interface ReadPage {
  page: Page;
  /** When the vendor was asked for it, epoch milliseconds. */
  readAt: number;
  /** How many pages of the vendor it is made of. */
  pages: number;
}

export interface ReadAheadOptions {
  clock: Clock;
  signal: AbortSignal;
  /** The cursor of the first page. */
  begun: Json | null;
  /** Reads one page. Each call begins after the one before has returned. */
  ask(cursor: Json | null): Promise<{ page: Page; readAt: number }>;
  /** Whether pages may be joined: nothing depends on when each of them was read. */
  joins: boolean;
  /** Whether pages are so large that only one may be held. */
  isHeavy(): boolean;
}

export class ReadAhead {
  readonly #options: ReadAheadOptions;
  readonly #stopped = new AbortController();
  readonly #ready: (ReadPage & { bytes: number })[] = [];
  #cursor: Json | null;
  #reading: Promise<void> | null = null;
  #failure: { error: unknown } | null = null;
  #done = false;
  #hasBegun = false;

  constructor(options: ReadAheadOptions) {
    this.#options = options;
    this.#cursor = options.begun;
  }

  /** The next page, maybe of several; null after the last. Throws what reading it threw. */
  async next(): Promise<ReadPage | null> {
    this.#read();
    while (this.#ready.length === 0 && this.#reading) await this.#reading;
    if (this.#ready.length === 0) {
      if (this.#failure) throw this.#failure.error;
      return null;
    }
    // The first page is committed by itself at once, so that a process that dies again and again makes progress all the same.
    const joins = this.#options.joins && this.#hasBegun;
    this.#hasBegun = true;
    if (joins) await this.#gather();
    const group = this.#ready.splice(0, joins ? this.#joinable() : 1);
    if (!this.#options.isHeavy()) this.#read();
    return joined(group);
  }

  /** Nothing more is read. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Waits for as many pages as one transaction may take, but for none that is slow to come. */
  async #gather(): Promise<void> {
    const { clock, signal } = this.#options;
    const waited = new AbortController();
    const wait = clock
      .sleep(joinWaitMs, AbortSignal.any([waited.signal, signal, this.#stopped.signal]))
      .then(() => waited.abort());
    while (this.#reading && !waited.signal.aborted && this.#hasRoom(1))
      await Promise.race([this.#reading, wait]);
    waited.abort();
  }

  /** How many of the pages that were read fit into one; at least one. */
  #joinable(): number {
    let records = 0;
    let bytes = 0;
    let isAlone = false;
    const fits = this.#ready.findIndex(({ page, bytes: size }, index) => {
      records += page.records.length;
      bytes += size;
      isAlone ||= page.whole !== undefined || page.columns !== undefined;
      return index > 0 && (isAlone || records > joinedRecords || bytes > joinedBytes);
    });
    return fits === -1 ? this.#ready.length : fits;
  }

  #hasRoom(joins: number): boolean {
    const { joins: isJoining, isHeavy } = this.#options;
    if (this.#ready.length === 0) return true;
    if (!isJoining || isHeavy()) return false;
    const records = this.#ready.reduce((sum, { page }) => sum + page.records.length, 0);
    const bytes = this.#ready.reduce((sum, { bytes }) => sum + bytes, 0);
    return records < joins * joinedRecords && bytes < joins * joinedBytes;
  }

  #read(): void {
    if (this.#reading || this.#done || this.#failure || this.#stopped.signal.aborted || !this.#hasRoom(2))
      return;
    this.#reading = this.#options
      .ask(this.#cursor)
      .then(
        ({ page, readAt }) => {
          this.#cursor = page.cursor;
          this.#done = page.done;
          this.#ready.push({ page, readAt, pages: 1, bytes: this.#options.joins ? bytesOf(page) : 0 });
        },
        (error: unknown) => {
          this.#failure = { error };
        },
      )
      .then(() => {
        this.#reading = null;
        this.#read();
      });
  }
}

/** The pages as one: where one begins, the next goes on. */
function joined(group: readonly ReadPage[]): ReadPage {
  const [first] = group as [ReadPage];
  if (group.length === 1) return first;
  const all = group.map(({ page }) => page);
  const last = all.at(-1)!;
  const page: Page = {
    ...last,
    records: all.flatMap(({ records }) => records),
    rejected: all.flatMap(({ rejected = [] }) => rejected),
    notes: all.flatMap(({ notes = [] }) => notes),
  };
  return { page, readAt: first.readAt, pages: group.length };
}

/** About how large it is, by three of its records. */
function bytesOf({ records }: Page): number {
  const some = [0, records.length >> 1, records.length - 1].flatMap((index) => records[index] ?? []);
  return records.length * Math.max(0, ...some.map(({ body }) => JSON.stringify(body).length));
}

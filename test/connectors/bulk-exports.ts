// The same questions to every stream that a vendor exports: the engine's own reading of it, with everything that can go wrong
// on the way. It knows no vendor.
import { describe, expect, test } from 'vitest';
import {
  type Context,
  type Json,
  type SourceRecord,
  type Stream,
  TransientError,
  UnauthorizedError,
} from '#connector';
import type { Download, DownloadRequest } from '../../src/engine/http/download.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { exportState } from '../../src/sync/intake/export-state.ts';
import { ExportPages } from '../../src/sync/pull/export-pages.ts';
import { answering } from './conformance.ts';

/** An account of a vendor with more rows than a page has, opened anew for each question; exports are always used. */
export interface OpenExports {
  stream: Stream<unknown>;
  context(): Context<unknown>;
  download(request: DownloadRequest): Promise<Download>;
  properties: readonly string[];
  now(): number;
  advance(milliseconds: number): void;
  /** IDs of the records that an export has now. */
  ids(): string[];
  /** Changes the property that `value` shows. */
  change(id: string, value: string): void;
  property: string;
  /** How many jobs the vendor was ordered. */
  orders(): number;
  /** The vendor gives this account no exports. */
  refuse(): void;
  /** The jobs under way fail at the vendor. Absent: it does not say so. */
  fail?(): void;
  /** The files of jobs that were made are gone. */
  expire(): void;
  /** Jobs are not made any more. */
  stall(): void;
  /** The call of this number, counted from now on, is refused for its credentials. Absent: the simulator cannot. */
  refuseCredentialsAt?(call: number): void;
}

export interface ExportWorld {
  /** The file has no more than the properties that are asked for, other than a record that is read by its ID. */
  namesProperties?: boolean;
  open(): OpenExports;
}

const log = createLog({ level: 'silent', write: () => {} });
const maxSteps = 400;

class Crash extends Error {}

/** The engine's reading of a stream from its stored cursor, which may be ended at any step. */
class Reading {
  readonly world: OpenExports;
  /** What a crash leaves. */
  cursor: Json | null = null;
  readonly records = new Map<string, SourceRecord>();
  rejected = 0;
  notes: string[] = [];
  steps = 0;
  crashAt = Number.POSITIVE_INFINITY;
  done = false;
  download: OpenExports['download'];
  #exports: ExportPages | null = null;

  constructor(world: OpenExports) {
    this.world = world;
    this.download = world.download;
  }

  /** To rest. */
  async toRest(): Promise<void> {
    this.done = false;
    this.#exports = this.#opened();
    try {
      for (let pages = 0; !this.done; pages += 1) {
        if (pages > maxSteps) throw new Error('reading does not come to rest');
        const { page } = await this.#exports.page(this.cursor);
        this.#step();
        this.#keep(page.cursor);
        for (const record of page.records) this.records.set(record.recordId, record);
        this.rejected += page.rejected?.length ?? 0;
        this.notes.push(...(page.notes ?? []).map(({ code }) => code));
        this.done = page.done;
      }
      await this.#exports.finish();
    } finally {
      this.#exports.stop();
    }
  }

  /** To rest, by another process each time that one is killed. */
  async toRestWithCrashAt(step: number): Promise<boolean> {
    this.crashAt = step;
    try {
      await this.toRest();
      return false;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crashAt = Number.POSITIVE_INFINITY;
      await this.toRestInTime();
      return true;
    }
  }

  /** To rest, however often the vendor asks to wait. */
  async toRestInTime(): Promise<void> {
    for (;;) {
      try {
        return await this.toRest();
      } catch (error) {
        const waitMs = error instanceof TransientError ? error.retryAfterMs : undefined;
        if (waitMs === undefined) throw error;
        this.world.advance(waitMs);
      }
    }
  }

  #opened(): ExportPages {
    const { world } = this;
    const { stream, properties } = world;
    const { pull } = stream;
    return new ExportPages({
      clock: { now: () => world.now(), sleep: async () => {} },
      log,
      stream,
      bulkExport: stream.bulkExport!,
      what: `${stream.name} of the vendor`,
      run: 1,
      properties,
      context: () => world.context(),
      download: (request) => this.download(request),
      pull: pull
        ? (cursor) => {
            const context = world.context();
            return pull(context, { cursor, until: context.now, properties });
          }
        : null,
      store: async (cursor) => {
        this.#step();
        this.#keep(cursor);
        this.#step();
      },
      wait: async (milliseconds) => {
        this.#step();
        world.advance(milliseconds);
      },
    });
  }

  #keep(cursor: Json | null): void {
    this.cursor = JSON.parse(JSON.stringify(cursor));
  }

  #step(): void {
    this.steps += 1;
    if (this.steps > 10_000) throw new Error('a job is waited for without end');
    if (this.steps === this.crashAt) throw new Crash();
  }
}

export function describeBulkExport(name: string, { open, namesProperties = false }: ExportWorld): void {
  describe(`${name}, in the tests of every export`, () => {
    const sorted = (ids: Iterable<string>) => [...ids].toSorted();
    const all = (reading: Reading) => {
      expect(sorted(reading.records.keys())).toEqual(sorted(reading.world.ids()));
      expect(reading.rejected).toBe(0);
    };
    const hasPages = open().stream.pull !== undefined;

    test('gives every record, by one job, and each as it is read by its ID, where it can be', async () => {
      const world = open();
      const reading = new Reading(world);
      await reading.toRest();
      all(reading);
      expect(world.orders()).toBe(1);
      if (!world.stream.read) return;
      const { maxIds, records } = world.stream.read;
      const recordIds = world.ids().slice(0, maxIds);
      const answer = await records(world.context(), { recordIds, properties: world.properties });
      const byId = new Map(answer.records.map((record) => [record.recordId, record]));
      const shown = ({ body }: SourceRecord) =>
        namesProperties ? world.properties.map((name) => [name, body[name]]) : body;
      for (const id of recordIds) expect(shown(reading.records.get(id)!)).toEqual(shown(byId.get(id)!));
    });

    if (hasPages)
      test('gives the records that pages give', async () => {
        const world = open();
        const reading = new Reading(world);
        await reading.toRest();
        const paged = new Reading(world);
        world.refuse();
        await paged.toRest();
        expect(paged.records).toEqual(reading.records);
      });

    test('orders no second job and loses no record, wherever the process is killed', async () => {
      let step = 1;
      for (; ; step += 1) {
        const world = open();
        const reading = new Reading(world);
        const isKilled = await reading.toRestWithCrashAt(step);
        all(reading);
        // Where the vendor lists no jobs, a job that nobody noted is ordered again.
        const isNoted = world.stream.bulkExport!.ordered !== undefined;
        expect(world.orders(), `killed at step ${step}`).toBeLessThanOrEqual(isNoted ? 1 : 2);
        if (!isKilled) break;
      }
      expect(step).toBeGreaterThan(5);
    });

    test('finds the job whose order was answered to nobody', async () => {
      const world = open();
      const { bulkExport } = world.stream;
      if (!bulkExport!.ordered) return;
      let isLost = false;
      world.stream.bulkExport = {
        ...bulkExport!,
        async begin(context, request) {
          const job = await bulkExport!.begin(context, request);
          if (isLost) return job;
          isLost = true;
          throw new TransientError('the connection was cut', { uncertain: true });
        },
      };
      const reading = new Reading(world);
      await expect(reading.toRest()).rejects.toThrow('the connection was cut');
      await reading.toRest();
      all(reading);
      expect(world.orders()).toBe(1);
    });

    test('orders a job after an answer that was lost before it got there', async () => {
      const world = open();
      const { bulkExport } = world.stream;
      let calls = 0;
      world.stream.bulkExport = {
        ...bulkExport!,
        async begin(context, request) {
          calls += 1;
          if (calls > 1) return bulkExport!.begin(context, request);
          throw new TransientError('the connection was cut', { uncertain: true });
        },
      };
      const reading = new Reading(world);
      await expect(reading.toRest()).rejects.toThrow('the connection was cut');
      await reading.toRest();
      all(reading);
      expect(world.orders()).toBe(1);
    });

    /** An export that comes to nothing costs no record: pages are read, or the reading is refused and begins anew. */
    const comesToNothing = async (world: OpenExports, reading: Reading, again: () => void = () => {}) => {
      const { pull } = world.stream;
      if (pull) {
        await reading.toRest();
        all(reading);
        expect(reading.notes).toEqual(['no_export']);
        return;
      }
      const error = await reading.toRest().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toMatch(/\S+ \S+ \S+/);
      expect(reading.done).toBe(false);
      expect(exportState(reading.cursor)).toBeNull();
      again();
    };

    test('falls back where the account has no exports', async () => {
      const world = open();
      world.refuse();
      await comesToNothing(world, new Reading(world));
      expect(world.orders()).toBe(0);
    });

    test('goes on with its job after one refusal of the credentials, whichever call is refused', async () => {
      if (!open().refuseCredentialsAt) return;
      let call = 1;
      for (; ; call += 1) {
        const world = open();
        world.refuseCredentialsAt!(call);
        const reading = new Reading(world);
        const error = await reading.toRest().catch((error: unknown) => error);
        if (error !== undefined) {
          expect(error, `call ${call}`).toBeInstanceOf(UnauthorizedError);
          await reading.toRest();
        }
        all(reading);
        expect([world.orders(), reading.notes], `call ${call}`).toEqual([1, []]);
        if (error === undefined) break;
      }
      expect(call).toBeGreaterThan(2);
    });

    test('falls back where the job fails', async () => {
      const world = open();
      if (!world.fail) return;
      const reading = new Reading(world);
      reading.crashAt = 5;
      await expect(reading.toRest()).rejects.toBeInstanceOf(Crash);
      reading.crashAt = Number.POSITIVE_INFINITY;
      world.fail();
      await comesToNothing(world, reading);
    });

    test('falls back where the job is not made in time', async () => {
      const world = open();
      world.stall();
      await comesToNothing(world, new Reading(world));
    });

    test('falls back where the files are gone when reading goes on', async () => {
      const world = open();
      const reading = new Reading(world);
      const { download } = world;
      let files = 0;
      reading.download = async (request) => {
        const { headers, bytes } = await download(request);
        files += 1;
        return { headers, bytes: files === 1 ? cut(bytes, 'torn') : bytes };
      };
      await expect(reading.toRest()).rejects.toThrow('torn');
      world.expire();
      await comesToNothing(world, reading);
    });

    test('goes on where a download was torn, and gives no row twice as new', async () => {
      const world = open();
      const reading = new Reading(world);
      const { download } = world;
      let files = 0;
      reading.download = async (request) => {
        const { headers, bytes } = await download(request);
        files += 1;
        return { headers, bytes: files === 1 ? cut(bytes, 'torn') : bytes };
      };
      await expect(reading.toRest()).rejects.toThrow('torn');
      await reading.toRest();
      all(reading);
      expect(world.orders()).toBe(1);
    });

    test('does not take a file that ends early for all there is', async () => {
      const world = open();
      const reading = new Reading(world);
      reading.download = async (request) => {
        const { headers, bytes } = await world.download(request);
        return { headers, bytes: cut(bytes, 'end') };
      };
      await comesToNothing(world, reading);
    });

    test('believes no file of strangers', async () => {
      for (const text of ['<html>Sign in</html>', '', 'null', '[]', '{"message":"ok"}']) {
        const world = open();
        const reading = new Reading(world);
        reading.download = async (request) => {
          const { headers } = await world.download(request);
          return { headers, bytes: new Blob([text]).stream() };
        };
        const error = await reading.toRest().then(
          () => undefined,
          (error: unknown) => error,
        );
        if (error === undefined && world.stream.pull)
          expect(sorted(reading.records.keys())).toEqual(sorted(world.ids()));
        // An empty file may be the vendor's; it deletes nobody, as little as one whose rows are rejected.
        else if (error === undefined)
          expect([reading.records.size, reading.rejected > 0]).toEqual([0, text !== '']);
        else expect(error, text).toBeInstanceOf(Error);
      }
    });

    test('falls back where nothing but a file of strangers has come in time', async () => {
      const world = open();
      const reading = new Reading(world);
      reading.download = async (request) => {
        const { headers } = await world.download(request);
        return { headers, bytes: new Blob(['<html>Sign in</html>']).stream() };
      };
      if (world.stream.bulkExport!.format !== 'zipped json lines')
        await expect(reading.toRest()).rejects.toMatchObject({ foreign: true });
      world.advance(world.stream.bulkExport!.maxWaitSeconds * 1000);
      await comesToNothing(world, reading);
    });

    test('believes no answer of strangers', async () => {
      const world = open();
      const bulkExport = world.stream.bulkExport!;
      const request = { since: null, until: world.now(), properties: world.properties };
      const job = await bulkExport.begin(world.context(), request);
      for (const json of [
        {},
        [],
        null,
        'ok',
        { message: 'ok' },
        { data: {}, files: {}, export: {}, id: 7 },
      ] as Json[]) {
        const strange = { ...world.context(), api: answering(json) };
        const answers = [
          () => bulkExport.begin(strange, request),
          () => bulkExport.poll(strange, job),
          async () => bulkExport.ordered?.(strange, request, 0) ?? Promise.reject(new TransientError('none')),
        ];
        for (const [at, ask] of answers.entries()) {
          const believed = await ask().then(
            (result: unknown) => result,
            (error: unknown) => error,
          );
          // Whoever cannot tell by an answer waits for the file.
          if (at === 1 && bulkExport.notYet) continue;
          expect(believed, `${at} ${JSON.stringify(json)}`).toBeInstanceOf(TransientError);
        }
      }
    });

    if (!hasPages && open().stream.bulkExport!.changes)
      test('exports what has changed next, from before the last order', async () => {
        const world = open();
        const reading = new Reading(world);
        reading.crashAt = 5;
        await expect(reading.toRest()).rejects.toBeInstanceOf(Crash);
        reading.crashAt = Number.POSITIVE_INFINITY;
        const [first, last] = [world.ids()[0]!, world.ids().at(-1)!];
        world.change(first, 'changed meanwhile');
        await reading.toRest();
        world.advance(1_000);
        world.change(last, 'changed behind it');
        world.advance(3_600_000);
        reading.records.clear();
        await reading.toRest();
        expect(world.orders()).toBe(2);
        for (const [id, value] of [
          [first, 'changed meanwhile'],
          [last, 'changed behind it'],
        ] as const)
          expect(reading.records.get(id)!.body[world.property]).toBe(value);
        world.advance(43_200_000);
        await reading.toRest();
        world.advance(43_200_000);
        reading.records.clear();
        await reading.toRest();
        expect(reading.records.size).toBe(0);
      });

    if (hasPages)
      test('loses no change that is made while the job is under way', async () => {
        const world = open();
        const reading = new Reading(world);
        reading.crashAt = 5;
        await expect(reading.toRest()).rejects.toBeInstanceOf(Crash);
        reading.crashAt = Number.POSITIVE_INFINITY;
        const [first, last] = [world.ids()[0]!, world.ids().at(-1)!];
        world.advance(1_000);
        world.change(first, 'changed meanwhile');
        await reading.toRest();
        world.advance(1_000);
        world.change(last, 'changed behind it');
        world.advance(3_600_000);
        await reading.toRest();
        for (const [id, value] of [
          [first, 'changed meanwhile'],
          [last, 'changed behind it'],
        ] as const)
          expect(reading.records.get(id)!.body[world.property]).toBe(value);
      });
  });
}

/** Half of the bytes, and then an end or an error. */
async function* cut(bytes: AsyncIterable<Uint8Array>, how: 'end' | 'torn'): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  yield whole.subarray(0, whole.length >> 1);
  if (how === 'torn') throw new TransientError('the file was torn');
}

// The same questions to every connector that has a source. It knows no vendor: a world answers for its truth.
import { describe, expect, test } from 'vitest';
import {
  type ApiDescription,
  type ApiRequest,
  type Connector,
  type Context,
  type Inventory,
  type InventoryPage,
  type Json,
  type Page,
  type ReadRecords,
  RejectedError,
  type SourceRecord,
  type Stream,
  TransientError,
  UnauthorizedError,
} from '#connector';
import { compileMapping } from '../../src/customer/mapping.ts';
import { directApi } from '../support/direct-api.ts';
import { changing, withoutValues, withUnknownFields } from './bad-data.ts';
import { type KeptCursor, keptCursors, shapeOf } from './kept-cursors.ts';

/** One account (or file) of a vendor with its truth, opened anew for each question. */
export interface OpenWorld {
  settings: unknown;
  /** As the engine would hand it out now. */
  context(): Context<unknown>;
  /** Lets time pass, milliseconds. */
  advance(milliseconds: number): void;
  /** IDs that the source has now. */
  ids(): string[];
  /** Makes one more record and says its ID. */
  create(): Promise<string>;
  /** Gives `property` of a record this value. */
  change(id: string, value: string): Promise<void>;
  /** The property that `change` changes. */
  property: string;
  /** Deletes a record. */
  remove?(id: string): Promise<void>;
  /** An ID of the right shape that the source does not have. */
  unknownId: string;
  /** From now on everything asked of the source fails, in a way of its own each time it is called. */
  ruin(): Promise<boolean>;
  close?(): Promise<void>;
}

export interface World {
  connector: Connector;
  stream: string;
  /** What must be in no error. */
  secrets: readonly string[];
  /** Settings that must be refused, and a word of the sentence that says why. */
  wrongSettings: readonly { settings: unknown; says: RegExp }[];
  /** What a change does to a reading under way: it is found later, or the reading is refused and begun again. */
  changeWhileReading: 'found' | 'refused';
  /** The vendor does not tell what changed, so that records come again as they were. */
  rereads?: true;
  /** It is of no vendor whose words are known: while its list can be read, any 404 in JSON says that a record is gone. */
  anyAbsence?: true;
  /** More records than fit in one page. */
  open(): Promise<OpenWorld>;
}

const maxPulls = 2000;

export function describeConnector(name: string, world: World): void {
  describe(`${name}, in the tests of every source`, () => {
    const source = world.connector.source;
    const stream = source?.streams.find((one) => one.name === world.stream);
    if (!source || !stream) throw new Error(`${name} has no stream ${world.stream}`);
    const cursors = new Map<string, KeptCursor>();
    const within = (question: string, ask: (opened: Reading) => Promise<void>) =>
      test(question, async () => {
        const opened = await world.open();
        try {
          const reading = new Reading(stream, opened, world.rereads);
          await ask(reading);
          for (const kept of reading.cursors) cursors.set(shapeOf(kept), kept);
        } finally {
          await opened.close?.();
        }
      });

    within('a full reading gives every record at least once, and no other', async (reading) => {
      const records = recordsOf(await reading.toRest());
      expect(new Set(records.map((record) => record.recordId))).toEqual(new Set(reading.world.ids()));
    });

    within('a full reading takes more than one page, and only the last one rests', async (reading) => {
      const pages = await reading.toRest();
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
    });

    within('asked for five records at a time, a full reading gives the same records', async (reading) => {
      const whole = recordsOf(await reading.toRest());
      reading.startAgain();
      reading.maxRecords = 5;
      const pages = await reading.toRest();
      expect(new Map(recordsOf(pages).map((record) => [record.recordId, record]))).toEqual(
        new Map(whole.map((record) => [record.recordId, record])),
      );
      if (world.connector.api) for (const { records } of pages) expect(records.length).toBeLessThanOrEqual(5);
    });

    const { inventory } = stream;
    if (inventory) {
      within('an inventory lists every record once, with the clock of a full reading', async (reading) => {
        const records = recordsOf(await reading.toRest());
        const pages = await listedBy(inventory, reading.world);
        for (const { rows } of pages) expect(rows.length).toBeLessThanOrEqual(inventory.pageSize);
        expect(
          rowsOf(pages)
            .map(({ recordId }) => recordId)
            .toSorted(),
        ).toEqual(reading.world.ids().toSorted());
        const clocks = new Map(records.map(({ recordId, changedAt }) => [recordId, changedAt]));
        for (const { recordId, changedAt } of rowsOf(pages)) expect(changedAt).toBe(clocks.get(recordId));
      });

      within('an inventory loses no record to changes and deletions while it is read', async (reading) => {
        const { world: opened } = reading;
        const before = opened.ids();
        const [first, ...others] = before as [string, ...string[]];
        const last = others.pop()!;
        const rest = await listedBy(inventory, opened, async () => {
          opened.advance(60_000);
          await opened.change(last, 'changed meanwhile');
          await opened.change(others[0]!, 'changed meanwhile');
          await opened.remove?.(first);
        });
        const listed = new Set(rowsOf(rest).map(({ recordId }) => recordId));
        expect([...others, last].filter((id) => !listed.has(id))).toEqual([]);
        if (!opened.remove) return;
        const after = rowsOf(await listedBy(inventory, opened)).map(({ recordId }) => recordId);
        expect(after.toSorted()).toEqual(opened.ids().toSorted());
        expect(after).not.toContain(first);
      });

      within('a cursor of an inventory gives the same page whenever it is asked for', async (reading) => {
        const { world: opened } = reading;
        const begun = await inventory.page(opened.context(), null);
        const cursor = JSON.parse(JSON.stringify(begun.cursor)) as Json;
        if (begun.done) return;
        const page = await inventory.page(opened.context(), cursor);
        expect(await inventory.page(opened.context(), cursor)).toEqual(page);
      });

      within('an answer without its list is no empty inventory', async (reading) => {
        const { world: opened } = reading;
        const begun = await inventory.page(opened.context(), null);
        const answers: (Json | undefined)[] = [
          undefined,
          null,
          {},
          [],
          'well',
          { results: null, data: null },
        ];
        for (const json of answers)
          for (const cursor of [null, ...(begun.done ? [] : [begun.cursor])]) {
            const context = { ...opened.context(), api: answering(json) };
            const believed = await inventory.page(context, cursor).catch(() => null);
            expect(believed?.done ?? false, `${JSON.stringify(json)} is the end of an inventory`).toBe(false);
          }
      });
    }

    if (world.connector.api)
      within('an answer without its list loses nothing, whatever is asked', async (reading) => {
        const { world: opened, properties } = reading;
        const begun = await reading.next();
        await expectNoAnswerBelieved(stream, opened.context(), {
          recordIds: opened.ids().slice(0, stream.read?.maxIds),
          properties,
          cursors: [null, begun.cursor],
        });
      });

    within(
      'an error in the words of a gateway says nothing of the vendor or of a record',
      async (reading) => {
        const { world: opened, properties } = reading;
        const description = world.connector.api?.(opened.settings);
        if (!description?.isOwn && !description?.isErrorBody) return;
        for (const json of gatewayErrors)
          for (const status of [400, 403, 404, 409, 410, 422]) {
            const context = { ...opened.context(), api: refusing(description, status, json) };
            const asked = [
              stream.pull?.(context, { cursor: null, until: context.now, properties }),
              stream.read?.records(context, { recordIds: opened.ids().slice(0, 1), properties }),
            ];
            for (const answer of asked)
              await expect(answer ?? Promise.reject(notAsked)).rejects.toMatchObject({ foreign: true });
          }
      },
    );

    if (world.connector.api) {
      within('fields that no document names change nothing else', async (reading) => {
        const before = recordsOf(await reading.toRest());
        reading.startAgain();
        reading.changed = withUnknownFields;
        const pages = await reading.toRest();
        expect(pages.flatMap(({ rejected = [] }) => rejected)).toEqual([]);
        const seen = new Map(recordsOf(pages).map((record) => [record.recordId, record]));
        expect(seen.size).toBe(new Set(before.map(({ recordId }) => recordId)).size);
        for (const { recordId, changedAt, body } of before)
          expect(seen.get(recordId)).toMatchObject({ changedAt, body });
      });

      within(
        'rows whose values are all null say nothing of a customer, and hide no other',
        async (reading) => {
          const ids = new Set(reading.world.ids());
          reading.changed = (json) => withoutValues(json, ids);
          const pages = await reading.toRest();
          const records = recordsOf(pages);
          const rejected = pages.flatMap((page) => page.rejected ?? []);
          for (const { reason } of rejected) expectSentence(reason);
          expect(
            new Set(records.map(({ recordId }) => recordId)).size + rejected.length,
          ).toBeGreaterThanOrEqual(ids.size);
          const { contribute } = compileMapping(source.mapping);
          for (const { body } of records) {
            const { fields, faults } = contribute(body);
            expect(Object.values(fields).filter((value) => value !== null)).toEqual([]);
            expect(faults).toEqual([]);
          }
        },
      );
    }

    within('a cursor is JSON, and is never null', async (reading) => {
      for (const page of await reading.toRest()) {
        expect(page.cursor).not.toBeNull();
        expect(JSON.parse(JSON.stringify(page.cursor))).toStrictEqual(page.cursor);
      }
    });

    within('a page pulled twice from one cursor gives the same records', async (reading) => {
      let cursor: Json | null = null;
      for (;;) {
        const once = await reading.pull(cursor);
        const again = await reading.pull(cursor);
        expect(again.records).toEqual(once.records);
        expect(again.rejected).toEqual(once.rejected);
        if (once.done) break;
        cursor = once.cursor;
      }
    });

    within('at rest, with nothing changed, nothing comes', async (reading) => {
      await reading.settle();
      for (let pull = 0; pull < 3; pull += 1) {
        await reading.toRest();
        expect(reading.news).toEqual([]);
        reading.world.advance(1000);
      }
    });

    within(
      'at rest, a change comes by the next reading, with the value it was changed to',
      async (reading) => {
        await reading.settle();
        for (const [turn, id] of reading.world.ids().slice(0, 3).entries()) {
          reading.world.advance(1000);
          await reading.world.change(id, `changed ${turn}`);
          const records = recordsOf(await reading.toRest());
          // A file that changed is read whole; who can be asked for changes gives these alone.
          if (world.changeWhileReading === 'found') expect(reading.news).toHaveLength(1);
          const newest = records.findLast((record) => record.recordId === id);
          expect(newest?.body[reading.world.property]).toBe(`changed ${turn}`);
        }
      },
    );

    within('at rest, a new record comes by the next reading', async (reading) => {
      await reading.settle();
      reading.world.advance(1000);
      const id = await reading.world.create();
      expect(recordsOf(await reading.toRest()).map((record) => record.recordId)).toContain(id);
    });

    within('a change made while everything is read is not lost', async (reading) => {
      await reading.next();
      reading.world.advance(1000);
      const [first, last] = [reading.world.ids()[0]!, reading.world.ids().at(-1)!];
      await reading.world.change(first, 'changed behind the page');
      await reading.world.change(last, 'changed before the page');
      const added = await reading.world.create();
      if (world.changeWhileReading === 'refused') {
        const refused = await reading.next().then(undefined, (error: unknown) => error);
        expect(refused).toBeInstanceOf(RejectedError);
        expectSentence((refused as Error).message);
        reading.startAgain();
      }
      await reading.settle();
      const seen = reading.newest;
      expect(seen.get(first)?.body[reading.world.property]).toBe('changed behind the page');
      expect(seen.get(last)?.body[reading.world.property]).toBe('changed before the page');
      expect(seen.has(added)).toBe(true);
    });

    if (world.changeWhileReading === 'found')
      within('records that changed at one moment all come, three at a time', async (reading) => {
        await reading.settle();
        reading.world.advance(1000);
        const changed = reading.world.ids().slice(0, 10);
        for (const id of changed) await reading.world.change(id, 'changed together');
        reading.maxRecords = 3;
        const seen = recordsOf(await reading.toRest()).map(({ recordId }) => recordId);
        expect(seen).toEqual(expect.arrayContaining(changed));
      });

    within('a record that is deleted on a page that was read hides no other', async (reading) => {
      const { remove } = reading.world;
      if (!remove) return;
      for (const maxRecords of [50, undefined]) {
        reading.startAgain();
        reading.maxRecords = maxRecords;
        let page = await reading.next();
        // The first may only order what the others give.
        while (page.records.length === 0) page = await reading.next();
        await remove(page.records[0]!.recordId);
        await reading.toRest();
        for (const id of reading.world.ids()) expect(reading.newest.has(id)).toBe(true);
      }
    });

    within('the clock of a record never goes back', async (reading) => {
      await reading.settle();
      for (const id of reading.world.ids().slice(0, 5)) {
        const before = reading.newest.get(id)!.changedAt;
        reading.world.advance(1000);
        await reading.world.change(id, 'once more');
        await reading.toRest();
        expect(reading.newest.get(id)!.changedAt).toBeGreaterThan(before);
      }
      expect(reading.wentBack).toEqual([]);
    });

    if (stream.read) {
      const { maxIds, records: read } = stream.read;
      within('a record read by its ID is the one that was pulled', async (reading) => {
        await reading.settle();
        const recordIds = reading.world.ids().slice(0, maxIds);
        const answer = await read(reading.world.context(), { recordIds, properties: reading.properties });
        expect(answer.missing).toEqual([]);
        const byId = new Map(answer.records.map((record) => [record.recordId, record]));
        for (const id of recordIds) expect(byId.get(id)).toEqual(reading.newest.get(id));
      });

      within(
        'an ID that the source does not have is said to be missing, and the rest is read',
        async (reading) => {
          const [known] = reading.world.ids();
          const recordIds = [reading.world.unknownId, known!, 'no ID at all'];
          const answer = await read(reading.world.context(), { recordIds, properties: reading.properties });
          expect(answer.records.map((record) => record.recordId)).toEqual([known]);
          expect(new Set(answer.missing)).toEqual(new Set([reading.world.unknownId, 'no ID at all']));
        },
      );

      within(
        'a record that is refused alone is not missing, and does not pause the source',
        async (reading) => {
          const [known] = reading.world.ids();
          const refused = () => new UnauthorizedError('The vendor refuses the credentials (403)');
          const answer = await readAgainst(reading, [known!], (api) => failingFor(api, known!, refused));
          if (answer instanceof Error) expect(answer).not.toBeInstanceOf(UnauthorizedError);
          else expect(answer).toMatchObject({ missing: [] });
        },
      );

      within(
        'a record for which somebody else answers is not missing, and hides no other',
        async (reading) => {
          const [known, other] = reading.world.ids();
          const isProven = maxIds > 1;
          const isOwn = ownBy(world.connector.api?.(reading.world.settings));
          for (const status of [400, 404, 410, 422])
            for (const isPage of world.anyAbsence ? [true] : [true, false]) {
              const through = (api: Api) =>
                answeringFor(api, known!, { status, isOwn: isPage ? () => false : isOwn });
              const alone = await readAgainst(reading, [known!], through);
              if (!(alone instanceof Error)) {
                // It is read in a list only, or in a way that does not have its ID in the path.
                expect(alone.missing).toEqual([]);
                continue;
              }
              expect(alone).not.toBeInstanceOf(UnauthorizedError);
              expectSentence(alone.message);
              if (!isProven) continue;
              const both = await readAgainst(reading, [known!, other!], through);
              expect(both).toMatchObject({
                records: [{ recordId: other }],
                missing: [],
                unreadable: [{ recordId: known }],
              });
            }
        },
      );

      within('the answer for another record says nothing of the one that was asked for', async (reading) => {
        const [known, other] = reading.world.ids();
        const { api, answers } = noting(reading.world.context().api);
        await read(
          { ...reading.world.context(), api },
          { recordIds: [other!], properties: reading.properties },
        );
        const answer = await readAgainst(reading, [known!], () => replaying(answers));
        if (answer instanceof Error) return;
        expect(answer.missing).toEqual([]);
        expect(answer.records.map(({ recordId }) => recordId)).not.toContain(other);
      });

      within('no record is missing where everything is answered as an unknown record is', async (reading) => {
        const context = reading.world.context();
        const { unknownId } = reading.world;
        const asked = (recordId: string) => ({ recordIds: [recordId], properties: reading.properties });
        const { api, absences } = notingAbsences(context.api);
        await read({ ...context, api }, asked(unknownId));
        // Others say in a list that a record is not there, which must be theirs as any list.
        if (absences.length === 0) return;
        const everywhere = { ...context, api: answeringAlike(absences[0]!) };
        const [known] = reading.world.ids();
        await expect(read(everywhere, asked(known!))).rejects.toThrow(/\S+ \S+ \S+/);
      });
    }

    const { tombstones } = stream;
    if (tombstones) {
      within('tombstones say what is gone, and when; once that has settled, not again', async (reading) => {
        await reading.settle();
        const gone = reading.world.ids().slice(0, 3);
        const before = reading.world.context().now;
        for (const id of gone) {
          reading.world.advance(1000);
          await reading.world.remove!(id);
        }
        const first = await reading.toRest(tombstones.pull);
        const records = recordsOf(first);
        expect(new Set(records.map((record) => record.recordId))).toEqual(new Set(gone));
        for (const record of records) {
          expect(record.deleted).toBe(true);
          expect(record.changedAt).toBeGreaterThan(before);
        }
        let cursor = first.at(-1)!.cursor;
        for (const expected of [gone, []]) {
          reading.world.advance(tombstones.everySeconds * 1000);
          const later = await reading.pagesFrom(cursor, tombstones.pull);
          cursor = later.at(-1)!.cursor;
          // What was archived just before the first reading began may come once more.
          for (const record of recordsOf(later)) expect(expected).toContain(record.recordId);
        }
      });
    }

    const kept = keptCursors(name);
    if (kept) {
      within('cursors of earlier versions are still read', async (reading) => {
        expect(kept.length).toBeGreaterThan(0);
        for (const { reader, cursor } of kept)
          await reading.pull(cursor, reader === 'pull' ? stream.pull! : tombstones!.pull);
      });

      test('test/fixtures/cursors.json has a cursor of each shape that was read above', () => {
        const known = new Set(kept.map(shapeOf));
        expect([...cursors.values()].filter((cursor) => !known.has(shapeOf(cursor)))).toEqual([]);
      });
    }

    if (stream.properties) {
      const { properties } = stream;
      within('the properties that a mapping may name include those that come', async (reading) => {
        const names = (await properties(reading.world.context())).map((property) => property.name);
        expect(names).toContain(reading.world.property);
        const [record] = recordsOf(await reading.toRest());
        const asked = Object.keys(record!.body).filter((name) => reading.properties.includes(name));
        expect(asked.length).toBeGreaterThan(0);
        for (const name of asked) if (name !== source.sourceId) expect(names).toContain(name);
      });
    }

    test('invalid settings are refused with an explanation', () => {
      for (const { settings, says } of world.wrongSettings) {
        const { success, error } = world.connector.settings.safeParse(settings);
        expect(success, JSON.stringify(settings)).toBe(false);
        expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n')).toMatch(
          says,
        );
      }
    });

    within('no error holds a secret, and every one is a sentence', async (reading) => {
      let ruined = 0;
      while (await reading.world.ruin()) {
        ruined += 1;
        const error = await reading.pull(null).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(error).toBeInstanceOf(Error);
        expectSentence((error as Error).message);
        for (const secret of world.secrets) expect(everythingIn(error)).not.toContain(secret);
      }
      expect(ruined).toBeGreaterThan(0);
    });

    within(
      'what the credentials allow can be tried, and is told apart from what they do not',
      async (reading) => {
        const { check } = world.connector;
        if (!check) return;
        const well = await check(reading.world.context());
        expect(well.length).toBeGreaterThan(0);
        for (const { allowed, note } of well) expect(allowed, note).not.toBe(false);
        await reading.world.ruin();
        const ill = await check(reading.world.context());
        expect(ill.map((permission) => permission.what)).toEqual(well.map((permission) => permission.what));
        expect(ill.some((permission) => permission.allowed === false)).toBe(true);
        for (const { note } of ill) expectSentence(note);
      },
    );
  });
}

/** What a gateway, a login page's API or a half-finished deployment answers with status 200. */
const strangeAnswers: readonly Json[] = [
  {},
  [],
  null,
  'ok',
  { message: 'ok' },
  { status: 'error', message: 'Service unavailable', code: 503 },
  { results: null, data: null, members: null, customers: null, users: null, user: 'ok', fields: null },
  { results: {}, data: {}, members: {}, customers: {}, users: {}, user: [], fields: [], total: 'many' },
];

/** What a gateway answers with a status that is no success. */
const gatewayErrors: readonly Json[] = [
  { message: 'no Route matched with those values' },
  { detail: 'Not Found' },
  { code: 404, message: 'Not found' },
  { errors: [{ message: 'Not Found' }] },
  { error: 'not found' },
  {
    fault: {
      faultstring: 'Unable to identify proxy for host',
      detail: { errorcode: 'messaging.adaptors.http' },
    },
  },
  { statusCode: 404, message: 'Resource not found' },
  { timestamp: '2026-11-02T08:00:00Z', status: 404, error: 'Not Found', path: '/' },
  {},
  [],
];

const notAsked = Object.assign(new Error('the stream cannot be asked for this'), { foreign: true });

/** Whatever is asked of the stream, an answer of strangers is a failure of the way there, and shows nothing. */
export async function expectNoAnswerBelieved(
  stream: Stream<unknown>,
  context: Context<unknown>,
  asked: { recordIds: readonly string[]; properties: readonly string[]; cursors: readonly (Json | null)[] },
): Promise<void> {
  const { recordIds, properties, cursors } = asked;
  for (const json of strangeAnswers) {
    const strange = { ...context, api: answering(json) };
    const pulled = cursors.flatMap((cursor) => {
      const request = { cursor, until: context.now, properties };
      return [stream.pull?.(strange, request), stream.count?.(strange, request)];
    });
    const others = [
      stream.tombstones?.pull(strange, { cursor: null, until: context.now, properties }),
      stream.read?.records(strange, { recordIds, properties }),
      stream.properties?.(strange),
    ];
    for (const answer of [...pulled, ...others]) {
      if (answer === undefined) continue;
      const believed = await answer.then(
        (result: unknown) => result,
        (error: unknown) => error,
      );
      expect(believed, JSON.stringify(json)).toBeInstanceOf(TransientError);
      expect(believed).toMatchObject({ foreign: true });
    }
  }
}

/** As the engine answers: what is not what was asked for is foreign. */
export function answering(json: Json | undefined): Context<unknown>['api'] {
  return {
    async request({ isAnswer }) {
      if (isAnswer?.(json) !== false) return { status: 200, headers: {}, json };
      throw new TransientError('200 with something else', { status: 200, foreign: true });
    },
  };
}

/** Every request is answered so, as the engine takes it. */
function refusing(description: ApiDescription, status: number, json: Json): Context<unknown>['api'] {
  const app = { request: async () => Response.json(json, { status }) };
  return directApi(app, description);
}

type Api = Context<unknown>['api'];
type Answer = Awaited<ReturnType<Api['request']>>;
type Absence = Answer | RejectedError;

/** Notes what is answered. */
function noting(api: Api): { api: Api; answers: Answer[] } {
  const answers: Answer[] = [];
  return {
    answers,
    api: {
      async request(request) {
        const answer = await api.request(request);
        answers.push(answer);
        return answer;
      },
    },
  };
}

/** As a cache that mixes requests up: what was answered to others is answered in its order, the last of it for ever. */
function replaying(answers: readonly Answer[]): Api {
  let next = 0;
  return {
    async request({ isAnswer }) {
      const answer = answers[Math.min(next, answers.length - 1)]!;
      next += 1;
      if (isAnswer?.(answer.json) !== false) return answer;
      throw new TransientError('200 with something else', { status: 200, foreign: true });
    },
  };
}

/** Notes the answers that say nothing but that something is not there. */
function notingAbsences(api: Api): { api: Api; absences: Absence[] } {
  const absences: Absence[] = [];
  const isAbsence = (status: number | undefined) => [204, 404, 410].includes(status ?? 0);
  return {
    absences,
    api: {
      async request(request) {
        try {
          const answer = await api.request(request);
          if (isAbsence(answer.status)) absences.push(answer);
          return answer;
        } catch (error) {
          if (error instanceof RejectedError && isAbsence(error.status)) absences.push(error);
          throw error;
        }
      },
    },
  };
}

/** A record is read by ID through what answers for its vendor. */
function readAgainst(
  { stream, world, properties }: Reading,
  recordIds: readonly string[],
  through: (api: Api) => Api,
): Promise<ReadRecords | Error> {
  const context = world.context();
  const read = stream.read!.records({ ...context, api: through(context.api) }, { recordIds, properties });
  return read.catch((error: Error) => error);
}

/** All pages of an inventory. `meanwhile`: done after the first of them. */
async function listedBy(
  inventory: Inventory<unknown>,
  opened: OpenWorld,
  meanwhile: () => Promise<void> = async () => {},
): Promise<InventoryPage[]> {
  const pages: InventoryPage[] = [];
  for (let cursor: Json | null = null; pages.length < maxPulls; cursor = pages.at(-1)!.cursor) {
    const page = await inventory.page(opened.context(), cursor);
    pages.push({ ...page, cursor: JSON.parse(JSON.stringify(page.cursor)) as Json });
    if (page.done) return pages;
    if (pages.length === 1) await meanwhile();
  }
  throw new Error('the inventory has no end');
}

const rowsOf = (pages: readonly InventoryPage[]) => pages.flatMap(({ rows }) => rows);

const isAbout = ({ path }: ApiRequest, id: string) => path.split(/[/?]/).includes(encodeURIComponent(id));

/** As a record that belongs to another user: what has its ID in the path fails. */
function failingFor(api: Api, id: string, errorOf: () => Error): Api {
  return {
    async request(request) {
      if (isAbout(request, id)) throw errorOf();
      return api.request(request);
    },
  };
}

/** Whether JSON is an answer of the vendor's, as far as its connector says. */
function ownBy(description: ApiDescription | undefined): NonNullable<ApiDescription['isOwn']> {
  const { isOwn, isErrorBody } = description ?? {};
  return isOwn ?? (({ json }) => isErrorBody?.(json ?? null) ?? true);
}

/** As a proxy that answers for one record: a web page, or JSON in words that no vendor has. */
function answeringFor(
  api: Api,
  id: string,
  { status, isOwn }: { status: number; isOwn: NonNullable<ApiDescription['isOwn']> },
): Api {
  return {
    async request(request) {
      if (!isAbout(request, id)) return api.request(request);
      const message = `A proxy answered ${status} with words of its own`;
      const answer = { status, headers: {}, json: { proxy: message }, words: message };
      if (!isOwn(answer, request)) throw new TransientError(message, { status, foreign: true });
      if (!request.answers?.includes(status)) throw new RejectedError(message, { status, code: 'proxy' });
      return answer;
    },
  };
}

/** As a wrong base URL, or a gateway: this is answered whatever is asked. */
function answeringAlike(absence: Absence): Api {
  return {
    async request({ answers = [], isAnswer }) {
      if (absence instanceof Error) throw absence;
      const { status, json } = absence;
      if (status === 204 ? isAnswer?.(json) !== false : answers.includes(status)) return absence;
      if (status === 204) throw new TransientError('204 with nothing', { status, foreign: true });
      throw new RejectedError('There is nothing here', { status, code: 'not_found' });
    },
  };
}

type Pull = NonNullable<Stream<unknown>['pull']>;

/** One stream read as the engine reads it: from rest to rest, the cursor kept as JSON. */
class Reading {
  readonly world: OpenWorld;
  readonly properties: readonly string[];
  /** The newest state given of each record. */
  readonly newest = new Map<string, SourceRecord>();
  /** Records given with an older clock than before. */
  readonly wentBack: string[] = [];
  /** Records of the last reading to rest; if the vendor tells no changes, only those that were not as they were. */
  news: SourceRecord[] = [];
  maxRecords: number | undefined;
  /** How answers look on their way. */
  changed: ((json: Json) => Json) | null = null;
  /** The cursors from which was read. */
  readonly cursors: KeptCursor[] = [];
  readonly #rereads: boolean;
  readonly stream: Stream<unknown>;
  #cursor: Json | null = null;

  constructor(stream: Stream<unknown>, world: OpenWorld, rereads = false) {
    this.#rereads = rereads;
    this.stream = stream;
    this.world = world;
    this.properties = [world.property, 'id'];
  }

  pull(cursor: Json | null, pull: Pull = this.stream.pull!): Promise<Page> {
    const opened = this.world.context();
    const context = this.changed ? { ...opened, api: changing(opened.api, this.changed) } : opened;
    const { properties, maxRecords } = this;
    if (cursor !== null)
      this.cursors.push({ reader: pull === this.stream.pull ? 'pull' : 'tombstones', cursor });
    return pull(context, { cursor, until: context.now, properties, ...(maxRecords && { maxRecords }) });
  }

  /** One page more. */
  async next(): Promise<Page> {
    const page = await this.pull(this.#cursor);
    this.#cursor = JSON.parse(JSON.stringify(page.cursor));
    for (const record of page.records) {
      const known = this.newest.get(record.recordId);
      const isAsItWas = JSON.stringify(known?.body) === JSON.stringify(record.body);
      if (!this.#rereads || !isAsItWas) this.news.push(record);
      if (known && known.changedAt > record.changedAt) this.wentBack.push(record.recordId);
      this.newest.set(record.recordId, record);
    }
    return page;
  }

  async toRest(pull?: Pull): Promise<Page[]> {
    if (pull) return this.pagesFrom(null, pull);
    this.news = [];
    const pages: Page[] = [];
    do pages.push(await this.next());
    while (!pages.at(-1)!.done && pages.length < maxPulls);
    expect(pages.at(-1)!.done).toBe(true);
    return pages;
  }

  async pagesFrom(cursor: Json | null, pull: Pull): Promise<Page[]> {
    const pages: Page[] = [];
    do pages.push(await this.pull(pages.at(-1)?.cursor ?? cursor, pull));
    while (!pages.at(-1)!.done && pages.length < maxPulls);
    expect(pages.at(-1)!.done).toBe(true);
    return pages;
  }

  /** To rest, and on until a pull gives nothing: what changed while everything was read is then read too. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) {
      await this.toRest();
      if (this.news.length === 0) return;
    }
    throw new Error('pulling does not come to rest');
  }

  startAgain(): void {
    this.#cursor = null;
  }
}

function recordsOf(pages: readonly Page[]): SourceRecord[] {
  return pages.flatMap((page) => page.records);
}

function expectSentence(text: string): void {
  expect(text).toMatch(/\S+ \S+ \S+/);
  expect(text).not.toMatch(/undefined|\[object/);
}

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  const { message, stack } = error;
  return [message, stack, JSON.stringify({ ...error }), error.cause ? everythingIn(error.cause) : ''].join(
    '\n',
  );
}

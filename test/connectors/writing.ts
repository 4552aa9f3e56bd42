// The same questions to every connector that writes back. It knows no vendor: a world answers for its truth.
import type { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import {
  type ApiRequest,
  type Attributes,
  type Connector,
  type Context,
  type Json,
  type PersonWrite,
  RejectedError,
  TransientError,
  UnauthorizedError,
  type WriteOutcome,
  type Writer,
} from '#connector';
import { inParts } from '#connector/reading';
import { isHeld } from '../../src/sync/write-back/difference.ts';
import { judgeReadBack, sampleOf } from '../../src/sync/write-back/read-back.ts';
import { directApi } from '../support/direct-api.ts';

/** One account of a vendor with its truth, opened anew for each question. */
export interface OpenAccount {
  settings: unknown;
  app: Pick<Hono, 'request'>;
  now(): number;
  /** Makes a person whom the vendor knows by this source ID, and says the ID of the record. */
  create(sourceId: string): Promise<string>;
  /** Everything of a person but the attributes that are written and the time of the last change; undefined where there is none. */
  others(recordId: string): unknown;
  /** How many people there are. */
  count(): number;
  /** An ID of the right shape that nobody has. */
  unknownId: string;
  /** Lets what was accepted take effect: jobs end, indexes catch up. */
  settle(): void;
  /** From now on this person is refused, whatever is written. */
  refuse(recordId: string): void;
  /** From now on the key may read and not write. */
  denyWrites(): void;
}

export interface WriterWorld {
  connector: Connector;
  /** Names of attributes that hold a number, a text and a list. */
  attributes: { number: string; text: string; list: string };
  /** The path of requests that only read, although they are POST. */
  reads?: RegExp;
  /** Whom the vendor refuses it drops without a word: they stay in doubt, and are sent again. */
  dropsSilently?: true;
  /** Values that show each of them set; of a list the vendor may keep texts of its own choice. */
  open(): Promise<OpenAccount>;
}

/** More people than this are written together nowhere in the kit. */
const together = 5;

export function describeWriter(name: string, world: WriterWorld): void {
  const { writer } = world.connector;
  if (!writer) throw new Error(`${name} has no writer`);
  const ways: ('single' | 'many')[] = writer.single ? ['single', 'many'] : ['many'];
  for (const way of ways)
    describe(`${name}, writing ${way === 'single' ? 'one by one' : 'many together'}, in the tests of every writer`, () => {
      const within = (question: string, ask: (account: Account) => Promise<void>) =>
        test(question, async () => ask(new Account(world, writer, way, await world.open())));
      const { number, text, list } = world.attributes;

      within('what is written is what is read, and nothing else of a person changes', async (account) => {
        const people = await account.people();
        const before = people.map(({ recordId }) => account.world.others(recordId!));
        const written = people.map((person, index) => ({
          ...person,
          attributes: { [number]: 1_200 + index, [text]: `Gold ${index}`, [list]: ['A', 'B'] },
        }));
        expect(await account.write(written)).toEqual(written.map(accepted));
        expect(await account.notHeld(written)).toEqual([]);
        expect(people.map(({ recordId }) => account.world.others(recordId!))).toEqual(before);
        expect(account.world.count()).toBe(people.length);
      });

      within('only the attributes that are handed over are sent', async (account) => {
        const people = await account.people();
        await account.write(people.map((person) => ({ ...person, attributes: { [number]: 1 } })));
        const second = people.map((person) => ({ ...person, attributes: { [text]: 'Silver' } }));
        await account.write(second);
        expect(account.sent()).not.toContain(`"${number}"`);
        expect(
          await account.notHeld(
            people.map((person) => ({ ...person, attributes: { [number]: 1, [text]: 'Silver' } })),
          ),
        ).toEqual([]);
      });

      within('a null clears one attribute and leaves the others', async (account) => {
        const people = await account.people();
        await account.write(
          people.map((person) => ({ ...person, attributes: { [number]: 7, [text]: 'Gold', [list]: ['A'] } })),
        );
        const cleared = people.map((person) => ({ ...person, attributes: { [text]: null, [list]: null } }));
        expect(await account.write(cleared)).toEqual(cleared.map(accepted));
        expect(
          await account.notHeld(
            people.map((person) => ({ ...person, attributes: { [number]: 7, [text]: null, [list]: null } })),
          ),
        ).toEqual([]);
      });

      within('the same written twice is accepted twice', async (account) => {
        const people = (await account.people()).map((person) => ({ ...person, attributes: { [number]: 3 } }));
        await account.write(people);
        expect(await account.write(people)).toEqual(people.map(accepted));
      });

      within('a preview shows exactly what is sent', async (account) => {
        const people = (await account.people()).map((person) => ({
          ...person,
          attributes: { [number]: 3, [text]: null },
        }));
        await account.write(people);
        expect(account.bodies()).toEqual(account.previews(people));
      });

      if (way === 'many')
        within('a request costs as many calls as its traits say', async (account) => {
          const people = (await account.people()).map((person) => ({
            ...person,
            attributes: { [number]: 3 },
          }));
          const { bulk, calls } = writer.traits(account.world.settings, { create: false });
          if (!bulk || bulk.isJob) return;
          const before = account.calls;
          await writer.write(account.context(), people);
          const { perPerson = 0, perRequest = 0 } = calls ?? {};
          expect(account.calls - before).toBe(1 + people.length * perPerson + perRequest);
        });

      // A job may create people: it is for those who want that.
      if (way === 'single' || !writer.single)
        within('a person whom the vendor does not know is missing, and is not created', async (account) => {
          const [someone] = await account.people();
          const stranger = {
            sourceId: 'stranger',
            recordId: account.world.unknownId,
            attributes: { [number]: 1 },
          };
          const outcomes = await account.writeOneByOneWhereRefused([
            { ...someone!, attributes: { [number]: 2 } },
            stranger,
          ]);
          const results = new Map(outcomes.map(({ sourceId, result }) => [sourceId, result]));
          expect([someone!.sourceId, 'stranger'].map((id) => results.get(id))).toEqual([
            'accepted',
            'missing',
          ]);
          expect(account.world.count()).toBe(together);
        });

      within('one who is refused does not keep the others back, and is told apart', async (account) => {
        const people = (await account.people()).map((person) => ({ ...person, attributes: { [number]: 4 } }));
        account.world.refuse(people[2]!.recordId!);
        const outcomes = await account.writeOneByOneWhereRefused(people);
        const results = outcomes.map(({ result }) => result);
        const refused = world.dropsSilently ? 'unknown' : 'rejected';
        expect(results).toEqual(people.map((_, index) => (index === 2 ? refused : 'accepted')));
        expect(await account.notHeld(people.filter((_, index) => index !== 2))).toEqual([]);
      });

      within('an answer of something in between is none: nobody counts as written', async (account) => {
        const people = (await account.people()).map((person) => ({ ...person, attributes: { [number]: 5 } }));
        for (const page of ['<html><body>Welcome</body></html>', '{}', '[]', '{"status":"ok"}', '']) {
          account.answerWith(page);
          const answer = await account.write(people).catch((error: unknown) => error);
          if (answer instanceof Error) expect(answer, page).toBeInstanceOf(TransientError);
          else
            expect(
              (answer as WriteOutcome[]).filter(({ result }) => result !== 'unknown'),
              page,
            ).toEqual([]);
        }
      });

      within('a refusal of the credentials is told as one', async (account) => {
        const people = (await account.people()).map((person) => ({ ...person, attributes: { [number]: 6 } }));
        account.world.denyWrites();
        await expect(account.write(people)).rejects.toBeInstanceOf(UnauthorizedError);
      });

      within('the check says whether the key may write, and writes nothing', async (account) => {
        const people = await account.people();
        const before = people.map(({ recordId }) => account.world.others(recordId!));
        const allowed = await writer.check(account.context(), [number, text, list]);
        expect(allowed.map((permission) => permission.allowed)).not.toContain(false);
        expect(people.map(({ recordId }) => account.world.others(recordId!))).toEqual(before);
        expect(account.world.count()).toBe(people.length);
        account.world.denyWrites();
        const refused = await writer.check(account.context(), [number, text, list]);
        // Where nothing can be tried without writing, a refusal shows at the first write.
        const isUnknown = allowed.every((permission) => permission.allowed === null);
        expect(refused.some((permission) => permission.allowed === false)).toBe(!isUnknown);
      });
    });
}

const accepted = ({ sourceId }: PersonWrite): WriteOutcome => ({ sourceId, result: 'accepted' });

class Account {
  readonly world: OpenAccount;
  readonly #writer: Writer<unknown>;
  readonly #connector: Connector;
  readonly #reads: RegExp | undefined;
  readonly #way: 'single' | 'many';
  #requests: ApiRequest[] = [];
  #writtenAt = 0;
  /** How many there were. */
  calls = 0;
  #page: string | null = null;

  constructor(
    { connector, reads }: WriterWorld,
    writer: Writer<unknown>,
    way: 'single' | 'many',
    world: OpenAccount,
  ) {
    this.world = world;
    this.#writer = writer;
    this.#connector = connector;
    this.#reads = reads;
    this.#way = way;
  }

  async people(): Promise<PersonWrite[]> {
    const people: PersonWrite[] = [];
    for (let index = 0; index < together; index += 1) {
      const sourceId = `shop-${index}`;
      people.push({ sourceId, recordId: await this.world.create(sourceId), attributes: {} });
    }
    return people;
  }

  context(): Context<unknown> {
    const { settings, app, now } = this.world;
    const between = {
      request: (...request: Parameters<typeof app.request>) =>
        this.#page === null
          ? app.request(...request)
          : new Response(this.#page, { status: 200, headers: { 'content-type': 'text/html' } }),
    } as typeof app;
    const api = directApi(between, this.#connector.api!(settings), now);
    return {
      settings,
      api: {
        request: (request) => {
          this.calls += 1;
          const isRead = (request.method ?? 'GET') === 'GET' || this.#reads?.test(request.path);
          if (!isRead) this.#requests.push(request);
          return api.request(request);
        },
      },
      files: {
        stat: () => Promise.reject(new Error('no files')),
        open: () => {
          throw new Error('no files');
        },
      },
      now: now(),
    };
  }

  answerWith(page: string): void {
    this.#page = page;
  }

  /** As the engine does, without its retries. */
  async write(people: readonly PersonWrite[]): Promise<WriteOutcome[]> {
    this.#requests = [];
    this.#writtenAt = this.world.now();
    const { single } = this.#writer;
    if (this.#way === 'single') {
      const outcomes: WriteOutcome[] = [];
      for (const person of people) outcomes.push(await single!.write(this.context(), person));
      this.world.settle();
      return outcomes;
    }
    const traits = this.#writer.traits(this.world.settings, { create: true });
    if (traits.bulk === null) {
      const outcomes: WriteOutcome[] = [];
      for (const person of people) outcomes.push(...(await this.#together([person])));
      return outcomes;
    }
    return this.#together(people);
  }

  async #together(people: readonly PersonWrite[]): Promise<WriteOutcome[]> {
    const answer = await this.#writer.write(this.context(), people);
    const requests = [...this.#requests];
    if (!('jobId' in answer)) {
      this.world.settle();
      const { answers } = this.#writer.traits(this.world.settings, { create: true });
      return answers === 'each' ? answer : this.#readBack(people, answer, requests);
    }
    for (let turn = 0; turn < 10; turn += 1) {
      const outcomes = await this.#writer.poll!(this.context(), answer.jobId, people);
      this.#requests = requests;
      if (outcomes) return outcomes;
      this.world.settle();
    }
    throw new Error('the job does not end');
  }

  /** As the engine does where the answer tells nothing of single people: who counts as written is read back. */
  async #readBack(
    people: readonly PersonWrite[],
    answer: readonly WriteOutcome[],
    requests: ApiRequest[],
  ): Promise<WriteOutcome[]> {
    const accepted = new Set(answer.flatMap((one) => (one.result === 'accepted' ? [one.sourceId] : [])));
    const unproven = people.filter(({ sourceId }) => accepted.has(sourceId));
    const { request } = sampleOf(unproven, this.#writer);
    const found = unproven.length === 0 ? [] : await this.#writer.read.people(this.context(), request);
    const proven = judgeReadBack(unproven, found, this.#writer);
    this.#requests = requests;
    const all = [...proven, ...answer.filter(({ sourceId }) => !accepted.has(sourceId))];
    return people.flatMap(({ sourceId }) => all.find((one) => one.sourceId === sourceId) ?? []);
  }

  /** Where the vendor refuses all for one, each is written alone, as the engine bisects. */
  async writeOneByOneWhereRefused(people: readonly PersonWrite[]): Promise<WriteOutcome[]> {
    try {
      return await this.write(people);
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
    }
    const outcomes: WriteOutcome[] = [];
    for (const person of people)
      outcomes.push(
        ...(await this.write([person]).catch((error: unknown): WriteOutcome[] => {
          if (!(error instanceof RejectedError)) throw error;
          const { code, message } = error;
          return [{ sourceId: person.sourceId, result: 'rejected', code, message }];
        })),
      );
    return outcomes;
  }

  /** Attributes that the vendor holds otherwise. */
  async notHeld(people: readonly (PersonWrite & { attributes: Attributes })[]): Promise<unknown[]> {
    const names = [...new Set(people.flatMap(({ attributes }) => Object.keys(attributes)))];
    const recordIds = people.map(({ recordId }) => recordId!);
    const { read } = this.#writer;
    const found: Awaited<ReturnType<typeof read.people>> = [];
    for (const part of inParts(recordIds, read.maxIds))
      found.push(...(await read.people(this.context(), { recordIds: part, attributes: names })));
    const byId = new Map(found.map((one) => [one.recordId, one.attributes]));
    const stored = this.#writer.stored ?? ((value) => value as Json);
    return people.flatMap(({ recordId, attributes }) =>
      Object.entries(attributes).flatMap(([name, value]) => {
        const held = byId.get(recordId!)?.[name];
        return isHeld(value, held, stored) ? [] : [{ recordId, name, value, held }];
      }),
    );
  }

  /** The bodies of the requests of the last write. */
  bodies(): (Json | undefined)[] {
    return this.#requests.map(({ json }) => json);
  }

  sent(): string {
    return JSON.stringify(this.bodies());
  }

  previews(people: readonly PersonWrite[]): Json[] {
    const { settings } = this.world;
    if (this.#way === 'single') return people.map((person) => this.#writer.single!.payload(person, settings));
    const isBulk = this.#writer.traits(settings, { create: true }).bulk !== null;
    return isBulk
      ? [this.#writer.payload(people, settings, this.#writtenAt)]
      : people.map((person) => this.#writer.payload([person], settings, this.#writtenAt));
  }
}

// Dead letters by cause, their file, and what is put aside, over HTTP.
import { parse } from 'csv-parse/sync';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Database } from '../../src/db/database.ts';
import { type DeadLetter, keepDeadLetters } from '../../src/tables/dead-letters.ts';
import { requeueDead } from '../../src/tables/deliveries.ts';
import { databases } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { deliverAll, empty, noon, takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

const none = { aside: 0, waiting: 0 };

describe.each(databases)('dead letters on $name', ({ open }) => {
  let database: Database;
  let world: World;
  let call: Call;
  let clock: ManualClock;

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await empty(database);
    clock = new ManualClock(noon + 60_000);
    world = await openWorld({ ...database, close: async () => {} }, { clock });
    call = await caller(world);
    await takeIn(world, [{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    await deliverAll(world, { b: 'No such plan "gold"', c: 'No such plan "silver"' }, noon + 5_000);
    await keepDeadLetters(
      database,
      [
        bad('r1', 'email: "x" is no e-mail'),
        bad('r2', 'email: "y" is no e-mail'),
        bad('r3', 'points: 7 is no list'),
        {
          ...{ kind: 'record', source: 'files', stream: 'rows', ref: 'row 7 of a.csv', code: 'bad_row' },
          message: '=too few columns, 2',
          detail: { raw: '1,2' },
        },
        { kind: 'inbox', source: 'crm', ref: '12#3', code: 'brand_new', message: 'said', detail: ['a list'] },
      ],
      noon + 50_000,
    );
  });
  afterEach(() => world.close());

  const bad = (ref: string, message: string): DeadLetter => ({
    kind: 'record',
    source: 'crm',
    stream: 'people',
    ref,
    code: 'bad_value',
    message,
    detail: { changedAt: noon, body: { id: ref } },
  });
  const groups = async (query = '') =>
    (await call('GET', `/api/dead-letters/groups${query}`)).body.groups as {
      kind: string;
      code: string;
      letters: number;
      plain: string;
      next: string;
      words: { message: string; letters: number }[];
      samples: { ref: string }[];
    }[];
  const names = (found: { kind: string; code: string; letters: number }[]) =>
    found.map(({ kind, code, letters }) => `${kind} ${code} ${letters}`);
  const discard = (json: object) => call('POST', '/api/dead-letters/discard', { json });
  const file = async (query: string) => {
    const response = await world.app.request(`/api/dead-letters/export${query}`, {
      headers: { authorization: `Bearer ${apiToken}` },
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    };
  };
  const delivery = async (id: string) => (await call('GET', `/api/customers/${id}`)).body.delivery;

  it('are grouped by cause, the most frequent first, with their words, plain words and the next step', async () => {
    const found = await groups();
    expect(names(found)).toEqual([
      'record bad_value 3',
      'delivery invalid_customer 2',
      'inbox brand_new 1',
      'record bad_row 1',
    ]);
    expect(found[0]).toMatchObject({
      source: 'crm',
      firstAt: new Date(noon + 50_000).toISOString(),
      words: [
        { message: 'email: "y" is no e-mail', letters: 2 },
        { message: 'points: 7 is no list', letters: 1 },
      ],
      plain: expect.stringContaining('does not have its type'),
      next: expect.stringContaining('quarantine'),
    });
    expect(found[0]!.samples.map(({ ref }) => ref)).toEqual(['r3', 'r2', 'r1']);
    expect(found[1]!.words).toEqual([{ message: expect.stringContaining('No such plan'), letters: 2 }]);
  });

  it.each([
    ['?kind=record', ['record bad_value 3', 'record bad_row 1']],
    ['?source=destination', ['delivery invalid_customer 2']],
    ['?code=bad_row', ['record bad_row 1']],
    ['?text=NO%20SUCH', ['delivery invalid_customer 2']],
    ['?text=row%207', ['record bad_row 1']],
    [`?until=${new Date(noon + 50_000).toISOString()}`, ['delivery invalid_customer 2']],
    [`?since=${new Date(noon + 50_000).toISOString()}&kind=inbox`, ['inbox brand_new 1']],
    ['?text=%25', []],
  ])('are found by %s', async (query, expected) => {
    expect(names(await groups(query))).toEqual(expected);
    const { deadLetters } = (await call('GET', `/api/dead-letters${query}`)).body;
    expect(deadLetters).toHaveLength(expected.reduce((sum, name) => sum + Number(name.split(' ').at(-1)), 0));
  });

  it('are tried again by what was said and when, and no others', async () => {
    const { body } = await call('POST', '/api/dead-letters/retry', {
      json: { text: '"silver"', since: '2026-03-01T12:00:00+00:00' },
    });
    expect(body.deliveries).toEqual({ due: 1, waiting: 0 });
    expect([(await delivery('b')).state, (await delivery('c')).state]).toEqual(['dead', 'waiting']);
  });

  it('put aside are closed with the reason, and their customers not sent until they change', async () => {
    const { body } = await discard({ kind: 'delivery', reason: 'test accounts' });
    expect(body).toEqual({ letters: 2, deliveries: { aside: 2, waiting: 0 }, writeBacks: none });
    expect(names(await groups('?kind=delivery'))).toEqual([]);
    expect(await delivery('b')).toMatchObject({
      state: 'dead',
      errorCode: 'discarded',
      error: 'test accounts',
    });
    const { customers, deadLetters } = (await call('GET', '/api/status')).body;
    expect(customers).toEqual({ total: 3, delivered: 1, waiting: 0, held: 0, dead: 2 });
    expect(deadLetters.open).toBe(5);
    const rows = await database.rows<{ detail: object }>(
      sql`select detail from dead_letters where kind = 'delivery' and settled_at is not null`,
    );
    expect(rows.map(({ detail }) => detail)).toEqual([
      { discarded: 'test accounts' },
      { discarded: 'test accounts' },
    ]);
    // Neither a retry of all nor another schema sends it; a change of the customer does.
    await call('POST', '/api/dead-letters/retry', { json: { kind: 'delivery' } });
    expect(await requeueDead(database, null, 'backfill', clock.now())).toBe(0);
    await takeIn(world, [{ id: 'b', changedAt: noon, body: { name: 'B' } }], noon + 70_000);
    expect(await delivery('b')).toMatchObject({ state: 'waiting', errorCode: null });
    expect(await delivery('c')).toMatchObject({ state: 'dead' });
  });

  it('put aside while the customer waits again are closed, and it is sent', async () => {
    await call('POST', '/api/dead-letters/retry', { json: { text: 'gold' } });
    const { body } = await discard({ all: true, reason: 'enough' });
    expect(body).toEqual({ letters: 7, deliveries: { aside: 1, waiting: 1 }, writeBacks: none });
    expect(await delivery('b')).toMatchObject({ state: 'waiting' });
    expect(await groups()).toEqual([]);
    const [row] = await database.rows<{ detail: object }>(
      sql`select detail from dead_letters where kind = 'inbox'`,
    );
    expect(row?.detail).toEqual({ discarded: 'enough', kept: ['a list'] });
  });

  it('put aside come again where the same record is bad again', async () => {
    await discard({
      ids: [(await call('GET', '/api/dead-letters?text=r1')).body.deadLetters[0].id],
      reason: 'x',
    });
    expect(names(await groups('?code=bad_value'))).toEqual(['record bad_value 2']);
    await keepDeadLetters(database, [bad('r1', 'again')], noon + 80_000);
    expect(names(await groups('?code=bad_value'))).toEqual(['record bad_value 3']);
  });

  it.each([
    { reason: 'x' },
    { all: true },
    { all: true, reason: '' },
    { all: true, kind: 'record', reason: 'x' },
    { ids: [1], code: 'bad_row', reason: 'x' },
    { kind: 'parcel', reason: 'x' },
    { since: 'yesterday', reason: 'x' },
  ])('are not put aside on %j', async (json) => {
    expectProblem(await discard(json), 400);
    expect(names(await groups())).toHaveLength(4);
  });

  it('are a file of JSON lines, the oldest first, with plain words', async () => {
    const { status, type, text } = await file('?kind=record');
    expect({ status, type }).toEqual({ status: 200, type: 'application/jsonl' });
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ ref }) => ref)).toEqual(['r1', 'r2', 'r3', 'row 7 of a.csv']);
    expect(lines[3]).toMatchObject({
      detail: { raw: '1,2' },
      plain: expect.stringContaining('row of a file'),
    });
  });

  it('are a file of CSV that no spreadsheet calculates, and raw where a program asks', async () => {
    const rowsOf = (text: string) => parse(text, { columns: true }) as { [column: string]: string }[];
    const { type, text } = await file('?format=csv&source=files');
    expect(type).toBe('text/csv; charset=utf-8');
    expect(rowsOf(text)).toEqual([
      expect.objectContaining({ message: "'=too few columns, 2", times: '1', detail: '{"raw":"1,2"}' }),
    ]);
    const raw = await file('?format=csv&source=files&raw=true');
    expect(rowsOf(raw.text)[0]!['message']).toBe('=too few columns, 2');
    expect((await file('?format=csv&source=files&code=bad_value')).text).toMatch(/^id,kind,.*detail\r\n$/);
    expect((await file('?format=xml')).status).toBe(400);
  });

  it('in their thousands are grouped, streamed and put aside', async () => {
    const many = Array.from({ length: 1201 }, (_, index) => bad(`m${index}`, `line ${index}: bad`));
    await keepDeadLetters(database, many, noon + 55_000);
    const [first] = await groups();
    expect(first).toMatchObject({
      letters: 1204,
      words: expect.arrayContaining([expect.objectContaining({ letters: 1201 })]),
    });
    expect((await file('?text=line')).text.trim().split('\n')).toHaveLength(1201);
    expect((await discard({ text: 'line ', reason: 'x' })).body.letters).toBe(1201);
    expect((await groups())[0]).toMatchObject({ letters: 3 });
  });

  it('are shown on the page by cause, with plain words and the next step', async () => {
    const login = await world.app.request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: `token=${apiToken}`,
    });
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
    const page = await (await world.app.request('/problems?show=letters', { headers: { cookie } })).text();
    const said = page.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(said).toMatch(
      /3 records bad_value crm .*A value does not have its type.*Next step Correct it at its source/,
    );
    expect(said).toMatch(/2 deliveries invalid_customer destination .*The destination refuses this customer/);
  });
});

// The connector of PostgreSQL against both databases: tables and views, with what else happens in a database.
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context, Json, Page, SourceRecord } from '#connector';
import type { Settings } from '../../connectors/postgresql/settings.ts';
import { postgresql } from '../../connectors/postgresql.ts';
import { FastClock } from '../support/fast-clock.ts';
import { type ForeignDatabase, foreignDatabases } from '../support/foreign-database.ts';
import { VendorWorld } from '../support/vendor-world.ts';
import { describeConnector } from './conformance.ts';

const stream = postgresql.source!.streams[0]!;
const start = Date.parse('2026-11-02T08:00:00Z');

/** The settings of a table, with what a person leaves out filled in. */
function settingsOf(url: string, given: object): Settings {
  return postgresql.settings.parse({
    url,
    table: 'people',
    key: 'id',
    updatedAt: 'updated_at',
    ...given,
  }) as Settings;
}

let schemas = 0;

/** A schema of its own, with the table `people` where a test makes none. */
async function schemaOf(database: ForeignDatabase, statements?: string): Promise<string> {
  schemas += 1;
  const schema = `world_${schemas}`;
  await database.run(`create schema ${schema}; set search_path = ${schema};
    ${statements ?? 'create table people (id bigint primary key, name text, email text, updated_at timestamptz not null)'}`);
  return schema;
}

describe.each(foreignDatabases)('postgresql on $name', ({ name, open }) => {
  let database: ForeignDatabase;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());

  const contextOf = (given: object, now = start): Context<unknown> => {
    const settings = settingsOf(database.url, given);
    return {
      settings,
      api: { request: () => Promise.reject(new Error('no API')) },
      files: {
        stat: () => Promise.reject(new Error('no file')),
        open: () => {
          throw new Error('no file');
        },
      },
      relation: database.relation(postgresql.relation!(settings)),
      now,
    };
  };

  /** Pages from a cursor to rest. */
  const pagesFrom = async (
    context: Context<unknown>,
    cursor: Json | null = null,
    properties: string[] = [],
  ) => {
    const pages: Page[] = [];
    do {
      const from: Json | null = pages.at(-1)?.cursor ?? cursor;
      pages.push(await stream.pull!(context, { cursor: from, until: context.now, properties }));
    } while (!pages.at(-1)!.done && pages.length < 100);
    return pages;
  };
  const recordsIn = (pages: Page[]): SourceRecord[] => pages.flatMap(({ records }) => records);

  describeConnector(`postgresql on ${name}`, {
    connector: postgresql,
    stream: 'rows',
    secrets: ['a-password-for-tests'],
    wrongSettings: [
      { settings: { table: 'people', key: 'id', updatedAt: 'updated_at' }, says: /url/ },
      {
        settings: { url: 'mysql://h/x', table: 'people', key: 'id', updatedAt: 'updated_at' },
        says: /postgres:/,
      },
      { settings: { url: 'postgres://h/x', table: 'people', key: [], updatedAt: 'u' }, says: /key/ },
      { settings: { url: 'postgres://h/x', table: 'people', key: 'id' }, says: /updatedAt/ },
    ],
    changeWhileReading: 'found',
    async open() {
      let now = start;
      const schema = await schemaOf(database);
      const ids: string[] = [];
      const at = () => `'${new Date(now).toISOString()}'::timestamptz`;
      for (let i = 1; i <= 1100; i += 1) ids.push(String(i));
      await database.run(`insert into ${schema}.people
        select i, 'name ' || i, null, ${at()} - interval '1 day' + i * interval '1 microsecond' from generate_series(1, 1100) as i`);
      const { relation, settings } = contextOf({ schema });
      const ruins = [
        `alter table ${schema}.people drop constraint people_pkey`,
        `alter table ${schema}.people rename updated_at to changed`,
        `alter table ${schema}.people rename to persons`,
      ];
      return {
        settings,
        context: () => ({ ...contextOf({ schema }, now), relation: relation! }),
        advance: (milliseconds) => {
          now += milliseconds;
        },
        ids: () => ids,
        async create() {
          const id = String(ids.length + 1);
          ids.push(id);
          await database.run(`insert into ${schema}.people values (${id}, 'new', null, ${at()})`);
          return id;
        },
        change: (id, value) =>
          database.run(
            `update ${schema}.people set name = '${value}', updated_at = ${at()} where id = ${id}`,
          ),
        property: 'name',
        unknownId: '999999',
        async ruin() {
          const ruin = ruins.shift();
          if (ruin) await database.run(ruin);
          return ruin !== undefined;
        },
      };
    },
  });

  test('no digit of a value is lost', async () => {
    const schema = await schemaOf(
      database,
      `create table people (id numeric primary key, big bigint, small int, exact numeric, float float8, day date,
         at timestamptz, local timestamp, doc jsonb, list bigint[], times timestamptz[], flag boolean, none text, raw bytea,
         uuid uuid, updated_at timestamptz not null);
       insert into people values (12345678901234567890.5, 9007199254740993, 7, 1234567890.12345678901234567890, 0.1,
         '2026-02-03', '2026-02-03 04:05:06.123456+02', '2026-02-03 04:05:06.123456',
         '{"id": 9007199254740993, "rate": 0.12345678901234567890, "half": 0.50}', '{9007199254740993,null,1}',
         '{2026-02-03 04:05:06.123456+02}', true, null, '\\xdead', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
         '2026-02-03 04:05:06.123456+00')`,
    );
    const [record] = recordsIn(await pagesFrom(contextOf({ schema })));
    expect(record).toEqual({
      recordId: '12345678901234567890.5',
      changedAt: Date.parse('2026-02-03T04:05:06.123Z'),
      body: {
        id: '12345678901234567890.5',
        big: '9007199254740993',
        small: 7,
        exact: '1234567890.12345678901234567890',
        float: 0.1,
        day: '2026-02-03',
        at: '2026-02-03T02:05:06.123456+00:00',
        local: '2026-02-03T04:05:06.123456',
        doc: { id: '9007199254740993', rate: '0.12345678901234567890', half: 0.5 },
        list: ['9007199254740993', null, 1],
        times: ['2026-02-03T02:05:06.123456+00:00'],
        flag: true,
        none: null,
        raw: '\\xdead',
        uuid: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        updated_at: '2026-02-03T04:05:06.123456+00:00',
      },
    });
  });

  test('thousands of rows that changed in one microsecond are all found', async () => {
    const schema = await schemaOf(database);
    const context = contextOf({ schema });
    const [page] = await pagesFrom(context);
    await database.run(`insert into ${schema}.people
      select i, 'tied', null, '2026-11-02T08:00:00.000001Z' from generate_series(1, 3500) as i`);
    const pages = await pagesFrom({ ...context, now: start + 1000 }, page!.cursor);
    expect(new Set(recordsIn(pages).map(({ recordId }) => recordId)).size).toBe(3500);
  });

  test('names of tables and columns are never interpreted as SQL', async () => {
    const schema = await schemaOf(
      database,
      `create table "pe""ople; drop table x" ("i""d" int primary key, "a b'c" text, body int, t int, "at" timestamptz not null);
       insert into "pe""ople; drop table x" values (1, 'one', 2, 3, '2026-01-01')`,
    );
    const context = contextOf({ schema, table: 'pe"ople; drop table x', key: 'i"d', updatedAt: 'at' });
    const [page] = await pagesFrom(context, null, ["a b'c", 'body', 't', "no'; such"]);
    expect(page!.records).toEqual([
      {
        recordId: '1',
        changedAt: Date.parse('2026-01-01'),
        body: { 'i"d': 1, "a b'c": 'one', body: 2, t: 3 },
      },
    ]);
    await expect(
      stream.pull!(contextOf({ schema, table: 'x"; select 1' }), {
        cursor: null,
        until: start,
        properties: [],
      }),
    ).rejects.toThrow(/There is no table or view/);
  });

  test('rows with a key of several columns are distinguished', async () => {
    const schema = await schemaOf(
      database,
      `create table people (tenant int, id text, updated_at timestamptz not null, primary key (tenant, id));
       insert into people select i % 3, 'p"' || i, '2026-01-01' from generate_series(1, 2500) as i`,
    );
    const context = contextOf({ schema, key: ['tenant', 'id'] });
    const records = recordsIn(await pagesFrom(context));
    expect(new Set(records.map(({ recordId }) => recordId)).size).toBe(2500);
    const recordIds = ['["1","p\\"1"]', '["2","p\\"1"]', 'nonsense', '["1"]'];
    const answer = await stream.read!.records(context, { recordIds, properties: [] });
    expect(answer.records.map(({ recordId }) => recordId)).toEqual(recordIds.slice(0, 1));
    expect(answer.missing).toEqual(recordIds.slice(1));
  });

  test.each([
    ['a null in its time', 'updated_at timestamptz', '1, null', {}, /is null, which is not a time/],
    ['an endless time', 'updated_at timestamptz', "1, 'infinity'", {}, /"infinity", which is not a time/],
  ])('a row with %s is rejected, and the others are read', async (_, column, row, given, reason) => {
    const schema = await schemaOf(
      database,
      `create table people (id int primary key, ${column}); insert into people values (${row}), (2, '2026-01-01')`,
    );
    const [page] = await pagesFrom(contextOf({ schema, ...given }));
    expect(page!.records.map(({ recordId }) => recordId)).toEqual(['2']);
    expect(page!.rejected).toMatchObject([
      { position: 'row 1 of people', reason: expect.stringMatching(reason) },
    ]);
  });

  test.each([
    ['without a unique key', 'id int not null, updated_at timestamptz', {}, /No unique index/],
    [
      'whose unique index holds for some rows only',
      'id int not null, updated_at timestamptz); create unique index on people (id) where (id > 5',
      {},
      /No unique index/,
    ],
    ['whose key can be null', 'id int unique, updated_at timestamptz', {}, /can be null/],
    ['whose key is a float', 'id float8 primary key, updated_at timestamptz', {}, /of type float8/],
    ['whose time is a date', 'id int primary key, updated_at date', {}, /of type date/],
    ['whose time has no zone', 'id int primary key, updated_at timestamp', {}, /has no time zone/],
    ['without the column', 'id int primary key', {}, /no column "updated_at"/],
    [
      'without the column that marks deleted rows',
      'id int primary key, updated_at timestamptz',
      { deleted: { column: 'gone' } },
      /no column "gone"/,
    ],
  ])('a table %s is refused, by the check as by a reading', async (_, columns, given, says) => {
    const schema = await schemaOf(database, `create table people (${columns})`);
    const context = contextOf({ schema, ...given });
    await expect(pagesFrom(context)).rejects.toThrow(says);
    const permissions = await postgresql.check!(context);
    expect(permissions[0]).toMatchObject({ allowed: false, note: expect.stringMatching(says) });
  });

  test('a time without zone is read where it is said to be in UTC', async () => {
    const schema = await schemaOf(
      database,
      `create table people (id int primary key, updated_at timestamp not null); insert into people values (1, '2026-11-02 07:00:00.5')`,
    );
    const context = contextOf({ schema, updatedAtZone: 'UTC' });
    const pages = await pagesFrom(context);
    expect(pages[0]!.records[0]!.changedAt).toBe(Date.parse('2026-11-02T07:00:00.500Z'));
    await database.run(`update ${schema}.people set updated_at = '2026-11-02 08:00:01'`);
    const changes = await pagesFrom({ ...context, now: start + 5000 }, pages[0]!.cursor);
    expect(recordsIn(changes)).toHaveLength(1);
  });

  test('a view with a repeated or null key is refused', async () => {
    const schema = await schemaOf(
      database,
      `create table raw (id int, updated_at timestamptz); create view people as select * from raw;
       insert into raw select i, '2026-01-01' from generate_series(1, 1000) as i`,
    );
    const context = contextOf({ schema });
    expect(recordsIn(await pagesFrom(context))).toHaveLength(1000);
    await database.run(`insert into ${schema}.raw values (1000, '2026-01-01')`);
    await expect(pagesFrom(context)).rejects.toThrow(/Several rows of people have the same id/);
    await database.run(
      `delete from ${schema}.raw where id = 1000; insert into ${schema}.raw values (null, '2026-01-01')`,
    );
    await expect(pagesFrom(context)).rejects.toThrow(/a row in which id is null/);
  });

  test.each([
    ['a time', 'timestamptz', 'now()', { column: 'gone' }],
    ['true', 'boolean default false', 'true', { column: 'gone' }],
    ['a word', 'text', "'closed'", { column: 'gone', equals: ['closed', 'merged'] }],
  ])('a row that is marked as deleted by %s is deleted', async (_, type, mark, deleted) => {
    const schema = await schemaOf(
      database,
      `create table people (id int primary key, gone ${type}, updated_at timestamptz not null);
       insert into people (id, updated_at) select i, '2026-01-01' from generate_series(1, 3) as i`,
    );
    const context = contextOf({ schema, deleted });
    const pages = await pagesFrom(context, null, ['id']);
    expect(recordsIn(pages).map((record) => record.deleted)).toEqual([undefined, undefined, undefined]);
    await database.run(
      `update ${schema}.people set gone = ${mark}, updated_at = '2026-11-02 08:00' where id = 2`,
    );
    const changes = recordsIn(
      await pagesFrom({ ...context, now: start + 1000 }, pages.at(-1)!.cursor, ['id']),
    );
    expect(changes).toEqual([{ recordId: '2', changedAt: start, deleted: true, body: {} }]);
    const { missing } = await stream.read!.records(context, { recordIds: ['2', '3'], properties: [] });
    expect(missing).toEqual([]);
  });

  test('a column that is not mapped can disappear, and a property that does not exist is left out', async () => {
    const schema = await schemaOf(database);
    await database.run(`insert into ${schema}.people values (1, 'Ann', 'ann@example.com', '2026-01-01')`);
    const context = contextOf({ schema });
    await database.run(`alter table ${schema}.people drop column email`);
    const [record] = recordsIn(await pagesFrom(context, null, ['name', 'email', 'phone']));
    expect(record!.body).toEqual({ id: 1, name: 'Ann' });
  });

  test('the check says whether an index is missing, and whether other transactions are visible', async () => {
    const schema = await schemaOf(database);
    const context = contextOf({ schema });
    const [, changes, running] = await postgresql.check!(context);
    expect(changes).toMatchObject({
      allowed: true,
      note: expect.stringMatching(/create index on world_\d+\.people/),
    });
    expect(running).toMatchObject({ allowed: true });
    await database.run(`create index on ${schema}.people (updated_at, id)`);
    expect((await postgresql.check!(context))[1]).toMatchObject({ note: 'Changes are found by their time.' });
    await database.run(
      `alter table ${schema}.people alter column updated_at drop not null; insert into ${schema}.people values (1)`,
    );
    expect((await postgresql.check!(context))[1]).toMatchObject({
      allowed: false,
      note: expect.stringMatching(/whose updated_at is null/),
    });
  });

  test('a cursor that is unknown is refused with what to do', async () => {
    const schema = await schemaOf(database);
    const pull = stream.pull!(contextOf({ schema }), {
      cursor: { phase: 'x' },
      until: start,
      properties: [],
    });
    await expect(pull).rejects.toThrow(/start a full sync/);
  });
});

const server = foreignDatabases.find(({ name }) => name === 'PostgreSQL');

describe.runIf(server)('postgresql on a server with others on it', () => {
  let database: ForeignDatabase;
  let other: postgres.Sql;
  beforeAll(async () => {
    database = await server!.open();
    other = postgres(database.url, { max: 1, onnotice: () => {} });
  });
  afterAll(async () => {
    await other.end({ timeout: 5 });
    await database.close();
  });

  /** A worker that reads changes again and again, from a cursor that it keeps. Times are the server's own. */
  const readerOf = (given: object, url = database.url) => {
    const settings = settingsOf(url, { overlapSeconds: 0, ...given });
    const relation = database.relation(postgresql.relation!(settings));
    let cursor: Json | null = null;
    return {
      relation,
      check: () => postgresql.check!({ settings, relation, now: Date.now() + 60_000 } as Context<unknown>),
      async read(): Promise<{ ids: string[]; notes: string[] }> {
        const now = Date.now() + 60_000;
        const context = { settings, relation, now } as Context<unknown>;
        const ids: string[] = [];
        const notes: string[] = [];
        for (let done = false; !done; ) {
          const page: Page = await stream.pull!(context, { cursor, until: now, properties: ['name'] });
          ids.push(...page.records.map(({ recordId }) => recordId));
          notes.push(...(page.notes ?? []).map(({ code }) => code));
          ({ cursor, done } = page);
        }
        return { ids, notes };
      },
    };
  };

  test('a row that a long transaction commits late is read, though later ones were read before it', async () => {
    const schema = await schemaOf(database);
    const reader = readerOf({ schema });
    await reader.read();
    const late = await other.reserve();
    try {
      await late.unsafe(`begin; insert into ${schema}.people values (1, 'late', null, now())`).simple();
      await database.run(`insert into ${schema}.people values (2, 'early', null, clock_timestamp())`);
      expect((await reader.read()).ids).toEqual(['2']);
      await database.run(`insert into ${schema}.people values (3, 'early', null, clock_timestamp())`);
      expect((await reader.read()).ids).toEqual(['3']);
      await late.unsafe('commit').simple();
    } finally {
      late.release();
    }
    expect((await reader.read()).ids).toEqual(['1']);
    expect((await reader.read()).ids).toEqual([]);
  });

  test('a transaction that began first and writes last is waited for, before it has written anything', async () => {
    const schema = await schemaOf(database);
    const reader = readerOf({ schema });
    await reader.read();
    const late = await other.reserve();
    try {
      await late.unsafe('begin; select now()').simple();
      await database.run(`insert into ${schema}.people values (2, 'early', null, clock_timestamp())`);
      expect((await reader.read()).ids).toEqual(['2']);
      await late.unsafe(`insert into ${schema}.people values (1, 'late', null, now()); commit`).simple();
    } finally {
      late.release();
    }
    expect((await reader.read()).ids).toEqual(['1']);
  });

  test('of two transactions that change one row the one that committed last is read last', async () => {
    const schema = await schemaOf(database);
    await database.run(`insert into ${schema}.people values (1, 'first', null, clock_timestamp())`);
    const reader = readerOf({ schema });
    await reader.read();
    const late = await other.reserve();
    try {
      await late.unsafe('begin; select now()').simple();
      await database.run(`update ${schema}.people set name = 'second', updated_at = now()`);
      expect((await reader.read()).ids).toEqual(['1']);
      // It shows the time at which its transaction began: before the state that was read.
      await late.unsafe(`update ${schema}.people set name = 'third', updated_at = now(); commit`).simple();
    } finally {
      late.release();
    }
    expect((await reader.read()).ids).toEqual(['1']);
    expect(stream.clock).toBe('reading');
  });

  test('a user that does not see the transactions of others reads behind the overlap', async () => {
    const schema = await schemaOf(database);
    const role = `reader_${schema}`;
    await database.run(`create role ${role} login; grant usage on schema ${schema} to ${role};
      grant select on all tables in schema ${schema} to ${role}`);
    try {
      const url = new URL(database.url);
      url.username = role;
      const reader = readerOf({ schema, overlapSeconds: undefined }, url.href);
      expect(await reader.relation.horizon()).toMatchObject({ seesAll: false });
      const running = (await reader.check()).at(-1)!;
      expect(running).toMatchObject({ allowed: null, note: expect.stringMatching(/pg_read_all_stats/) });
      await reader.read();
      const late = await other.reserve();
      try {
        await late.unsafe(`begin; insert into ${schema}.people values (1, 'late', null, now())`).simple();
        await database.run(`insert into ${schema}.people values (2, 'early', null, clock_timestamp())`);
        expect((await reader.read()).ids).toEqual(['2']);
        await late.unsafe('commit').simple();
      } finally {
        late.release();
      }
      expect((await reader.read()).ids).toEqual(['1']);
    } finally {
      await database.run(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test('rows that a policy hides are an error, and never missing', async () => {
    const schema = await schemaOf(database);
    const role = `reader_${schema}`;
    await database.run(`insert into ${schema}.people values (1, 'Ann', null, now());
      create role ${role} login; grant usage on schema ${schema} to ${role}; grant select on all tables in schema ${schema} to ${role};
      alter table ${schema}.people enable row level security`);
    try {
      const url = new URL(database.url);
      url.username = role;
      const settings = settingsOf(url.href, { schema });
      const context = {
        settings,
        relation: database.relation(postgresql.relation!(settings)),
        now: Date.now(),
      } as unknown as Context<unknown>;
      const asked = stream.read!.records(context, { recordIds: ['1'], properties: [] });
      await expect(asked).rejects.toThrow(/row-level security policy would hide rows/);
      await expect(stream.pull!(context, { cursor: null, until: 0, properties: [] })).rejects.toThrow(
        /policy/,
      );
      const allowed = settingsOf(url.href, { schema, rowSecurity: true });
      const visible = {
        ...context,
        settings: allowed,
        relation: database.relation(postgresql.relation!(allowed)),
      };
      expect((await stream.read!.records(visible, { recordIds: ['1'], properties: [] })).missing).toEqual([
        '1',
      ]);
    } finally {
      await database.run(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test.each([
    [
      'the user has no right',
      (role: string) => `create role ${role} login`,
      /may not use its schema|lacks a permission/,
    ],
    [
      'the user may not read the table',
      (role: string, schema: string) =>
        `create role ${role} login; grant usage on schema ${schema} to ${role}`,
      /has no permission to read the column|lacks a permission/,
    ],
  ])('where %s, an error says so and nothing is missing', async (_, grant, says) => {
    const schema = await schemaOf(database);
    const role = `reader_${schema}`;
    await database.run(grant(role, schema));
    try {
      const url = new URL(database.url);
      url.username = role;
      const settings = settingsOf(url.href, { schema });
      const context = {
        settings,
        relation: database.relation(postgresql.relation!(settings)),
        now: 0,
      } as unknown as Context<unknown>;
      await expect(stream.read!.records(context, { recordIds: ['1'], properties: [] })).rejects.toThrow(says);
    } finally {
      await database.run(`drop owned by ${role}; drop role ${role}`);
    }
  });

  test('a statement that takes too long is ended by the server', async () => {
    const schema = await schemaOf(
      database,
      'create view people as select 1 as id, now() as updated_at, pg_sleep(30)::text as name',
    );
    const settings = settingsOf(database.url, { schema, statementTimeoutSeconds: 1 });
    const relation = database.relation(postgresql.relation!(settings));
    await expect(relation.rows({ columns: ['name'], order: ['id'], limit: 1 })).rejects.toThrow(
      /longer than statementTimeoutSeconds/,
    );
  });

  test('nothing can be written, not even by a view', async () => {
    const schema = await schemaOf(
      database,
      `create table log (at timestamptz);
       create function note() returns int language sql as 'insert into log values (now()) returning 1';
       create view people as select note() as id, now() as updated_at`,
    );
    await database.run(`alter function ${schema}.note() set search_path = ${schema}`);
    const settings = settingsOf(database.url, { schema });
    const relation = database.relation(postgresql.relation!(settings));
    await expect(relation.rows({ order: ['id'], limit: 1 })).rejects.toThrow(/read-only transaction/);
  });

  test.each([
    [
      'a server that is not there',
      (url: URL) => Object.assign(url, { port: '1' }),
      'TransientError',
      /nothing listens/,
    ],
    [
      'a database that is not there',
      (url: URL) => Object.assign(url, { pathname: '/none' }),
      'RejectedError',
      /does not exist/,
    ],
    [
      'an address that cannot be used',
      (url: URL) => void url.searchParams.set('sslcert', 'x'),
      'RejectedError',
      /The url of people names a client certificate/,
    ],
  ])('%s is explained without the password', async (_, spoil, kind, says) => {
    const url = new URL(database.url);
    spoil(url);
    const settings = settingsOf(url.href, {});
    const error = await database
      .relation(postgresql.relation!(settings))
      .describe()
      .then(
        () => null,
        (error: Error) => error,
      );
    expect(error).toMatchObject({ name: kind, message: expect.stringMatching(says) });
    expect(error!.message).not.toContain('a-password-for-tests');
  });
});

describe.runIf(server)('a table up to Voucherify', () => {
  let database: ForeignDatabase;
  let world: VendorWorld;
  beforeAll(async () => {
    database = await server!.open();
    await database.run(`create table people (id int primary key, name text, email text, updated_at timestamptz not null);
      insert into people select i, 'Person ' || i, 'p' || i || '@example.com', now() from generate_series(1, 30) as i`);
    const settings = {
      connector: 'postgresql',
      url: database.url,
      table: 'people',
      key: 'id',
      updatedAt: 'updated_at',
    };
    world = await VendorWorld.open(new FastClock(), null, {
      ...settings,
      mapping: { name: 'name', email: 'email' },
    });
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  test('is read whole, then by what changed; a row that is removed is deleted by a full reading', async () => {
    expect(await world.sync()).toMatchObject({ state: 'finished', received: 30, changed: 30 });
    expect(world.customers()['7']).toMatchObject({ name: 'Person 7', email: 'p7@example.com' });

    await database.run(
      `update people set name = 'Renamed', updated_at = now() where id = 7; delete from people where id = 8`,
    );
    expect(await world.sync('incremental')).toMatchObject({ state: 'finished', changed: 1 });
    expect(world.customers()['7']).toMatchObject({ name: 'Renamed' });
    expect(await world.standing()).toContain('8');

    await world.sync();
    expect(await world.standing()).not.toContain('8');
    expect(await world.read('9')).toMatchObject({ state: 'finished', received: 1, rejected: 0 });
  });

  test('deletes nobody where it is emptied, renamed, or cannot be reached', async () => {
    const before = await world.standing();
    await database.run('alter table people rename to persons');
    expect(await world.sync()).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/no table or view people/),
    });
    await database.run('create table people (like persons including all)');
    expect(await world.sync()).toMatchObject({ state: 'finished', received: 0 });
    expect(await world.standing()).toEqual(before);
    await database.run('drop table people; alter table persons rename to people');
    expect(await world.sync()).toMatchObject({ state: 'finished', unchanged: 29 });
  });
});

// A database that an earlier version has made and filled: this one migrates it, keeps what it holds, and goes on.
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, json, openDatabase } from '../../src/db/database.ts';
import { listHolds } from '../../src/tables/holds.ts';
import { databases, type OwnDatabase } from '../support/databases.ts';

const folder = new URL('../../drizzle/', import.meta.url);
const { entries } = JSON.parse(readFileSync(new URL('meta/_journal.json', folder), 'utf8')) as {
  entries: { tag: string; when: number }[];
};

describe.each(databases)('A database on $name of an earlier version', ({ openOwn }) => {
  let database: OwnDatabase;
  let migrated: Database | null;

  beforeEach(async () => {
    migrated = null;
    database = await openOwn();
  });
  afterEach(async () => {
    await migrated?.close();
    await database.close();
  });

  const columns = (of: Database) =>
    of.rows(sql`
      select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
      where table_schema = 'public' order by 1, 2`);
  const indexes = (of: Database) =>
    of.rows(sql`select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1`);

  async function forgetAll(): Promise<void> {
    await database.rows(sql`drop schema public cascade`);
    await database.rows(sql`create schema public`);
    await database.rows(sql`truncate drizzle.__drizzle_migrations`);
  }

  async function apply({ tag, when }: { tag: string; when: number }): Promise<void> {
    const statements = readFileSync(new URL(`${tag}.sql`, folder), 'utf8');
    for (const statement of statements.split('--> statement-breakpoint'))
      await database.rows(sql.raw(statement));
    await database.rows(
      sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${tag}, ${when}::bigint)`,
    );
  }

  /** Everything is as if the program that knew migrations up to this one had made it. */
  async function goBackTo(tag: string): Promise<void> {
    await forgetAll();
    for (const entry of entries.slice(0, entries.findIndex((one) => one.tag === tag) + 1)) await apply(entry);
  }

  async function migrate(): Promise<Database> {
    await database.release();
    migrated = await openDatabase(database.where);
    return migrated;
  }

  it('has the tables of a new one afterwards, whichever version made it', async () => {
    const expected = [await columns(database), await indexes(database)];
    await goBackTo('0000_path');
    const after = await migrate();
    expect([await columns(after), await indexes(after)]).toEqual(expected);
  });

  it('keeps the rows of every table through every migration', async () => {
    await forgetAll();
    let rows = 0;
    let before = new Map<number, { table: string; count: number }>();
    for (const entry of entries) {
      await apply(entry);
      const after = await rowsByTable(database);
      const emptied = emptiedBy[entry.tag];
      for (const [oid, { table, count }] of before) {
        const left = table === emptied ? 0 : count;
        expect({ table, count: after.get(oid)?.count }, entry.tag).toMatchObject({ count: left });
      }
      rows += 1;
      await addRows(database, rows);
      before = await rowsByTable(database);
      expect([...before.values()].filter(({ count }) => count === 0)).toEqual([]);
    }
    const after = await migrate();
    expect(await rowsByTable(after)).toEqual(before);
  });

  it('keeps what was under another name before', async () => {
    await goBackTo('0014_batch_items');
    const now = sql`to_timestamp(1767225600)`;
    await database.rows(sql`
      insert into customers (source_id, revision, fields, "left", kept, created_at, updated_at)
      values ('a', 3, '{"name": "Ann"}', true, true, ${now}, ${now}), ('b', 1, '{}', true, false, ${now}, ${now})`);
    await database.rows(sql`
      insert into holds (source_id, source, what, "from", held_at) values ('b', 'crm', 'deleted', null, ${now}), ('b', 'crm', 'email', '"b@example.com"', ${now})`);
    await database.rows(
      sql`insert into breaker_counts (scope, what, count, updated_at) values ('run 1', 'email', 7, ${now})`,
    );
    const report = { customers: { differing: 1, left: { count: 1, samples: [] } }, fields: [] };
    await database.rows(sql`
      insert into runs (source, mode, lane, trigger, state, requested_at, ended_at, due_at, report)
      values ('crm', 'full', 1, 'manual', 'finished', ${now}, ${now}, ${now}, ${json(report)}),
             ('crm', 'import', 1, 'manual', 'finished', ${now}, ${now}, ${now}, '{"columns": {}}')`);
    const quotas = [
      { quota: 'burst', left: 100 },
      { quota: 'daily', left: 0 },
    ];
    await database.rows(sql`
      insert into forecasts (made_at, request, forecast)
      values (${now}, '{}', ${json({ quotas, minutes: 3 })}), (${now}, '{}', '{"quotas": []}')`);
    const counts = { items: 3, taken: 2, duplicates: 0, ignored: 0, received: 0 };
    await database.rows(sql`
      insert into inbox (source, received_at, method, query, headers, body, state, opened_at, due_at, counts)
      values ('crm', ${now}, 'POST', '{}', '{}', '', 'opened', ${now}, null, ${json({ ...counts, refused: 1 })}),
             ('crm', ${now}, 'POST', '{}', '{}', '', 'waiting', null, ${now}, null)`);
    const after = await migrate();
    expect(await after.rows(sql`select counts from inbox order by id`)).toEqual([
      { counts: { ...counts, unreadable: 1 } },
      { counts: null },
    ]);
    expect(await after.rows(sql`select report from runs order by id`)).toEqual([
      { report: { customers: { differing: 1, orphaned: { count: 1, samples: [] } }, fields: [] } },
      { report: { columns: {} } },
    ]);
    expect(await after.rows(sql`select forecast from forecasts order by id`)).toEqual([
      {
        forecast: {
          quotas: [
            { quota: 'burst', budget: 100 },
            { quota: 'daily', budget: 0 },
          ],
          minutes: 3,
        },
      },
      { forecast: { quotas: [] } },
    ]);
    expect(
      await after.rows(sql`select source_id, orphaned, deletion_refused from customers order by 1`),
    ).toEqual([
      { sourceId: 'a', orphaned: true, deletionRefused: true },
      { sourceId: 'b', orphaned: true, deletionRefused: false },
    ]);
    expect((await listHolds(after, {}, { limit: 10 })).map(({ change }) => change)).toEqual([
      'email',
      'deleted',
    ]);
    expect(await after.rows(sql`select scope, change, count from breaker_counts`)).toEqual([
      { scope: 'run 1', change: 'email', count: 7 },
    ]);
    // The same loss is not held twice.
    await expect(
      after.rows(
        sql`insert into holds (source_id, source, change, held_at) values ('b', 'crm', 'email', ${now})`,
      ),
    ).rejects.toThrow('holds_open');
  });
});

/** The table that a migration empties: what stood in it had no worth once its reading had ended. */
const emptiedBy: { readonly [tag: string]: string } = { '0018_swept_pages': 'swept_records' };

/** By the table's OID, which a new name leaves as it is. */
async function rowsByTable(of: Database): Promise<Map<number, { table: string; count: number }>> {
  const rows = await of.rows<{ oid: number; table: string; count: number }>(sql`
    select oid::int as oid, relname::text as "table", (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I', relname), false, true, '')))[1]::text::int as count
    from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`);
  return new Map(rows.map(({ oid, ...row }) => [oid, row]));
}

/** Adds a row to each table, in which only what must be there is: the `number` tells it from others. */
async function addRows(to: Database, number: number): Promise<void> {
  const columns = await to.rows<NeededColumn>(sql`
    select table_name as "table", column_name as "column", data_type as type,
      (select (regexp_match(pg_get_constraintdef(oid), column_name || ' = ANY \\(ARRAY\\[''([^'']*)'))[1] from pg_constraint
       where conrelid = table_name::regclass and contype = 'c' and pg_get_constraintdef(oid) ~ (column_name || ' = ANY') limit 1) as allowed
    from information_schema.columns
    where table_schema = 'public' and column_default is null and is_identity = 'NO'
      and (is_nullable = 'NO' or table_name || '.' || column_name = any(array[${sql.join(
        neededToo.map((name) => sql`${name}`),
        sql`, `,
      )}]))
    order by 1, ordinal_position`);
  for (const [table, needed] of Map.groupBy(columns, (column) => column.table)) {
    const names = needed.map(({ column }) => sql.identifier(column));
    const values = needed.map((column) => sampleOf(column, number));
    await to.rows(sql`
      insert into ${sql.identifier(table)} (${sql.join(names, sql`, `)}) values (${sql.join(values, sql`, `)})`);
  }
}

/** What a constraint asks of a row in its first state. */
const neededToo = [
  'deliveries.due_at',
  'deliveries.waiting_since',
  'inbox.due_at',
  'erasures.source_id',
  'pins.value',
];

interface NeededColumn {
  table: string;
  column: string;
  type: string;
  /** The first of those that a constraint allows. */
  allowed: string | null;
}

function sampleOf({ type, allowed }: NeededColumn, number: number) {
  if (allowed !== null) return sql`${allowed}`;
  if (type === 'timestamp with time zone') return sql`to_timestamp(${1_700_000_000 + number}::float8)`;
  if (type === 'jsonb') return sql`'{}'::jsonb`;
  if (type === 'bytea') return sql`'\\x00'::bytea`;
  if (type === 'uuid') return sql`gen_random_uuid()`;
  if (type === 'boolean') return sql`false`;
  if (type === 'text') return sql`${`sample ${number}`}`;
  if (type === 'ARRAY') return sql`'{}'`;
  return sql`${String(number)}::${sql.raw(type)}`;
}

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

  /** Everything is as if the program that knew migrations up to this one had made it. */
  async function goBackTo(tag: string): Promise<void> {
    await database.rows(sql`drop schema public cascade`);
    await database.rows(sql`create schema public`);
    await database.rows(sql`truncate drizzle.__drizzle_migrations`);
    for (const entry of entries.slice(0, entries.findIndex((one) => one.tag === tag) + 1)) {
      const statements = readFileSync(new URL(`${entry.tag}.sql`, folder), 'utf8');
      for (const statement of statements.split('--> statement-breakpoint'))
        await database.rows(sql.raw(statement));
      await database.rows(
        sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${entry.tag}, ${entry.when}::bigint)`,
      );
    }
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

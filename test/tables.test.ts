// Every statement of src/tables is prepared once on an empty, migrated database, so that a column that was renamed in a
// migration and not in a statement is found in seconds. The functions are called with values that stand for any; nothing
// runs. Of a statement with branches one is prepared, and those inside classes are not reached.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type SQL, sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTriggers } from '../src/contract/run.ts';
import type { Database, Queryable } from '../src/db/database.ts';
import { DueBounds } from '../src/tables/deliveries.ts';
import { runs } from '../src/tables/runs.ts';
import { anyValue } from './support/any-value.ts';
import { databases } from './support/databases.ts';

const folder = resolve(import.meta.dirname, '../src/tables');
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const dialect = new PgDialect();

/** Arguments of those that make statements only from values of a shape of their own. */
const given: { [statement: string]: readonly unknown[] } = {
  'pins.ts setUndone': [new Map([['a', { name: { runId: 1 } }]]), { note: '', now: 0 }],
  'deliveries.ts claim': [{ lease: '1', now: 1, leaseMs: 1, most: [1], bounds: new DueBounds() }],
  'inbox.ts forgetInInbox': [['one']],
};

describe('the statements of src/tables', () => {
  let database: Database;
  beforeAll(async () => {
    database = await databases[0]!.open();
  });
  afterAll(async () => {
    await database.close();
  });

  /** What the server says against this statement, or null. */
  async function faultOf(statement: SQL): Promise<string | null> {
    const { sql: text } = dialect.sqlToQuery(statement);
    try {
      await database.rows(sql.raw(`prepare tested as ${text}`));
      await database.rows(sql.raw('deallocate tested'));
      return null;
    } catch (error) {
      return `${(error as Error).message}: ${text.replace(/\s+/g, ' ').trim().slice(0, 300)}`;
    }
  }

  async function statementsOf(call: (db: Queryable) => unknown): Promise<SQL[]> {
    const statements: SQL[] = [];
    const rows = async (statement: SQL) => {
      statements.push(statement);
      return [anyValue()] as never[];
    };
    const db = { rows, prepared: rows, transaction: (work: (tx: Queryable) => unknown) => work(db) } as never;
    try {
      await call(db);
    } catch {
      // What is made of the rows does not matter here.
    }
    return statements;
  }

  it.each(files)('of %s are understood by the database as it is migrated', async (file) => {
    const exported: { [name: string]: unknown } = await import(join(folder, file));
    const faults: string[] = [];
    const unreached: string[] = [];
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value !== 'function' || value.constructor.name !== 'AsyncFunction') continue;
      const call = value as (...args: unknown[]) => unknown;
      const values = given[`${file} ${name}`] ?? Array.from({ length: 6 }, anyValue);
      const statements = await statementsOf((db) => call(db, ...values));
      if (statements.length === 0) unreached.push(name);
      for (const statement of statements) {
        const fault = await faultOf(statement);
        if (fault !== null) faults.push(`${file} ${name}: ${fault}`);
      }
    }
    expect(faults).toEqual([]);
    expect(unreached).toEqual([]);
  });

  it('are refused where they name a column that is not there', async () => {
    expect(await faultOf(sql`select renamed from runs`)).toContain('column "renamed" does not exist');
  });
});

describe('the table of runs', () => {
  it('knows the triggers that the API tells of, polls for missing webhooks among them', () => {
    expect(runs.trigger.enumValues).toEqual(runTriggers);
    expect(runs.trigger.enumValues).toContain('coverage');
  });
});

// The search for secrets finds them, or it would prove nothing.
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/engine/log/log.ts';
import { behaviour, databases } from '../support/databases.ts';
import { searchDatabase, searched, seededSecrets, takeLeaks } from '../support/secrets.ts';

const [secret = ''] = seededSecrets;

describe('a secret of the tests that gets out', () => {
  it('is found in a line of a log', () => {
    const log = createLog({ level: 'info', write: searched(() => {}) });
    log.info({ note: `it is ${secret}` }, 'said too much');
    expect(takeLeaks()).toEqual([expect.stringContaining(`${secret} in the log`)]);
    log.info({ accessToken: secret }, 'said nothing');
    expect(takeLeaks()).toEqual([]);
  });

  it('is found in what is printed', () => {
    process.stderr.write(`\r${secret.slice(0, 4)}\r`);
    expect(takeLeaks()).toEqual([]);
    process.stderr.write(`\r${secret}\r${' '.repeat(secret.length)}\r`);
    expect(takeLeaks()).toEqual([expect.stringContaining('in what is printed')]);
  });

  it.each(databases)('is found in any table of $name', async ({ open }) => {
    const database = await open();
    await searchDatabase(database);
    expect(takeLeaks()).toEqual([]);
    await database.rows(sql`
      insert into audit (at, token, role, action, targets, status)
      values (now(), 'x', 'admin', 'x', ${JSON.stringify([secret])}::jsonb, 200)`);
    await searchDatabase(database);
    expect(takeLeaks()).toEqual(['a secret in the table audit']);
    await database.rows(sql`delete from audit`);
    await database.close();
  });

  it('is found when the database is handed back', async () => {
    const database = await behaviour[0].open();
    await database.rows(sql`
      insert into destination_traits (account, answers, probed_at) values ('x', ${JSON.stringify({ secret })}::jsonb, now())`);
    await database.close();
    expect(takeLeaks()).toEqual(['a secret in the table destination_traits']);
  });
});

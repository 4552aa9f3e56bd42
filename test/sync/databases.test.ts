// What the test databases themselves promise, so that a suite on them can be believed.
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { databases } from '../support/databases.ts';

describe.each(databases)('A test database on $name', ({ open }) => {
  it('is migrated, empty and its own', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    try {
      await one.rows(sql`insert into quota_states (account, quota) values ('hubspot', 'burst')`);
      expect(await one.rows(sql`select account from quota_states`)).toEqual([{ account: 'hubspot' }]);
      expect(await two.rows(sql`select account from quota_states`)).toEqual([]);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  it('is seen alike by a second handle', async () => {
    const one = await open();
    try {
      const two = await one.again();
      await one.rows(sql`insert into quota_states (account, quota) values ('hubspot', 'burst')`);
      expect(await two.rows(sql`select account from quota_states`)).toEqual([{ account: 'hubspot' }]);
    } finally {
      await one.close();
    }
  });
});

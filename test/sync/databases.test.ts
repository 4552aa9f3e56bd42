// What the test databases themselves promise, so that a suite on them can be believed.
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { databases } from '../support/databases.ts';

describe.each(databases)('A test database on $name', ({ name, open }) => {
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

  it.skipIf(name === 'PGlite')('sends no statement behind one that waits for a lock', async () => {
    const one = await open();
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    try {
      const two = await one.again();
      const lock = (key: number) => sql`select pg_advisory_xact_lock(${key}::bigint)`;
      const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
      const holder = two.transaction(async (tx) => {
        await tx.rows(lock(1));
        held();
        await mayEnd;
      });
      await isHeld;
      // More than there are connections: each of them knows the statement then, and would take another behind it.
      const many = Array.from({ length: 40 }, (_, index) => index + 2);
      await Promise.all(many.map((key) => one.rows(lock(key))));
      const waiting = one.rows(lock(1));
      for (let turn = 0; turn < 3; turn += 1)
        expect(await Promise.all(many.map((key) => one.rows(lock(key))))).toHaveLength(40);
      end();
      await Promise.all([holder, waiting]);
    } finally {
      end();
      await one.close();
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

// What the test databases themselves promise, so that a suite on them can be believed.
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { json, toEpochMs, toTimestamp } from '../../src/db/database.ts';
import { databases } from '../support/databases.ts';

describe.each(databases)('A test database on $name', ({ name, open, openOwn }) => {
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

  it('returns names in camelCase, times as epoch milliseconds, and JSON as it is', async () => {
    const one = await open();
    try {
      const moments = [
        0, 1_767_225_600_123.25, -62_135_596_800_000, -63_517_824_000_000, 253_402_300_800_000,
      ];
      for (const moment of moments) {
        const at = toTimestamp(moment);
        for (const zone of ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Europe/Amsterdam'])
          expect(
            await one.transaction(async (tx) => {
              await tx.rows(sql`select set_config('TimeZone', ${zone}, true)`);
              return tx.rows(sql`
                select ${at} as changed_at, ${toEpochMs(at)} as reckoned, 9007199254740991 as wide_number, null::timestamptz as "endedAt",
                  ${json({ inner_key: { other_key: '2026-01-01 00:00:00+00' } })} as some_json`);
            }),
          ).toEqual([
            {
              changedAt: moment,
              reckoned: moment,
              wideNumber: Number.MAX_SAFE_INTEGER,
              endedAt: null,
              someJson: { inner_key: { other_key: '2026-01-01 00:00:00+00' } },
            },
          ]);
      }
    } finally {
      await one.close();
    }
  });

  it.skipIf(name === 'PGlite')('parses times though its own style of dates is another', async () => {
    const one = await openOwn();
    const [{ name: database }] = (await one.rows(sql`select current_database() as name`)) as [
      { name: string },
    ];
    const style = (value: string) =>
      one.rows(sql`alter database ${sql.identifier(database)} set datestyle to ${sql.raw(value)}`);
    try {
      await style('German');
      const two = await one.again();
      expect(await two.rows(sql`select to_timestamp(1.5) as at`)).toEqual([{ at: 1500 }]);
    } finally {
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

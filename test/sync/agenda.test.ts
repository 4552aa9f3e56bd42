// The agenda: work of which no notification told is found by one statement, and wakes the loops that it concerns.
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Agenda, agendaLoops } from '../../src/app/agenda.ts';
import { toTimestamp } from '../../src/db/database.ts';
import { leaseOf } from '../../src/engine/work/worker-registry.ts';
import type { Source } from '../../src/sync/intake/source.ts';
import { destinationName, pause } from '../../src/tables/pauses.ts';
import { claimRun, requestRun } from '../../src/tables/runs.ts';
import { touch } from '../../src/tables/touches.ts';
import { pathDatabases, type TestDatabase } from '../support/databases.ts';

const start = Date.UTC(2026, 0, 1);
const source = { name: 'crm', streams: [{ name: 'people', read: {} }] } as unknown as Source;

describe.each(pathDatabases)('the agenda on $name', ({ open }) => {
  let database: TestDatabase;
  let now: number;
  let woken: string[];
  let statements: number;

  beforeAll(async () => {
    database = await open();
  });
  beforeEach(async () => {
    [now, woken, statements] = [start, [], 0];
    await database.rows(sql`truncate runs, pauses, touches, deliveries, inbox, erasures, batches`);
  });
  afterAll(() => database.close());

  const agendaOf = () => {
    const rows: TestDatabase['rows'] = (query) => {
      statements += 1;
      return database.rows(query);
    };
    const counted = { rows } as TestDatabase;
    return new Agenda({
      database: counted,
      clock: { now: () => now, sleep: async () => {} },
      rules: { sources: [source] },
      ours: () => ({ runs: { host: 'here', sources: ['crm'] }, opened: ['crm'] }),
      wake: (names) => void woken.push(...names),
    });
  };
  const look = () => {
    woken = [];
    return agendaOf().step();
  };
  const askForRun = (source = 'crm') =>
    requestRun(database, { source, mode: 'full', trigger: 'manual', lane: 'manual', now });
  const keepRequestOf = (source: string) =>
    database.rows(sql`
      insert into inbox (source, received_at, method, query, headers, body, due_at)
      values (${source}, ${toTimestamp(now)}, 'POST', '{}', '{}', ''::bytea, ${toTimestamp(now)})`);

  it('wakes nobody where nothing is due, with one statement', async () => {
    expect(await look()).toEqual({ again: false, due: null });
    expect({ woken, statements }).toEqual({ woken: [], statements: 1 });
  });

  it('wakes the loops of what is due, and comes back when the next is', async () => {
    await askForRun();
    await touch(
      database,
      'crm',
      [{ stream: 'people', recordId: '1', changedAt: now, gone: null }],
      now + 9_000,
    );
    await database.rows(sql`
      insert into deliveries (source_id, revision, lane, state, due_at, waiting_since)
      values ('a', 1, 0, 'waiting', ${toTimestamp(now + 3_000)}, ${toTimestamp(now)})`);
    expect(await look()).toEqual({ again: false, due: now + 3_000 });
    expect(woken).toEqual(['pull']);
    now += 3_000;
    expect(await look()).toEqual({ again: false, due: now + 6_000 });
    expect(woken).toEqual(['pull', 'deliver', 'deliverUrgent']);
    now += 6_000;
    await look();
    expect(woken).toContain('hydrate');
  });

  it('waits with a run that somebody carries until the lease has run out, and with a paused source for its trial', async () => {
    await askForRun();
    const claim = { lease: leaseOf(randomUUID()), now, leaseMs: 30_000, host: 'here', sources: ['crm'] };
    await database.transaction((tx) => claimRun(tx, claim));
    expect(await look()).toEqual({ again: false, due: now + 30_000 });
    expect(woken).toEqual([]);
    now += 30_000;
    await pause(database, 'crm', { cause: 'unauthorized', reason: 'no' }, now);
    expect(await look()).toEqual({ again: false, due: now + 60_000 });
    now += 60_000;
    await look();
    expect(woken).toEqual(['pull']);
  });

  it('wakes nobody for what waits of a source that is not configured, nor for a file on another machine', async () => {
    await askForRun('former');
    await keepRequestOf('former');
    const run = await askForRun();
    await database.rows(sql`update runs set request = '{"host": "there"}' where id = ${run!.id}::bigint`);
    expect({ next: await look(), woken }).toEqual({ next: { again: false, due: null }, woken: [] });
    await keepRequestOf('crm');
    await look();
    expect(woken).toEqual(['open']);
  });

  it('has each loop look itself where one of the queries fails, until it looks again', async () => {
    await database.rows(sql`alter table erasures rename to erasures_away`);
    const agenda = agendaOf();
    try {
      expect(await agenda.step()).toEqual({ again: false, afterMs: 5_000 });
      expect({ isFailing: agenda.isFailing, woken }).toEqual({ isFailing: true, woken: [...agendaLoops] });
    } finally {
      await database.rows(sql`alter table erasures_away rename to erasures`);
    }
    await agenda.step();
    expect(agenda.isFailing).toBe(false);
  });

  it('wakes the deliverer for the trial of a paused destination that nobody writes to', async () => {
    await pause(database, destinationName, { cause: 'unauthorized', reason: 'no' }, now);
    expect(await look()).toEqual({ again: false, due: now + 60_000 });
    now += 60_000;
    await look();
    expect(woken).toEqual(['deliver', 'deliverUrgent']);
  });
});

// Several workers on one database: replaced one after another, or stopped by the system for longer than their leases while
// another takes over. In the end the destination holds what the source holds, and nobody spent what was not theirs.
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { randomOf, seed } from '../support/random.ts';
import { differences } from '../support/sync-world.ts';
import { onServer, openWorkers, type Worker, type Workers } from './workers-world.ts';

// Two processes on one PGlite folder are refused, so all of this needs a server.
describe.skipIf(!onServer || process.platform === 'win32')('workers on one PostgreSQL database', () => {
  let world: Workers;
  afterEach(() => world?.close());

  const contactIds = () => [...world.hubspot.contacts()].map(({ id }) => id);

  it(`are replaced one after another, twice around, and each slot is run once (seed ${seed})`, async () => {
    const random = randomOf(seed);
    const contacts = 1_500;
    world = await openWorkers({
      calendar: true,
      latencyMs: [30, 30],
      hubspot: {
        quotas: { burst: { requests: 190, seconds: 10 }, search: { requests: 5, seconds: 1 }, daily: false },
      },
      voucherify: {
        quotas: { apiCalls: { requests: 100, seconds: 5 }, bulkCalls: { requests: 10, seconds: 10 } },
        bulkProcessing: { waitMs: 200, recordMs: 0.2 },
      },
      destination: {
        quota: { requests: 100, seconds: 5, reserve: 0 },
        bulkQuota: { requests: 10, seconds: 10, reserve: 0 },
        bulk: { records: 200, bytes: 1_000_000 },
      },
      source: { quota: { requests: 190, seconds: 10 }, searchPerSecond: 5, schedule: '* * * * * *' },
    });
    world.hubspot.seed(contacts, 3);
    const ids = contactIds();
    const life = setInterval(() => {
      const id = ids[Math.floor(random() * ids.length)]!;
      world.hubspot.update(id, { loyalty_points: Math.floor(random() * 9_000) });
    }, 60);
    const going: Worker[] = [];
    try {
      for (const number of [1, 2, 3]) going.push(await world.start(`worker ${number}`));
      for (let turn = 0; turn < 6; turn += 1) {
        await delay(500 + random() * 1_500);
        await going.shift()!.drain();
        going.push(await world.start(`worker ${turn + 4}`));
      }
    } finally {
      clearInterval(life);
    }
    await untilSame();
    for (const worker of going) await worker.drain();
    expect(world.voucherify.count).toBe(contacts);
    expect(world.voucherify.duplicates()).toEqual([]);
    expect(world.voucherify.violations).toBe(0);
    expect(world.hubspot.quotas?.violations).toEqual({ burst: 0, search: 0, daily: 0 });
    const runs = await world.database.rows<Slot>(sql`
      select (extract(epoch from slot) * 1000)::float8 as slot, state, attempts,
        (extract(epoch from requested_at) * 1000)::float8 as "from",
        (extract(epoch from started_at) * 1000)::float8 as "startedAt", (extract(epoch from ended_at) * 1000)::float8 as "to"
      from runs where source = 'hubspot' order by id`);
    expectEachSlotOnce(runs);
  });

  interface Slot {
    slot: number | null;
    state: string;
    attempts: number;
    from: number;
    startedAt: number | null;
    /** Null where it is still going. */
    to: number | null;
  }

  /** A slot that a worker finds another run going at is that run's; every other is a run of its own, and none is two. */
  function expectEachSlotOnce(runs: readonly Slot[]): void {
    const all = runs.flatMap(({ slot }) => (slot === null ? [] : [slot]));
    expect(new Set(all).size).toBe(all.length);
    // The library that keeps the calendar was seen to fire a moment of before its process began, once.
    const slots = all.filter((slot) => slot >= world.since);
    expect(slots.length).toBeGreaterThan(8);
    expect(runs.filter(({ state }) => state !== 'finished' && state !== 'requested')).toEqual([]);
    const started = runs.filter(({ startedAt }) => startedAt !== null);
    for (const [index, run] of started.slice(1).entries())
      expect(run.startedAt).toBeGreaterThanOrEqual(started[index]!.to!);
    const missed: number[] = [];
    for (let slot = Math.min(...slots); slot <= Math.max(...slots); slot += 1_000) {
      if (!slots.includes(slot) && !world.heldSlots.has(slot)) missed.push(slot);
    }
    expect(missed).toEqual([]);
  }

  /** Time goes thirty times as fast: on a busy machine the database seems not to answer, and runs wait before they are retried. */
  const untilSame = (seconds = 150) =>
    untilWithin(seconds, async () => {
      const [row] = await world.database.rows<{ open: number }>(
        sql`select count(*)::int as open from deliveries where state = 'waiting'`,
      );
      return row?.open === 0 && differences(world).length === 0;
    });

  async function untilWithin(seconds: number, condition: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    while (!(await condition())) {
      if (performance.now() > deadline)
        throw new Error(
          `not within ${seconds} s; differing: ${JSON.stringify(differences(world).slice(0, 3))}; ${await world.state()}`,
        );
      await delay(50);
    }
  }

  // ── Really stopped ────────────────────────────────────────────────────────────────────────────────────────────

  const factor = 30;
  /** Past the longest lease, 120 s, on the clock of the workers. */
  const pastLeasesMs = 140_000 / factor;

  interface Moment {
    name: string;
    contacts: number;
    /** The worker is stopped as its so-manieth call of this route arrives. */
    route: RegExp;
    nth: number;
    destination?: object;
    voucherify?: object;
    /** Characters that each contact has more. */
    note?: number;
    /** What it has brought on its way there ends only after others have taken over. */
    outlasts?: boolean;
  }

  const moments: Moment[] = [
    { name: 'in the middle of a pull', contacts: 1_000, route: /^GET \/crm/, nth: 5 },
    {
      name: 'in the middle of delivering singles',
      contacts: 120,
      route: /^POST \/v1\/customers$/,
      nth: 30,
      destination: { bulk: false },
    },
    {
      name: 'after a bulk call was taken and before its answer was heard',
      contacts: 400,
      route: /^POST \/v1\/customers\/bulk\/async$/,
      nth: 2,
      destination: { bulk: { records: 150, bytes: 10_000_000 } },
      voucherify: { bulkProcessing: { waitMs: 1_000, recordMs: 1 } },
    },
    {
      name: 'with a bulk call whose action outlasts its lease',
      contacts: 300,
      route: /^POST \/v1\/customers\/bulk\/async$/,
      nth: 1,
      destination: { bulk: { records: 300, bytes: 10_000_000 } },
      voucherify: { bulkProcessing: { waitMs: 400_000, recordMs: 1 } },
      outlasts: true,
    },
    {
      name: 'with half of a bulk call on the way',
      contacts: 300,
      route: /^POST \/v1\/customers\/bulk\/async$/,
      nth: 1,
      destination: { bulk: { records: 300, bytes: 10_000_000 } },
      note: 30_000,
    },
  ];

  it.each(moments)('send nothing stale where one was stopped $name', async (moment) => {
    const note = moment.note ?? 0;
    world = await openWorkers({
      factor,
      latencyMs: [0, 0],
      ...(moment.voucherify && { voucherify: moment.voucherify }),
      ...(moment.destination && { destination: moment.destination }),
      ...(note > 0 && { source: { mapping: { 'metadata.note': 'note' } } }),
    });
    world.hubspot.seed(moment.contacts, 3);
    if (note > 0) world.hubspot.define({ name: 'note', type: 'string' } as never);
    const ids = contactIds();
    const change = (round: number) => {
      for (const [index, id] of ids.entries())
        world.hubspot.update(id, {
          loyalty_points: round * 10_000 + index,
          city: `City ${round}`,
          ...(note > 0 && { note: `${round}`.repeat(note) }),
        });
    };
    change(1);
    const first = await world.start('first');
    const stopped = stopAt(first, moment);
    // It may be gone before it answers.
    first.sync('incremental').catch(() => {});
    await stopped;
    await delay(300);
    change(2);
    // Single calls are not kept waiting behind the action: what it writes comes after newer values.
    const second = await world.start('second', moment.outlasts ? { bulk: false } : {});
    await delay(pastLeasesMs);
    await second.sync('incremental');
    await untilTakenOver();
    change(3);
    await second.sync('incremental');
    if (moment.outlasts) await world.rest(second);
    else await untilSame();
    const before = await cursors();
    const callsBefore = world.calls.length;
    // Its lease is over, and the second has evicted it.
    await untilWithin(20, async () => (await evicted()) === 1);
    first.goOn();
    await delay((moment.outlasts ? 400_000 : 60_000) / factor);
    await world.rest(second);
    if (moment.outlasts) await untilSame();
    const after = await cursors();
    expect(differences(world)).toEqual([]);
    expect(after).toEqual(before);
    const woken = world.calls.slice(callsBefore).filter(({ worker }) => worker === 'first');
    expect(woken.filter(({ route }) => route.startsWith('GET /crm'))).toEqual([]);
    // Of what its action wrote too late it may write again what is true now, as whoever comes first.
    for (const { route, body } of woken)
      if (route.startsWith('POST')) expect(staleIn(await body, { round: 3 })).toEqual([]);
    const [runs] = await world.database.rows<{ wrong: number }>(
      sql`select count(*)::int as wrong from runs where state <> 'finished' or received <> changed + unchanged + superseded + filtered + rejected`,
    );
    expect(runs!.wrong).toBe(0);
    // It has learned it, and nobody else was evicted.
    expect(await evicted()).toBe(1);
    change(4);
    await second.sync('incremental');
    await untilSame();
    await first.drain();
    await second.drain();
    expect(differences(world)).toEqual([]);
    expect(world.voucherify.duplicates()).toEqual([]);
  });

  it('correct a bulk call whose answer was lost and whose action is executed after later calls', {
    timeout: 300_000,
  }, async () => {
    // Slower than the others, so that the second has written all by itself long before the action is carried out.
    const slower = factor / 2;
    world = await openWorkers({
      factor: slower,
      // It is not in the list while it is looked for there, so that its customers are sent again before it ends.
      voucherify: { bulkProcessing: { waitMs: 520_000, recordMs: 1 }, actionListLagMs: () => 3_600_000 },
      destination: { bulk: { records: 300, bytes: 10_000_000 } },
    });
    world.hubspot.seed(300, 3);
    const ids = contactIds();
    const change = (round: number) => {
      for (const id of ids) world.hubspot.update(id, { city: `City ${round}` });
    };
    change(1);
    const first = await world.start('first');
    const killed = new Promise<void>((resolve) => {
      world.watch.onCall = ({ route }) => {
        if (!/bulk/.test(route)) return;
        world.watch.onCall = () => {};
        resolve(first.kill());
      };
    });
    // It may be gone before it answers.
    first.sync('incremental').catch(() => {});
    await killed;
    change(2);
    const second = await world.start('second', { bulk: false });
    await delay(140_000 / slower);
    await second.sync('incremental');
    await untilTakenOver();
    await world.rest(second);
    expect(differences(world)).toEqual([]);
    await untilWithin(60, async () => differences(world).length === ids.length);
    await untilSame();
    await second.drain();
  });

  interface Sent {
    source_id: string;
    address?: { city?: string };
    metadata?: { loyalty_points?: number };
  }

  /** Customers of a body of one or many that hold what was true before this round. */
  function staleIn(body: string, { round }: { round: number }): Sent[] {
    const customers = [JSON.parse(body) as Sent | Sent[]].flat();
    expect(customers.length).toBeGreaterThan(0);
    return customers.filter(
      ({ address, metadata }) =>
        (address?.city ?? `City ${round}`) !== `City ${round}` ||
        Math.floor((metadata?.loyalty_points ?? round * 10_000) / 10_000) !== round,
    );
  }

  function stopAt(worker: Worker, { route, nth }: Moment): Promise<void> {
    let seen = 0;
    return new Promise((resolve) => {
      world.watch.onCall = (call) => {
        if (!route.test(call.route)) return;
        seen += 1;
        if (seen !== nth) return;
        worker.stop();
        world.watch.onCall = () => {};
        resolve();
      };
    });
  }

  const cursors = () =>
    world.database.rows(
      sql`select source, stream, reader, cursor, updated_at::text as "updatedAt" from checkpoints order by source, stream, reader`,
    );

  const evicted = async () => {
    const [row] = await world.database.rows<{ evicted: number }>(
      sql`select count(*)::int as evicted from workers where ended_at is not null`,
    );
    return row!.evicted;
  };

  const untilTakenOver = () =>
    untilWithin(40, async () => {
      const [row] = await world.database.rows<{ open: number }>(
        sql`select (select count(*) from runs where state = 'requested')::int as open`,
      );
      return row?.open === 0;
    });
});

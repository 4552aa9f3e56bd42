// How fresh what is written back arrives: from the event at Voucherify to the value at the vendor, beside a backfill of thousands. All of it
// is one process: Tributary, both vendors and the events, so that each waits for the others' work too.
import { sql } from 'drizzle-orm';
import type { Database } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import type { FastClock } from '../test/support/fast-clock.ts';
import { openWriteBackWorld } from '../test/support/write-back-world.ts';
import { type Figure, seconds } from './figures.ts';
import { onMigratedDatabase } from './own-database.ts';

const people = 6_000;
/** How many events come a second, for how many seconds, and what Klaviyo allows. */
interface Load {
  perSecond: number;
  seconds: number;
  /** Calls a minute beside 75 a second. */
  perMinute: number;
  /** What the source is told; null: its default, which is what the vendor publishes. */
  quota: { requests: number; seconds: number } | null;
  bar: number;
}

const loads: readonly Load[] = [
  // Its limit a minute is out of the way, so that the one a second is the scarce one.
  { perSecond: 50, seconds: 10, perMinute: 10_000, quota: { requests: 75, seconds: 1 }, bar: 2 },
  // As it is published, and by default; for longer than the minute.
  { perSecond: 3, seconds: 75, perMinute: 700, quota: null, bar: 2 },
];

interface Way {
  /** From the event until its value is wanted, until the request leaves, and until the vendor has confirmed it, milliseconds. */
  wanted: number;
  sent: number;
  confirmed: number;
}

export async function writeBackFigures(server: string | null): Promise<Figure[]> {
  if (!server) throw new Error('It is measured on PostgreSQL: none was found (TEST_DATABASE_URL).');
  const figures: Figure[] = [];
  for (const load of loads)
    figures.push(
      ...figuresOf(load, await onMigratedDatabase(server, (_, database) => measure(database, load))),
    );
  return figures;
}

function figuresOf({ perSecond, perMinute, bar }: Load, ways: readonly Way[]): Figure[] {
  const calls = `75 calls/s, ${perMinute.toLocaleString('en-US')}/min`;
  const against = `${perSecond} events/s beside a backfill of ${people.toLocaleString('en-US')}; ${calls}`;
  const told = (name: string, of: (way: Way) => number): Figure => ({
    name,
    ours: `${seconds(at(ways.map(of), 0.5))}, p99 ${seconds(at(ways.map(of), 0.99))}`,
    against,
    ratio: null,
    bar: null,
  });
  const p99 = at(ways.map(wholeOf), 0.99) / 1000;
  return [
    told('write-back: event to wanted', ({ wanted }) => wanted),
    told('write-back: wanted to sent', ({ sent }) => sent),
    told('write-back: sent to confirmed', ({ confirmed }) => confirmed),
    {
      ...told('write-back: event to the value at the vendor', wholeOf),
      bar: { value: Number(p99.toFixed(2)), unit: ' s', most: bar },
    },
  ];
}

const looksMs = 200;

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await condition()); looks += 1) {
    if (looks * looksMs > 120_000) throw new Error('It did not come about within two minutes.');
    await new Promise((resolve) => setTimeout(resolve, looksMs));
  }
}

const wholeOf = ({ wanted, sent, confirmed }: Way) => wanted + sent + confirmed;

function at(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(Math.ceil(values.length * share) - 1, 0)] ?? 0;
}

async function measure(database: Database, load: Load): Promise<Way[]> {
  // Whom everybody knows since long is told of no more.
  let arrives = false;
  const world = await openWriteBackWorld({
    database,
    webhooks: () => arrives,
    clock: { ...systemClock, skip() {} } as unknown as FastClock,
    klaviyo: { quotas: { burst: 75, steady: load.perMinute } },
    klaviyoSource: { quota: load.quota ?? undefined },
    writeBack: { klaviyo: { fields: { loyalty_points: 'loyalty.points' } } },
    start: false,
  });
  try {
    world.klaviyo.seed(people);
    for (let index = 0; index < people; index += 1) {
      world.voucherify.upsert({ source_id: `customer-${index}`, name: `Person ${index}` });
      world.voucherify.setFacts(`customer-${index}`, { campaigns: { Club: 0 } }, null);
    }
    await world.tributary.start();
    await world.tributary.request({ source: 'klaviyo', mode: 'full', trigger: 'manual', lane: 'backfill' });
    const counted = async (which: ReturnType<typeof sql>) => {
      const [row] = await database.rows<{ count: number }>(
        sql`select count(*)::int as count from write_backs where source = 'klaviyo' and ${which}`,
      );
      return row!.count;
    };
    const isWritten = sql`acknowledged is not null`;
    await until(async () => (await counted(isWritten)) > 100);
    arrives = true;
    const told = new Map<string, number>();
    for (let event = 0; event < load.perSecond * load.seconds; event += 1) {
      const begun = performance.now();
      const customer = `customer-${event}`;
      told.set(customer, Date.now());
      world.voucherify.setFacts(customer, { points: event + 1 });
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(1000 / load.perSecond - (performance.now() - begun), 0)),
      );
    }
    if ((await counted(isWritten)) >= people)
      throw new Error('The backfill was over before the events were.');
    const isTold = sql`(acknowledged ->> 'loyalty_points')::int > 0`;
    await until(async () => (await counted(isTold)) >= told.size);
    const rows = await database.rows<{ sourceId: string; at: number; sentAt: number; wantedAt: number }>(sql`
      select done.source_id, done.at, done.sent_at, wanted.at as wanted_at
      from write_back_events as done join write_back_events as wanted using (source, source_id, revision)
      where source = 'klaviyo' and done.event = 'acknowledged' and wanted.event = 'wanted'
        and (done.attributes ->> 'loyalty_points')::int > 0`);
    return rows.map(({ sourceId, at, sentAt, wantedAt }) => ({
      wanted: Math.max(wantedAt - told.get(sourceId)!, 0),
      sent: sentAt - wantedAt,
      confirmed: at - sentAt,
    }));
  } finally {
    await world.close();
  }
}

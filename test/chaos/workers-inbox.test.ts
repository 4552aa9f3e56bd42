// Two workers share one inbox: whatever was kept is opened once, and whatever it touches is read once, though both are at it.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../support/databases.ts';
import { FastClock } from '../support/fast-clock.ts';
import { openPushWorld, type PushWorld } from '../support/push-world.ts';

const onServer = databases.find(({ name }) => name === 'PostgreSQL');
const touched = 300;
const told = 900;

// On PGlite both would share one connection, and never be at it at once.
describe.skipIf(!onServer)('two workers on one inbox, on PostgreSQL', () => {
  let world: PushWorld;
  let database: TestDatabase;
  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  it('open every item once and read every touched record once', async () => {
    database = await onServer!.open();
    const clock = new FastClock(5);
    world = await openPushWorld(database, { clock });
    const now = world.clock.now();
    for (let number = 0; number < touched; number += 1)
      world.truth.people.set(`touched-${number}`, { changedAt: now, body: { name: `Touched ${number}` } });
    world.truth.beforeRead = () => world.clock.sleep(100);
    // Kept before anybody opens, so that both begin with all of it; each event is told of twice.
    const touches = Array.from({ length: touched }, (_, number) => ({
      eventId: `touch ${number}`,
      type: 'touched',
      id: `touched-${number}`,
      at: now,
    }));
    const records = Array.from({ length: told }, (_, number) => ({
      eventId: `record ${number}`,
      type: 'person',
      id: `told-${number}`,
      at: now,
      body: { name: `Told ${number}` },
    }));
    for (const event of [...touches, ...records, ...touches, ...records]) {
      expect((await world.push([event])).status).toBe(200);
      // A source may send a thousand requests a second.
      clock.skip(1);
    }
    const again = await database.again();
    await Promise.all([world.tributary.start(), world.again(again)]);
    await world.rest();

    const [counts] = await database.rows<{ [name: string]: number }>(sql`
      select count(*)::int as kept, count(*) filter (where state = 'opened')::int as opened,
        sum((counts ->> 'items')::int)::int as items, sum((counts ->> 'taken')::int)::int as taken,
        sum((counts ->> 'duplicates')::int)::int as duplicates, sum((counts ->> 'changed')::int)::int as changed,
        sum((counts ->> 'touched')::int)::int as touched from inbox`);
    const events = touched + told;
    expect(counts).toEqual({
      kept: 2 * events,
      opened: 2 * events,
      items: 2 * events,
      taken: events,
      duplicates: events,
      changed: told,
      touched,
    });
    const read = world.truth.reads.flat();
    expect(read.length).toBe(touched);
    expect(new Set(read).size).toBe(touched);
    const sent = world.truth.taken.map(({ sourceId }) => sourceId);
    expect(sent.length).toBe(events);
    expect(new Set(sent).size).toBe(events);
  });
});

// Three sources that disagree about the same people: HubSpot, a shop with a clock of its own, and a file of loyalty
// cards. Whatever order their words arrive in, Voucherify holds what the rules say, and can say why.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineConnector, type Json, type SourceRecord } from '../../src/connector.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { randomOf } from '../support/random.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

/** A shop that tells of its customers in the order of their changes, by a log that is read from a position. */
function createShop() {
  const log: SourceRecord[] = [];
  const connector = defineConnector({
    name: 'shop',
    settings: z.strictObject({}),
    source: {
      mapping: { email: 'email', phone: 'phone', 'address.city': 'town', 'metadata.orders': 'orders' },
      sourceId: 'email',
      streams: [
        {
          name: 'shoppers',
          async pull(_context, { cursor }) {
            const from = (cursor as number | null) ?? 0;
            const records = log.slice(from, from + 50);
            return { records, cursor: from + records.length, done: from + records.length >= log.length };
          },
        },
      ],
    },
  });
  return { connector, say: (record: SourceRecord) => void log.push(record) };
}

const people = ['ada', 'bob', 'eve', 'kim', 'łucja'];
const email = (person: string) => `${person}@example.org`;

describe.each(behaviour)('three sources on $name', ({ open }) => {
  let world: SyncWorld;
  let database: TestDatabase;
  let folder: string;

  afterEach(async () => {
    await world?.close();
    await database?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start() {
    folder = mkdtempSync(join(tmpdir(), 'tributary-three-'));
    const shop = createShop();
    database = await open();
    world = await openSyncWorld(database, {
      connectors: [shop.connector],
      source: { sourceId: { from: 'email', lowerCase: true } },
      sources: {
        shop: { connector: 'shop', sourceId: { from: 'email', lowerCase: true } },
        cards: {
          connector: 'csv',
          path: join(folder, 'cards.csv'),
          recordId: 'Email',
          sourceId: { from: 'Email', lowerCase: true },
          mapping: {
            'address.city': 'City',
            phone: { from: 'Phone', onNull: 'ignore' },
            'metadata.card': 'Card',
          },
        },
      },
      config: {
        merge: {
          default: 'newest',
          fields: { phone: ['cards', 'hubspot'], 'address.city': 'first', 'metadata.*': 'newest' },
        },
      },
    });
    writeCards([]);
    await world.tributary.start();
    return shop;
  }

  function writeCards(
    rows: readonly (readonly [person: string, phone: string, city: string, card: string])[],
  ): void {
    const lines = rows.map(([person, phone, city, card]) => [email(person), phone, city, card].join(';'));
    writeFileSync(join(folder, 'cards.csv'), ['Email;Phone;City;Card', ...lines, ''].join('\n'));
  }

  /** Reads the sources in this order. */
  async function read(...sources: string[]): Promise<void> {
    for (const source of sources) await world.sync('incremental', source);
  }

  const held = (person: string) => {
    const customer = world.voucherify.bySourceId(email(person));
    return (
      customer && {
        phone: customer.phone ?? null,
        city: customer.address?.['city'] ?? null,
        email: customer.email ?? null,
        metadata: customer.metadata ?? {},
      }
    );
  };

  it('takes each field from the source that the rules name, and the last value of a source that goes silent', async () => {
    const shop = await start();
    const ada = world.hubspot.create({
      firstname: 'Ada',
      email: 'Ada@Example.org',
      phone: 'hubspot',
      city: '',
    });
    shop.say({
      recordId: 's1',
      changedAt: world.clock.now(),
      body: { email: email('ada'), phone: 'shop', town: 'Lyon', orders: 3 },
    });
    writeCards([['ada', 'cards', '', 'gold']]);
    await read('shop', 'cards', 'hubspot');
    expect(held('ada')).toMatchObject({
      phone: 'cards',
      city: 'Lyon',
      metadata: { card: 'gold', orders: 3 },
    });

    writeCards([['ada', '', 'Porto', 'silver']]); // says nothing of the phone now, so that what it said before stands
    await read('cards');
    expect(held('ada')).toMatchObject({
      phone: 'cards',
      city: 'Lyon',
      metadata: { card: 'silver', orders: 3 },
    });

    shop.say({ recordId: 's1', changedAt: world.clock.now(), deleted: true, body: {} });
    world.hubspot.archive(ada);
    await read('shop');
    await world.sync('full', 'hubspot');
    expect(held('ada')).toMatchObject({ city: 'Porto', metadata: { card: 'silver' } });
    expect(held('ada')?.metadata['orders'] ?? null).toBeNull();
  });

  it('gives the same customers in whatever order the sources are read', async () => {
    const random = randomOf(11);
    const outcomes: unknown[] = [];
    for (const order of [
      ['hubspot', 'shop', 'cards'],
      ['cards', 'shop', 'hubspot'],
      ['shop', 'hubspot', 'cards'],
    ]) {
      const shop = await start();
      const at = world.clock.now();
      for (const [index, person] of people.entries()) {
        world.hubspot.create(
          { firstname: person, email: email(person), phone: index % 2 ? `h${index}` : '', city: 'Kraków' },
          at - 1000 * index,
        );
        for (let version = 2; version > 0; version -= 1) {
          const body: { [key: string]: Json } = {
            email: email(person),
            phone: `s${version}`,
            town: version === 2 ? null : 'Leeds',
            orders: version,
          };
          shop.say({ recordId: `s-${person}`, changedAt: at - 5000 - version, body }); // the newer version comes last here, and first below
        }
        shop.say({
          recordId: `s-${person}`,
          changedAt: at - 9000,
          body: { email: email(person), phone: 'stale', town: 'Nowhere', orders: 0 },
        });
      }
      writeCards(people.filter((_, index) => index % 3 === 0).map((person) => [person, '', 'Łódź', 'card']));
      await read(...order);
      if (random() < 0.5) await read(...order);
      outcomes.push(people.map(held));
      if (order[0] !== 'shop') {
        await world.close();
        await database.close();
      }
    }
    for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
    expect(JSON.stringify(outcomes)).not.toContain('stale');
  });

  it('counts two records of one source that claim one customer, and the newer wins', async () => {
    const shop = await start();
    const at = world.clock.now();
    shop.say({ recordId: 'old', changedAt: at - 100, body: { email: email('bob'), phone: '1' } });
    shop.say({ recordId: 'new', changedAt: at, body: { email: ' BOB@example.org ', phone: '2' } });
    await read('shop');
    expect(held('bob')).toMatchObject({ phone: '2' });
    expect(await database.rows(sql`select source_id from customers where clash`)).toHaveLength(1);
  });

  it('lets the customer go on when HubSpot merges two contacts, and separates them again on request', async () => {
    database = await open();
    folder = mkdtempSync(join(tmpdir(), 'tributary-three-'));
    world = await openSyncWorld(database);
    await world.tributary.start();
    const first = world.hubspot.create({ firstname: 'Kim', email: 'kim@example.org' });
    const second = world.hubspot.create({ firstname: 'Kimberly', email: 'kimberly@example.org' });
    await world.sync();
    const survivor = world.hubspot.merge(first, second);
    await world.sync();
    const [record] = await database.rows<{ sourceId: string }>(
      sql`select source_id from records where record_id = ${survivor}`,
    );
    expect([first, second]).toContain(record?.sourceId);
    expect(
      await database.rows(sql`select record_id from records where merged_into = ${survivor}`),
    ).toHaveLength(survivor === first || survivor === second ? 1 : 2);
    expect(world.voucherify.count).toBe(2); // the other one is left, and kept by the default policy
  });
});

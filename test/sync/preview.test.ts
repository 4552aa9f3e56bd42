// What a preview says a new mapping would do, that it does just that when it comes, and that it writes nothing.
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import type { Tributary } from '../../src/app/app.ts';
import type { Fields } from '../../src/connector.ts';
import type { Preview } from '../../src/contract/preview.ts';
import { Rules } from '../../src/sync/intake/rules.ts';
import { preview } from '../../src/sync/preview/preview.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { People, versionsOf } from '../support/people.ts';

const mapping = {
  name: 'name',
  phone: { from: 'phone', as: 'text' },
  'metadata.points': { from: 'points', as: 'number' },
};

const crm = { connector: 'people', account: 'crm', mapping };

describe.each(databases)('a preview on $name', ({ open }) => {
  let database: TestDatabase;
  let people: People;
  let tributary: Tributary;

  async function start(sources: object = { crm }, more: object = {}, count = 30): Promise<void> {
    database = await open();
    people = new People(database);
    people.seed('crm', count);
    tributary = await people.start(sources, more);
    await people.run('crm');
  }

  afterEach(async () => {
    await people?.stop();
    await database?.close();
  });

  const look = (
    sources: object,
    options: Partial<Parameters<typeof preview>[1]> = {},
    more: object = {},
  ): Promise<Preview> =>
    preview(database, {
      present: tributary.rules,
      proposed: new Rules(people.config(sources, more), tributary.rules.schema),
      sending: tributary.sending,
      ...options,
    });

  const customers = async () =>
    new Map(
      (
        await database.rows<{ sourceId: string; fields: Fields }>(
          sql`select source_id as "sourceId", fields from customers order by 1`,
        )
      ).map(({ sourceId, fields }) => [sourceId, fields]),
    );

  it('of the present mapping shows no difference, and of any other writes nothing', async () => {
    await start();
    const before = await versionsOf(database);
    expect(await look({ crm })).toMatchObject({ differs: false, summary: 'No customer would change.' });
    const other = await look({ crm: { ...crm, mapping: { name: 'other' }, filter: { plan: 'silver' } } });
    expect(other.differs).toBe(true);
    expect(await versionsOf(database)).toEqual(before);
  });

  it('groups what would be set, changed, cleared and dropped, with samples and a sentence', async () => {
    await start();
    const { phone, ...rest } = mapping;
    const report = await look(
      { crm: { ...crm, mapping: { ...rest, name: 'other', 'metadata.plan': 'id' } } },
      { samples: 2 },
    );
    const group = (field: string) => report.fields.find((entry) => entry.field === field);
    expect(group('name')?.set).toMatchObject({ count: 0 });
    // `other` was never asked for, so no body has it: the name is spoken of no more.
    expect(group('name')?.dropped).toEqual({
      count: 30,
      samples: [
        { sourceId: 'p000000', from: 'Person 0' },
        { sourceId: 'p000001', from: 'Person 1' },
      ],
    });
    expect(group('phone')?.dropped.count).toBe(30);
    expect(group('metadata.plan')?.set).toMatchObject({
      count: 30,
      samples: [{ sourceId: 'p000000', to: 'p000000' }, {}],
    });
    expect(report.summary).toBe('30 customers gain metadata.plan; 30 lose name; 30 lose phone');
    expect(report.kinds).toEqual([
      {
        sentence: '30 customers: metadata.plan is set, name is dropped, phone is dropped',
        count: 30,
        sourceIds: ['p000000', 'p000001'],
      },
    ]);
    expect(report.unread).toEqual([{ source: 'crm', properties: ['other'] }]);
    expect(report.notes.join()).toContain('full sync');
  });

  it('shows exact payloads and the calls they take', async () => {
    await start();
    const sources = { crm: { ...crm, mapping: { ...mapping, 'metadata.key': 'id' } } };
    const first = await look(sources, { payloads: 2 });
    expect(first.writes).toMatchObject({ customers: 30, calls: { single: 30, bulk: 0, total: 30 } });
    expect(first.writes.payloads).toEqual([
      { sourceId: 'p000000', payload: { source_id: 'p000000', 'metadata.key': 'p000000' } },
      { sourceId: 'p000001', payload: { source_id: 'p000001', 'metadata.key': 'p000001' } },
    ]);
    expect(first.writes.payloadBytes).toBe(30 * JSON.stringify(first.writes.payloads[0]!.payload).length);
    const { sending } = tributary;
    const bulk = await look(sources, {
      payloads: ['p000029'],
      sending: { ...sending, settings: { bulk: true } },
    });
    expect(bulk.writes.calls).toEqual({ single: 0, bulk: 1, reads: 0, total: 1 });
    expect(bulk.writes.payloads.map(({ sourceId }) => sourceId)).toEqual(['p000029']);
  });

  it('sees a filter shut out and let in, and records that would become customers', async () => {
    await start({ crm: { ...crm, filter: { points: ['1', '2', '3'] } } });
    expect((await customers()).size).toBe(3);
    const report = await look({ crm: { ...crm, filter: { points: ['3', '4'] } } });
    expect(report.records.filtered).toMatchObject({ count: 2, samples: [{ sourceId: 'p000001' }, {}] });
    expect(report.records.letIn).toMatchObject({ count: 1, samples: [{ sourceId: 'p000004' }] });
    expect(report.customers).toMatchObject({ created: { count: 1 }, orphaned: { count: 2 }, differing: 2 });
    expect(report.summary).toContain('1 would be a new customer');
  });

  it('says that a sticky source ID stays, and where follow would move it', async () => {
    await start({ crm: { ...crm, extraProperties: ['other'] } });
    const sticky = await look({ crm: { ...crm, extraProperties: ['other'], sourceId: 'other' } });
    expect(sticky.records.staying).toMatchObject({
      count: 30,
      samples: [{ sourceId: 'p000000', to: 'op000000' }, {}, {}, {}, {}],
    });
    expect(sticky).toMatchObject({ differs: false, records: { moved: { count: 0 } } });
    expect(sticky.notes.join()).toContain('sticky');
    const follow = await look({
      crm: { ...crm, extraProperties: ['other'], sourceId: { from: 'other', policy: 'follow' } },
    });
    expect(follow.records.moved).toMatchObject({ count: 30 });
    expect(follow.customers).toMatchObject({ created: { count: 30 }, orphaned: { count: 30 } });
  });

  it('counts values that would fail, keeps their last good value, and counts those that would fail no longer', async () => {
    await start();
    const number = { type: 'number', array: false, required: false, lessThan: 10 } as const;
    const schema = { definedOnly: false, definitions: { points: number } };
    const proposed = new Rules(people.config({ crm }), schema);
    const report = await look({}, { proposed });
    expect(report.faults).toMatchObject([
      { source: 'crm', field: 'metadata.points', newlyFaulty: { count: 20 } },
    ]);
    expect(report.customers.differing).toBe(0);
    expect(report.differs).toBe(true);
    const back = await preview(database, {
      present: proposed,
      proposed: tributary.rules,
      sending: tributary.sending,
    });
    expect(back.faults).toEqual([]);
  });

  it('withdraws what a removed source contributed, and names an added one', async () => {
    await start({
      crm,
      shop: { connector: 'people', account: 'shop', mapping: { 'metadata.shop': 'name' } },
    });
    people.seed('shop', 5);
    await people.run('shop');
    const report = await look({ crm, club: { connector: 'people', account: 'club' } });
    expect(report.sources).toEqual({ added: ['club'], removed: ['shop'] });
    expect(report.fields).toMatchObject([{ field: 'metadata.shop', dropped: { count: 5 } }]);
    expect(report.notes.join()).toContain('club has not been read yet');
  });

  it('shows for every customer what the mapping does when it arrives', async () => {
    const shop = { connector: 'people', account: 'shop', mapping: { name: 'name', email: 'plan' } };
    await start({ crm, shop }, { merge: { fields: { name: ['crm', 'shop'] } } });
    people.seed('shop', 12, 2_000);
    await people.run('shop');
    const next = {
      crm: { ...crm, mapping: { ...mapping, phone: { from: 'points', as: 'text' }, 'metadata.key': 'name' } },
      shop: { ...shop, mapping: { name: 'id' } },
    };
    const merge = { merge: { fields: { name: ['shop', 'crm'] } } };
    const said = await look(next, { payloads: 1000 }, merge);
    const before = await customers();
    people.taken.length = 0;
    tributary = await people.start(next, merge);
    await people.rest();
    const after = await customers();
    const differing = [...after].filter(
      ([id, fields]) => JSON.stringify(fields) !== JSON.stringify(before.get(id)),
    );
    expect(said.customers.differing).toBe(differing.length);
    expect((await look(next, {}, merge)).differs).toBe(false);
    const sent = new Map<string, object>();
    for (const { sourceId, payload } of people.taken)
      sent.set(sourceId, { ...sent.get(sourceId), ...payload });
    expect([...sent].toSorted()).toEqual(
      said.writes.payloads.map(({ sourceId, payload }) => [sourceId, payload]).toSorted(),
    );
  });

  it('reads more customers than one page holds', async () => {
    await start({ crm }, {}, 1_100);
    const report = await look({ crm: { ...crm, mapping: { ...mapping, name: 'id' } } });
    expect(report.customers).toMatchObject({ looked: 1_100, differing: 1_100 });
    expect(report.summary).toBe('1,100 customers: name changes');
  });
});

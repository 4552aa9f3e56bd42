// What the configuration names changes under a database that is in use: another project, a source that is renamed or gone.
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Tributary } from '../../src/app/app.ts';
import type { Fields } from '../../src/connector.ts';
import { describeVanished } from '../../src/sync/pull/vanished.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { People } from '../support/people.ts';

const mapping = { name: 'name', phone: { from: 'phone', as: 'text' }, 'metadata.plan': 'plan' };

const crm = { connector: 'people', account: 'crm', mapping };

const shop = { connector: 'people', account: 'shop', mapping: { 'metadata.shop': 'other' } };

describe.each(behaviour)('a configuration that names something else, on $name', ({ open }) => {
  let database: TestDatabase;
  let people: People;
  let tributary: Tributary;

  beforeEach(async () => {
    database = await open();
    people = new People(database);
  });
  afterEach(async () => {
    await people.stop();
    await database.close();
  });

  const start = async (sources: object, more: object = {}) => {
    tributary = await people.start(sources, more);
  };
  const fieldsOf = async (sourceId: string) =>
    (
      await database.rows<{ fields: Fields }>(sql`select fields from customers where source_id = ${sourceId}`)
    )[0]?.fields;
  const said = () => people.log.join('');
  const states = async () => {
    const rows = await database.rows<{ state: string; count: number }>(
      sql`select state, count(*)::int as count from deliveries group by state`,
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  };

  describe('25-a-source-is-renamed', () => {
    beforeEach(async () => {
      people.seed('crm', 30);
      people.seed('shop', 5);
      await start({ crm, shop });
      await people.run('crm');
      await people.run('shop');
      people.taken.length = 0;
    });

    it('25-a-source-is-renamed: a source that is not configured any more withdraws nothing, and a warning names it', async () => {
      await start({ shop });
      await people.rest();
      expect(people.taken).toEqual([]);
      expect(await fieldsOf('p000001')).toMatchObject({ name: 'Person 1', 'metadata.plan': 'gold' });
      expect(said()).toContain('no longer names the source crm, which has contributed to 30 customers');
      expect(said()).toContain('name, phone, metadata.plan');
      expect(said()).toContain('tributary sources withdraw crm');
      expect(await describeVanished(database, tributary.rules)).toMatchObject([
        { name: 'crm', records: 30, customers: 30, frozen: false },
      ]);
      // Another source goes on with the same customers, beside what stands.
      people.vendor('shop').people[1]!.body['other'] = 'new';
      people.vendor('shop').people[1]!.changedAt = 2_000;
      await people.run('shop');
      expect(people.taken).toEqual([
        { sourceId: 'p000001', payload: { source_id: 'p000001', 'metadata.shop': 'new' } },
      ]);
      expect(await fieldsOf('p000001')).toMatchObject({ name: 'Person 1', 'metadata.shop': 'new' });
    });

    it('25-a-source-is-renamed: renamedFrom takes everything over, and nothing is sent', async () => {
      await start({ 'crm-eu': { ...crm, renamedFrom: 'crm' }, shop });
      await people.rest();
      expect(people.taken).toEqual([]);
      expect(said()).not.toContain('no longer names the source');
      const pulled = await people.run('crm-eu');
      expect(pulled.received).toBe(0);
      people.vendor('crm').people[2]!.body['name'] = 'Renamed';
      people.vendor('crm').people[2]!.changedAt = 2_000;
      await people.run('crm-eu');
      expect(people.taken).toEqual([
        { sourceId: 'p000002', payload: { source_id: 'p000002', name: 'Renamed' } },
      ]);
      // The word may stay in the configuration.
      await start({ 'crm-eu': { ...crm, renamedFrom: 'crm' }, shop });
      await people.rest();
      expect(await fieldsOf('p000001')).toMatchObject({ name: 'Person 1' });
    });

    it('25-a-source-is-renamed: names that move on from source to source take everything over, and nothing is sent', async () => {
      const shifted = {
        crm: { ...shop, renamedFrom: 'shop' },
        'crm-eu': { ...crm, renamedFrom: 'crm' },
      };
      await start(shifted);
      await people.rest();
      expect(people.taken).toEqual([]);
      for (const source of ['crm', 'crm-eu']) expect(await people.run(source)).toMatchObject({ received: 0 });
      // The words may stay in the configuration, also when a name is used again.
      await start({ ...shifted, shop: { ...shop, account: 'other' } });
      await people.rest();
      expect(people.taken).toEqual([]);
      expect(await fieldsOf('p000001')).toMatchObject({ name: 'Person 1', 'metadata.shop': 'op000001' });
    });

    it('25-a-source-is-renamed: names that are swapped are refused, as nothing tells whether that was done', () => {
      const swapped = { crm: { ...shop, renamedFrom: 'shop' }, shop: { ...crm, renamedFrom: 'crm' } };
      expect(() => people.config(swapped)).toThrow('a third name');
    });

    it('25-a-source-is-renamed: a former name that never was is told, until the source has records of its own', async () => {
      const told = 'nothing is stored of the source that renamedFrom names';
      const renamed = { 'crm-eu': { ...crm, renamedFrom: 'cmr' }, crm, shop };
      await start(renamed);
      expect(said()).toContain(told);
      await people.run('crm-eu');
      people.log.length = 0;
      await start(renamed);
      expect(said()).not.toContain(told);
    });

    it('25-a-source-is-renamed: a new name without renamedFrom loses nothing either', async () => {
      await start({ 'crm-eu': crm, shop });
      await people.run('crm-eu');
      expect(await fieldsOf('p000001')).toMatchObject({ name: 'Person 1', phone: '+48600000001' });
      expect(people.taken.flatMap(({ payload }) => Object.values(payload))).not.toContain(null);
    });

    it('25-a-source-is-renamed: a person withdraws it, behind the breaker', async () => {
      await start({ shop }, { breaker: { blanked: { share: 0.2, count: 10_000 } } });
      expect(await tributary.withdraw('nobody')).toBe(false);
      expect(await tributary.withdraw('shop')).toBe(false);
      expect(await tributary.withdraw('crm')).toBe(true);
      const isDecided = async () => {
        const { held = 0, waiting = 0 } = await states();
        return held > 0 && waiting === 0;
      };
      while (!(await isDecided())) await people.clock.sleep(100);
      const { held = 0, delivered = 0 } = await states();
      expect(held).toBeGreaterThanOrEqual(20);
      expect(held + delivered).toBe(30);
      expect(await describeVanished(database, tributary.rules)).toEqual([]);
    });

    it('25-a-source-is-renamed: it returns to what it was', async () => {
      await start({ shop });
      await start({ crm, shop });
      await people.run('crm');
      expect(people.taken).toEqual([]);
      expect(await describeVanished(database, tributary.rules)).toEqual([]);
    });

    it('keeps customers as they are whose source was mapped by functions', async () => {
      await database.rows(sql`update mappings set definition = null where source = 'crm'`);
      await start({ shop });
      people.vendor('shop').people[1]!.body['other'] = 'new';
      people.vendor('shop').people[1]!.changedAt = 2_000;
      await people.run('shop');
      expect(people.taken).toEqual([]);
      expect(said()).toContain(
        'these customers stay as they are and other sources do not change them either',
      );
      await start({ shop }, { removedSources: ['crm'], breaker: { blanked: { share: 1, count: 1e6 } } });
      await people.rest();
      expect(await fieldsOf('p000001')).toEqual({ 'metadata.shop': 'new' });
    });
  });

  describe('24-another-project', () => {
    const project = (name: string) => ({ destination: { connector: 'memory', project: name } });
    beforeEach(async () => {
      people.seed('crm', 20);
      await start({ crm }, project('one'));
      await people.run('crm');
      people.taken.length = 0;
      people.vendor('crm').people[1]!.body['name'] = 'Changed';
      people.vendor('crm').people[1]!.changedAt = 2_000;
    });

    const changed = async () => {
      const run = await tributary.request({
        source: 'crm',
        mode: 'incremental',
        trigger: 'manual',
        lane: 'manual',
      });
      const isRead = async () =>
        (await database.rows(sql`select 1 from runs where id = ${run!.id} and state = 'finished'`)).length >
        0;
      while (!(await isRead())) await people.clock.sleep(100);
      await people.clock.sleep(2_000);
    };

    it('24-another-project: nothing is sent to a project that lacks what was acknowledged, until a person decides', async () => {
      await start({ crm }, project('two'));
      await changed();
      expect(people.taken).toEqual([]);
      expect(said()).toMatch(
        /names another project .*5 of 5 customers that were acknowledged do not exist there/,
      );
      expect(tributary.project.doubt).toContain('tributary project --new');
      expect(await tributary.project.decide('new')).toBe(20);
      await people.rest();
      expect(people.project('two').size).toBe(20);
      expect(people.taken.find(({ sourceId }) => sourceId === 'p000001')?.payload).toMatchObject({
        name: 'Changed',
        phone: '+48600000001',
      });
      expect(await tributary.project.decide('new')).toBeNull();
      people.taken.length = 0;
      await start({ crm }, project('two'));
      await people.rest();
      expect(people.taken).toEqual([]);
    });

    it('24-another-project: the same customers at a new address are the same project', async () => {
      for (const id of people.project('one')) people.project('moved').add(id);
      await start({ crm }, project('moved'));
      await people.run('crm');
      expect(people.taken).toEqual([
        { sourceId: 'p000001', payload: { source_id: 'p000001', name: 'Changed' } },
      ]);
      expect(tributary.project.doubt).toBeNull();
    });

    it('24-another-project: a person says that it is the same, and only what changed is sent', async () => {
      await start({ crm }, project('two'));
      await changed();
      expect(await tributary.project.decide('same')).toBe(0);
      await people.rest();
      expect(people.taken.map(({ sourceId }) => sourceId)).toEqual(['p000001']);
    });

    it('24-another-project: back at the previous project, everything continues', async () => {
      await start({ crm }, project('two'));
      await changed();
      await start({ crm }, project('one'));
      await people.rest();
      expect(people.taken.map(({ sourceId }) => sourceId)).toEqual(['p000001']);
    });
  });
});

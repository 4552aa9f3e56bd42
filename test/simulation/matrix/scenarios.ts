// What a worker may die in the middle of. Each scenario takes place again and again in one world, about other people each time, so
// that what one death has spoilt the later ones find. It does not know when the worker dies.
import { type Choices, salesforceOrigin } from './configuration.ts';
import type { World } from './world.ts';

export interface Scenario {
  name: string;
  choices?: Choices;
  /** Each time with an empty database, and a worker that may die from its first statement on. */
  isFresh?: true;
  /** The next worker is the one that may die: `act` has the present one stopped. */
  isOfNext?: true;
  /** So often at most is one customer written for one change, the death counted in. Default: 2. */
  maxWrites?: number;
  /** Before anything is started. */
  begin(world: World): void;
  /** What the worker is to be able to do, with no death in it. Everything comes to rest after it. */
  prepare?(world: World, round: number): Promise<void> | void;
  act(world: World, round: number): Promise<void> | void;
  /** What does not hold when everything has come to rest, beyond what must hold of every scenario. */
  faults?(world: World, round: number): Promise<string[]> | string[];
}

const minuteMs = 60_000;

/** More would go in bulk. */
const few = 3;
/** So many go in bulk. */
const many = 30;

const syncs = (world: World, source = 'hubspot', mode: 'incremental' | 'full' = 'incremental') =>
  world.asks('POST', `/api/sources/${source}/sync`, { mode });

/** Somebody of those who are there, another one each time. */
const contact = ({ vendors }: World, round: number): string => {
  const { contacts } = vendors;
  return contacts[round % contacts.length]!;
};

function change({ vendors: { hubspot, contacts } }: World, count: number, round: number): void {
  for (let index = 0; index < count; index += 1)
    hubspot.update(contacts[(round + index) % contacts.length]!, {
      loyalty_points: String(1_000 + round),
      city: `City ${round}`,
    });
}

const seeded =
  (contacts: number) =>
  ({ vendors }: World): void => {
    vendors.hubspot.seed(contacts, 3);
    vendors.hubspotKeepsQuiet();
  };

/** Whoever looks after Salesforce signs in where the product says so, and is done when its run is over. */
async function signInWhereAsked({ person, query, vendors }: World): Promise<void> {
  const source = '/api/sources/salesforce';
  for (let look = 0; look < 100; look += 1) {
    await person.pause(minuteMs);
    const paused = await query<{ reason: string }>(`select reason from pauses where name = 'salesforce'`);
    if (paused.rows.some(({ reason }) => reason.includes('Sign in again'))) {
      const redirectUri = 'http://127.0.0.1:8432/callback';
      const begun = await person.asks('POST', `${source}/connect`, { redirectUri });
      const { url, ticket } = begun.body as { url: string; ticket: string };
      const { headers } = await vendors.salesforce.app.request(url.replace(salesforceOrigin, ''));
      const back = new URL(headers.get('location')!).searchParams;
      const answer = { ticket, state: back.get('state'), code: back.get('code') };
      await person.asks('POST', `${source}/connect/finish`, answer);
    }
    const open = await query(`select 1 from runs where source = 'salesforce' and state = 'requested'`);
    if (open.rows.length + paused.rows.length === 0) return;
  }
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'backfill',
    isFresh: true,
    begin: seeded(few),
    act() {},
  },
  {
    name: 'increment',
    begin: seeded(few),
    prepare(world, round) {
      const { hubspot } = world.vendors;
      change(world, 2, round);
      const added = hubspot.create({ firstname: 'New', lastname: String(round), lifecyclestage: 'lead' });
      if (round % 2 === 0) hubspot.archive(added);
      world.vendors.hubspotKeepsQuiet();
    },
    act: (world) => syncs(world),
  },
  {
    name: 'full reading with deletions',
    begin: seeded(few),
    async prepare(world, round) {
      const { hubspot } = world.vendors;
      const id = hubspot.create({ firstname: 'Leaving', lastname: String(round) });
      syncs(world);
      await world.untilRest();
      hubspot.archive(id);
      world.vendors.hubspotKeepsQuiet();
    },
    act: (world) => syncs(world, 'hubspot', 'full'),
  },
  {
    name: 'webhook that carries the record',
    begin: seeded(1),
    act: ({ vendors }, round) => vendors.shopTells(`shop-${round % few}`, round + 1),
  },
  {
    name: 'webhook that names the record, hydrate',
    begin: seeded(few),
    act(world, round) {
      change(world, 1, round);
      world.vendors.hubspotTells();
    },
  },
  {
    name: 'single writes',
    begin: seeded(few),
    act(world, round) {
      change(world, few, round);
      world.vendors.hubspotKeepsQuiet();
      syncs(world);
    },
  },
  {
    name: 'bulk write',
    begin: seeded(many),
    act(world, round) {
      change(world, many, round);
      world.vendors.hubspotKeepsQuiet();
      syncs(world);
    },
  },
  {
    name: 'verification that heals',
    begin: seeded(few),
    async prepare(world, round) {
      const { voucherify } = world.vendors;
      await world.pass(minuteMs * 10);
      const id = contact(world, round);
      if (round % 2 === 0) voucherify.upsert({ source_id: id, name: `Somebody else ${round}` });
      else voucherify.remove(id);
      await world.pass(minuteMs * 10);
    },
    // The difference itself is counted as a write.
    maxWrites: 3,
    act: (world) => world.asks('POST', '/api/verify', { heal: true }),
  },
  {
    name: 'source proof that heals',
    begin: seeded(few),
    async prepare(world, round) {
      const id = contact(world, round);
      await world.pass(minuteMs * 10);
      if (round % 2 === 0) await world.query(`delete from records where record_id = '${id}'`);
      else
        await world.query(
          `update records set changed_at = changed_at - interval '1 day', hash = 'other', body = body || '{"city": "Nowhere"}' where record_id = '${id}'`,
        );
    },
    act: (world) => world.asks('POST', '/api/verify', { heal: true, sources: ['hubspot'], contents: 'all' }),
    async faults(world) {
      const ids = world.vendors.contacts.map((id) => `'${id}'`).join(', ');
      const { rows } = await world.query<{ count: number }>(
        `select count(*)::int as count from records where record_id in (${ids}) and body ->> 'city' is distinct from 'Nowhere'`,
      );
      return rows[0]!.count === few ? [] : [`${few - rows[0]!.count} records are not mended`];
    },
  },
  {
    name: 'erasure',
    begin: seeded(few),
    async prepare(world, round) {
      world.vendors.hubspot.create({ firstname: 'Erased', lastname: String(round) });
      // Whoever was erased must not come back by a change either.
      for (const id of [...world.vendors.erased].slice(-2))
        world.vendors.hubspot.update(id, { city: `City ${round}` });
      world.vendors.hubspotKeepsQuiet();
      syncs(world);
      await world.untilRest();
    },
    act(world) {
      const id = world.vendors.contacts.findLast((one) => !world.vendors.erased.has(one))!;
      world.vendors.erased.add(id);
      world.asks('DELETE', `/api/customers/${id}`);
    },
    async faults(world) {
      const { vendors } = world;
      const { rows } = await world.query<{ fault: string }>(`
        select 'an erasure has not ended: ' || answers::text as fault from erasures where ended_at is null
        union all select 'a record of somebody who was erased is kept: ' || record_id from records
        where source_id is not null and source_id not in (select source_id from customers)`);
      const back = [...vendors.erased].filter((id) => vendors.voucherify.bySourceId(id));
      return [...rows.map(({ fault }) => fault), ...back.map((id) => `${id} was erased and is there`)];
    },
  },
  {
    name: 're-map',
    isOfNext: true,
    begin: seeded(few),
    act: (world, round) => world.reconfigure({ isMappedTwice: round % 2 === 0 }),
  },
  {
    name: 'write-back',
    choices: { writesBack: true },
    begin: seeded(few),
    act: (world, round) => world.vendors.voucherify.setFacts(contact(world, round), { points: 100 + round }),
    faults: (world, round) => {
      const id = contact(world, round);
      const points = world.vendors.hubspot.get(id)?.properties['vf_points'];
      return Number(points) === 100 + round ? [] : [`contact ${id} has ${points} points, not ${100 + round}`];
    },
  },
  {
    name: 'token refresh, refresh tokens good once',
    choices: { hasSalesforce: true },
    begin(world) {
      seeded(few)(world);
      world.vendors.salesforce.org.create({ FirstName: 'Sal', Email: 'sal@example.com' });
    },
    act(world, round) {
      const { org, oauth } = world.vendors.salesforce;
      oauth!.expireAll();
      org.change(org.ids()[0]!, { FirstName: `Sal ${round}` });
      syncs(world, 'salesforce');
      world.person.does(() => signInWhereAsked(world));
    },
    faults: ({ vendors }) =>
      vendors.salesforce.oauth!.state.reused === 0 ? [] : ['a refresh token was sent after it was used'],
  },
  {
    name: 'undo',
    begin: seeded(few),
    async prepare(world, round) {
      const id = contact(world, round);
      world.vendors.instead.delete(id);
      world.vendors.hubspot.update(id, { city: `Before ${round}` });
      syncs(world);
      await world.untilRest();
      world.vendors.hubspot.update(id, { city: `After ${round}` });
      world.vendors.hubspotKeepsQuiet();
      syncs(world);
      await world.untilRest();
    },
    async act(world, round) {
      world.vendors.instead.set(contact(world, round), { city: `Before ${round}` });
      const { rows } = await world.query<{ id: number }>('select max(id)::int as id from runs');
      world.asks('POST', `/api/runs/${rows[0]!.id}/undo`);
    },
  },
];

// Cases that recorded traffic of Klaviyo, Mailchimp, Segment, Braze and Iterable has shown, end to end: the vendor simulated,
// a run or a webhook, and what Voucherify then holds. See README.md beside this file.

import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { type BrazeOptions, BrazeSimulator } from '../../simulators/braze.ts';
import { type IterableOptions, IterableSimulator } from '../../simulators/iterable.ts';
import { createKlaviyoSimulator, type KlaviyoOptions } from '../../simulators/klaviyo.ts';
import type { MailchimpOptions } from '../../simulators/mailchimp/options.ts';
import { MailchimpSimulator } from '../../simulators/mailchimp.ts';
import { type SegmentOptions, SegmentSimulator } from '../../simulators/segment.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { VendorWorld } from '../support/vendor-world.ts';

let opened: VendorWorld | undefined;

afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

type Settings = { [name: string]: unknown };

const hour = 3_600_000;

async function open(clock: FastClock, app: Hono | null, source: Settings): Promise<VendorWorld> {
  opened = await VendorWorld.open(clock, app, source);
  return opened;
}

const page = (status: number) =>
  new Response('<html><title>Access Denied</title></html>', {
    status,
    headers: { 'content-type': 'text/html' },
  });

const cut = () =>
  new Response('{"data":[{"type":"profile","id":"01J', { headers: { 'content-type': 'application/json' } });

describe('Klaviyo', () => {
  const apiKey = 'pk_secret0a1b2c3d4e5f';

  async function start(settings: Settings = {}, options: KlaviyoOptions = {}) {
    const clock = new FastClock();
    const klaviyo = createKlaviyoSimulator({ now: () => clock.now(), apiKey, quotas: false, ...options });
    const world = await open(clock, klaviyo.app, { connector: 'klaviyo', apiKey, ...settings });
    return { world, klaviyo, clock };
  }

  it('klaviyo-anonymous-is-no-customer: a visitor is filtered, by ID too, until it is known', async () => {
    const { world, klaviyo, clock } = await start({ sourceId: 'id' });
    const visitor = klaviyo.create({ anonymous_id: 'a1b2c3d4-0000', properties: { $source: -6 } });
    const known = klaviyo.create({ email: 'ona@example.org' });
    expect(await world.sync()).toMatchObject({ changed: 1, filtered: 1, rejected: 0 });
    expect(await world.read(visitor)).toMatchObject({ changed: 0 });
    expect(world.ids).toEqual([known]);
    clock.skip(hour);
    klaviyo.update(visitor, { phone_number: '+48600100200' });
    await world.sync('incremental');
    expect(world.ids).toEqual([known, visitor].sort());
    expect(await world.deadLetters()).toBe(0);
  });

  it('klaviyo-anonymous-is-no-customer: with anonymous true visitors are taken', async () => {
    const { world, klaviyo } = await start({ sourceId: 'id', anonymous: true });
    const visitor = klaviyo.create({ first_name: 'Visitor' });
    await world.sync();
    expect(world.ids).toEqual([visitor]);
  });

  it('klaviyo-anonymous-is-no-customer: without an external_id nobody is a customer nor a dead letter, and none sticks', async () => {
    const { world, klaviyo, clock } = await start();
    const ona = klaviyo.create({ email: 'ona@example.org' });
    expect(await world.sync()).toMatchObject({ filtered: 1, rejected: 0 });
    clock.skip(hour);
    klaviyo.update(ona, { external_id: 'shop-42' });
    await world.sync('incremental');
    expect(world.ids).toEqual(['shop-42']);
    expect(await world.deadLetters()).toBe(0);
  });

  it('klaviyo-removed-property: a property that was removed leaves, and nulls empty what they name', async () => {
    const { world, klaviyo, clock } = await start({
      mapping: {
        name: 'first_name',
        email: 'email',
        'address.city': 'location.city',
        'metadata.plan': 'properties.plan',
        'metadata.erp': 'properties.erp',
      },
    });
    const ona = klaviyo.create({
      external_id: 'shop-42',
      first_name: 'Ona',
      email: 'ona@example.org',
      location: { city: 'Lund' },
      properties: { plan: 'gold', erp: 'x-1' },
    });
    await world.sync();
    expect(world.customers()['shop-42']).toMatchObject({
      name: 'Ona',
      metadata: { plan: 'gold', erp: 'x-1' },
    });
    clock.skip(hour);
    klaviyo.update(ona, { properties: { erp: 'x-1' }, location: {} });
    await world.sync('incremental');
    const { name, email, metadata, address } = world.customers()['shop-42']!;
    expect([name, email, metadata?.['plan'] ?? null, metadata?.['erp']]).toEqual([
      'Ona',
      'ona@example.org',
      null,
      'x-1',
    ]);
    expect(address?.['city'] ?? null).toBeNull();
  });

  it('klaviyo-page-that-expired: changes go on behind what was read, and a full reading begins again', async () => {
    const { world, klaviyo, clock } = await start({
      sourceId: 'id',
      mapping: { name: 'first_name', email: 'email' },
    });
    for (let index = 0; index < 250; index += 1)
      klaviyo.create({ email: `p${index}@example.org` }, clock.now() - 2 * hour);
    const refused = () =>
      Response.json(
        {
          errors: [
            { status: 400, code: 'invalid', title: 'Invalid input.', detail: 'Invalid cursor provided.' },
          ],
        },
        { status: 400 },
      );
    let expiries = 1;
    klaviyo.faults = (request) => {
      const isLater = new URL(request.url).searchParams.has('page[cursor]');
      if (!isLater || expiries === 0) return undefined;
      expiries -= 1;
      return refused();
    };
    expect(await world.sync()).toMatchObject({ state: 'finished' });
    expect(world.ids).toHaveLength(250);
    clock.skip(hour);
    klaviyo.ids().forEach((id, index) => {
      klaviyo.update(id, { first_name: 'again' }, clock.now() - 250_000 + index * 1000);
    });
    expiries = 2;
    expect(await world.sync('incremental')).toMatchObject({ state: 'finished' });
    expect(Object.values(world.customers()).filter(({ name }) => name === 'again')).toHaveLength(250);
  });

  it('klaviyo-hostile-answers: a web page, half a body, a list that ends nowhere and an empty page lose nothing', async () => {
    const { world, klaviyo, clock } = await start({ sourceId: 'id' });
    for (let index = 0; index < 150; index += 1)
      klaviyo.create({ email: `p${index}@example.org` }, clock.now() - hour);
    const answers = [
      () => page(200),
      cut,
      () => Response.json({ data: Array.from({ length: 100 }, () => ({ type: 'profile' })), links: {} }),
      () => page(403),
      () => page(429),
      () => page(503),
    ];
    klaviyo.faults = () => answers.shift()?.();
    expect(await world.sync()).toMatchObject({ state: 'finished', rejected: 0 });
    expect(world.ids).toHaveLength(150);
    // A page of nothing in the middle has a next page all the same.
    const [first, last] = [klaviyo.ids()[0]!, klaviyo.ids().at(-1)!];
    clock.skip(hour);
    klaviyo.update(first, { first_name: 'First' });
    klaviyo.update(last, { first_name: 'Last' });
    let pages = 0;
    klaviyo.faults = (request) => {
      const url = new URL(request.url);
      if (!url.searchParams.has('filter') || url.searchParams.has('page[cursor]')) return undefined;
      pages += 1;
      if (pages > 1) return undefined;
      url.searchParams.set('page[cursor]', Buffer.from(JSON.stringify([['', ''], 9e15])).toString('base64'));
      return Response.json({ data: [], links: { self: request.url, next: url.href } });
    };
    await world.sync('incremental');
    expect([first, last].map((id) => world.customers()[id]?.name)).toEqual(['First', 'Last']);
    expect(await world.deadLetters()).toBe(0);
  });

  it('klaviyo-merged-profile: an old ID is gone, and nobody else is by an answer that names others', async () => {
    const { world, klaviyo, clock } = await start({ sourceId: 'id' });
    const [from, into, other] = ['a', 'b', 'c'].map((name) =>
      klaviyo.create({ email: `${name}@example.org` }),
    );
    await world.sync();
    clock.skip(hour);
    klaviyo.merge(from!, into!);
    klaviyo.faults = (request) =>
      new URL(request.url).searchParams.get('filter')?.startsWith('any(id')
        ? Response.json({ data: [klaviyo.get(other!)], links: { next: null } })
        : undefined;
    expect(await world.read(into!)).toMatchObject({ rejected: 0 });
    klaviyo.faults = undefined;
    await world.sync('full');
    expect(Object.keys(world.customers())).toEqual(expect.arrayContaining([into, other]));
  });
});

describe('Mailchimp', () => {
  const apiKey = '0123456789abcdef0123456789abcdef-us19';
  const listId = 'a1b2c3d4e5';
  const webhookSecret = 'test-secret-0123456789';

  async function start(settings: Settings = {}, options: MailchimpOptions = {}) {
    const clock = new FastClock();
    const mailchimp = new MailchimpSimulator({
      now: () => clock.now(),
      apiKey,
      listId,
      signingSecret: webhookSecret,
      ...options,
    });
    const source = { connector: 'mailchimp', apiKey, listId, webhookSecret, ...settings };
    const world = await open(clock, mailchimp.app, source);
    const told = async () => {
      for (const request of mailchimp.sent()) await world.push(request);
    };
    return { world, mailchimp, clock, told };
  }

  it('mailchimp-status-decides: cleaned, pending and transactional members are customers as statuses says', async () => {
    const { world, mailchimp, clock } = await start({ statuses: ['subscribed', 'unsubscribed'] });
    const ids = (
      ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'transactional', 'archived'] as const
    ).map((status) => mailchimp.create({ email: `${status}@example.org`, status }));
    expect(await world.sync()).toMatchObject({ rejected: 0 });
    expect(world.ids).toEqual(ids.slice(0, 2).sort());
    clock.skip(hour);
    mailchimp.update(ids[3]!, { status: 'subscribed' });
    await world.sync('incremental');
    expect(world.ids).toEqual([ids[0], ids[1], ids[3]].sort());
    expect(await world.deadLetters()).toBe(0);
  });

  it('mailchimp-status-decides: by default all who are there are customers, and archived ones are gone', async () => {
    const { world, mailchimp } = await start();
    const ids = (['cleaned', 'pending', 'transactional'] as const).map((status) =>
      mailchimp.create({ email: `${status}@example.org`, status }),
    );
    mailchimp.create({ email: 'gone@example.org', status: 'archived' });
    await world.sync();
    expect(world.ids).toEqual(ids.sort());
  });

  it('mailchimp-changed-address: a new e-mail address, in whatever letter case, keeps one customer', async () => {
    const { world, mailchimp, clock, told } = await start({ sourceId: 'email_address' });
    const ona = mailchimp.create({ email: 'Ona.Falk@Example.org', FNAME: 'Ona' });
    mailchimp.sent();
    await world.sync();
    expect(world.ids).toEqual(['ona.falk@example.org']);
    clock.skip(hour);
    mailchimp.changeEmail(ona, 'ONA@Example.org');
    await told();
    await world.sync('incremental');
    await world.sync('full');
    expect(world.customers()).toMatchObject({
      'ona.falk@example.org': { name: 'Ona', email: 'ona@example.org' },
    });
    expect(world.ids).toHaveLength(1);
    // The address that is free now is somebody else's, who is another customer.
    clock.skip(hour);
    mailchimp.create({ email: 'ona.falk@example.net', FNAME: 'Other' });
    await told();
    expect(world.ids).toHaveLength(2);
    expect(await world.deadLetters()).toBe(0);
  });

  it('mailchimp-address-text-or-object: an empty text empties every part, by pull and after a webhook', async () => {
    const { world, mailchimp, clock, told } = await start();
    const kai = mailchimp.create({
      email: 'kai@example.org',
      FNAME: 'Kai',
      ADDRESS: { addr1: 'Storgatan 1', addr2: '', city: 'Lund', state: '', zip: '22100', country: 'SE' },
    });
    mailchimp.sent();
    await world.sync();
    const address = () =>
      Object.values(world.customers()[kai]!.address ?? {}).filter((part) => part !== null && part !== '');
    expect(address().sort()).toEqual(['22100', 'Lund', 'SE', 'Storgatan 1']);
    clock.skip(hour);
    mailchimp.update(kai, {
      ADDRESS: { addr1: 'Storgatan 1', addr2: '', city: 'Malmö', state: '', zip: '', country: 'SE' },
    });
    await told();
    expect(address().sort()).toEqual(['Malmö', 'SE', 'Storgatan 1']);
    clock.skip(hour);
    mailchimp.update(kai, { ADDRESS: '' });
    await world.sync('incremental');
    expect(address()).toEqual([]);
    expect(world.customers()[kai]).toMatchObject({ name: 'Kai', email: 'kai@example.org' });
  });

  it('mailchimp-address-text-or-object: a whole address with line breaks in its first line is one line', async () => {
    const { world, mailchimp } = await start();
    const kai = mailchimp.create({
      email: 'kai@example.org',
      ADDRESS: {
        addr1: 'Kai Lind\r\nStorgatan 1\n221 00 Lund',
        addr2: '',
        city: '',
        state: '',
        zip: '',
        country: '',
      },
    });
    await world.sync();
    expect(world.customers()[kai]!.address?.['line_1']).toBe('Kai Lind, Storgatan 1, 221 00 Lund');
  });

  it('mailchimp-removed-merge-field: one that the audience has no more leaves, and a standard field stays', async () => {
    const { world, mailchimp } = await start({
      mapping: { name: 'full_name', email: 'email_address', 'metadata.tier': 'merge_fields.TIER' },
    });
    const ona = mailchimp.create({ email: 'ona@example.org', FNAME: 'Ona', merges: { TIER: 'gold' } });
    await world.sync();
    expect(world.customers()[ona]).toMatchObject({ metadata: { tier: 'gold' } });
    // Its members do not change by that: only a full reading shows it, at the same second.
    mailchimp.removeMergeField('TIER');
    await world.sync('full');
    expect(world.customers()[ona]!.metadata?.['tier'] ?? null).toBeNull();
    expect(world.customers()[ona]).toMatchObject({ name: 'Ona', email: 'ona@example.org' });
  });

  it('mailchimp-birthday-has-no-year: a day of the year is not a birthdate, and costs nobody else anything', async () => {
    const { world, mailchimp } = await start({
      mapping: {
        email: 'email_address',
        birthdate: 'merge_fields.BIRTHDAY',
        'metadata.birthday': 'merge_fields.BIRTHDAY',
        'metadata.loyalty_id': 'merge_fields.LOYALTY',
      },
    });
    const [ona, kai] = ['ona', 'kai'].map((name, index) =>
      mailchimp.create({
        email: `${name}@example.org`,
        merges: { BIRTHDAY: index === 0 ? '05/12' : '1990-05-12', LOYALTY: '9007199254740993123' },
      }),
    );
    expect(await world.sync()).toMatchObject({ rejected: 0 });
    expect(world.customers()[ona!]!.birthdate ?? null).toBeNull();
    expect(world.customers()[ona!]).toMatchObject({
      email: 'ona@example.org',
      metadata: { birthday: '05/12', loyalty_id: '9007199254740993123' },
    });
    expect(world.customers()[kai!]).toMatchObject({ birthdate: '1990-05-12' });
  });

  it('mailchimp-changes-within-a-second: the state that was read later stands', async () => {
    const { world, mailchimp, clock } = await start();
    const second = Math.floor(clock.now() / 1000) * 1000;
    const ona = mailchimp.create({ email: 'ona@example.org', FNAME: 'Ona' }, second);
    await world.sync();
    mailchimp.update(ona, { FNAME: 'Una' }, second);
    await world.sync('incremental');
    expect(world.customers()[ona]).toMatchObject({ name: 'Una' });
    mailchimp.update(ona, { FNAME: 'Ena' }, second);
    await world.sync('full');
    expect(world.customers()[ona]).toMatchObject({ name: 'Ena' });
  });

  it('mailchimp-hostile-answers: web pages, 429 without a header, half a body and an empty page lose nothing', async () => {
    const { world, mailchimp } = await start();
    mailchimp.seed(1200);
    const problem = {
      type: 'https://mailchimp.com/developer/marketing/docs/errors/',
      title: 'Too Many Requests',
    };
    const answers = [
      () => page(403),
      () => page(429),
      () => Response.json({ ...problem, status: 429 }, { status: 429 }),
      () => page(200),
      cut,
      () => Response.json({ members: [], total_items: 1200 }),
      () => Response.json({ message: 'no route' }, { status: 404 }),
    ];
    mailchimp.faults = () => answers.shift()?.();
    expect(await world.sync()).toMatchObject({ state: 'finished', rejected: 0 });
    expect(world.ids).toHaveLength(1200);
    expect(await world.deadLetters()).toBe(0);
  });

  it('mailchimp-hostile-answers: what is not Mailchimp’s own word says of nobody that they are gone', async () => {
    const { world, mailchimp, clock, told } = await start();
    const ona = mailchimp.create({ email: 'ona@example.org', FNAME: 'Ona' });
    mailchimp.sent();
    await world.sync();
    clock.skip(hour);
    mailchimp.update(ona, { FNAME: 'Una' });
    const answers = [
      () => page(200),
      () => page(404),
      () => Response.json({ message: 'no Route matched with those values' }, { status: 404 }),
      () => Response.json({}),
      () => Response.json({ id: createHash('md5').update('other').digest('hex'), contact_id: 'other' }),
    ];
    mailchimp.faults = (request) => (/members\//.test(request.url) ? answers.shift()?.() : undefined);
    await told();
    await until(() => answers.length === 0);
    // Others could be read at the same time, so that this member waits as one that is itself to blame.
    await until(() => world.customers()[ona]?.name === 'Una');
    expect(world.ids).toHaveLength(1);
    expect(await world.deadLetters()).toBe(0);
  });
});

describe('Segment', () => {
  const bearerToken = 'a-token-of-your-own';
  const headers = { Authorization: `Bearer ${bearerToken}` };

  async function start(options: Partial<SegmentOptions> = {}, settings: Settings = {}) {
    const clock = new FastClock();
    const segment = new SegmentSimulator({
      now: () => clock.now(),
      url: 'https://sync.example.com/webhooks/vendor',
      headers,
      ...options,
    });
    const world = await open(clock, null, {
      connector: 'segment',
      bearerToken,
      mapping: {
        email: 'email',
        'metadata.plan': 'plan',
        'metadata.points': { from: 'points', as: 'number' },
      },
      ...settings,
    });
    const told = async () => {
      for (const request of segment.take()) await world.push(request);
    };
    return { world, segment, clock, told };
  }

  it('segment-anonymous-is-no-customer: calls without a userId are left out, and none is a dead letter', async () => {
    const { world, segment, told } = await start({ batchSize: 10 });
    segment.identify(null, { email: 'nobody@example.org' });
    segment.identify('', { email: 'empty@example.org' });
    segment.group(null, 'g1', { name: 'Group' });
    segment.identify('u-1', { email: 'ona@example.org' });
    await told();
    expect(world.ids).toEqual(['u-1']);
    expect(await world.deadLetters()).toBe(0);
  });

  it('segment-extensible-batch-is-wrapped: a signed batch of wrapped calls, with its header, is read', async () => {
    const { world, segment, told } = await start(
      { destination: 'extensible', batchSize: 3, sharedSecret: 'a shared secret of ours' },
      { webhookSecret: 'a shared secret of ours' },
    );
    for (const id of ['u-1', 'u-2', 'u-3', 'u-4']) segment.identify(id, { email: `${id}@example.org` });
    await told();
    expect(world.ids).toEqual(['u-1', 'u-2', 'u-3', 'u-4']);
  });

  it('segment-batches-formed-anew: a flood of one-trait calls, late, doubled and in other batches, ends at the newest', async () => {
    const { world, segment, told, clock } = await start({ batchSize: 4 });
    const calls = Array.from({ length: 12 }, (_, index) =>
      segment.identify('u-1', index % 2 ? { points: index } : { plan: `plan ${index}` }, {
        timestamp: new Date(clock.now() - 60_000 + index * 10).toISOString(),
      }),
    );
    await told();
    for (const request of segment.requests([...calls].reverse())) await world.push(request);
    for (const request of segment.requests(calls.slice(0, 3))) await world.push(request);
    expect(world.customers()['u-1']).toMatchObject({ metadata: { plan: 'plan 10', points: 11 } });
  });

  it('segment-removed-trait: null takes a trait out, an absent one stays, delete takes the user', async () => {
    const { world, segment, told, clock } = await start();
    segment.identify('u-1', { email: 'ona@example.org', plan: 'gold' });
    segment.identify('u-2', { email: 'kai@example.org' });
    await told();
    clock.skip(60_000);
    segment.identify('u-1', { plan: null });
    await told();
    expect(world.customers()['u-1']).toMatchObject({ email: 'ona@example.org' });
    expect(world.customers()['u-1']!.metadata?.['plan'] ?? null).toBeNull();
    clock.skip(60_000);
    segment.delete('u-2');
    await told();
    expect(await world.standing()).toEqual(['u-1']);
    expect(await world.deadLetters()).toBe(0);
  });

  it('segment-numbers-beyond-2-53: a userId that is a large number keeps its digits', async () => {
    const { world, segment, told } = await start();
    segment.identify('placeholder', { email: 'ona@example.org' });
    const [request] = segment.take();
    const body = new TextDecoder().decode(request!.body).replaceAll('"placeholder"', '9007199254740993123');
    await world.push({ ...request!, body });
    await told();
    expect(world.ids).toEqual(['9007199254740993123']);
  });
});

describe('Braze', () => {
  const apiKey = 'a-key-that-is-secret';
  const webhookToken = 'a-token-that-is-secret';

  async function start(options: BrazeOptions = {}, settings: Settings = {}) {
    const clock = new FastClock(100);
    const braze = new BrazeSimulator({ now: () => clock.now(), apiKey, ...options });
    const world = await open(clock, braze.app, {
      connector: 'braze',
      apiKey,
      webhookToken,
      mapping: {
        email: 'email',
        birthdate: 'dob',
        'metadata.tier': 'tier',
        'metadata.card': 'card',
      },
      ...settings,
    });
    const name = (...ids: string[]) =>
      world.push(
        braze.currents(
          ids.map((id) => braze.event(id, 'users.behaviors.subscription.GlobalStateChange')),
          webhookToken,
        ),
      );
    return { world, braze, clock, name };
  }

  it('braze-visible-later: a profile that was just made is not treated as deleted, nor read in its old state', async () => {
    const { world, braze, name } = await start({ visibleAfterMs: 31_000 });
    const ona = braze.create('shop-1', { email: 'ona@example.org', custom_attributes: { tier: 'gold' } });
    await name(ona);
    expect(world.customers()['shop-1']).toMatchObject({
      email: 'ona@example.org',
      metadata: { tier: 'gold' },
    });
    braze.update(ona, { custom_attributes: { tier: 'silver' } });
    await name(ona);
    expect(world.customers()['shop-1']).toMatchObject({ metadata: { tier: 'silver' } });
    // Deleted and made again: for a while nobody is there, under the same external ID.
    const again = braze.remake(ona, { email: 'ona@example.org', custom_attributes: { tier: 'new' } });
    await name(again);
    expect(world.customers()['shop-1']).toMatchObject({ metadata: { tier: 'new' } });
    expect(world.ids).toEqual(['shop-1']);
    expect(await world.deadLetters()).toBe(0);
  });

  it('braze-removed-attribute: what is absent from an export is empty, and dob is a day whatever its form', async () => {
    const { world, braze, name } = await start();
    const ona = braze.create('shop-1', {
      email: 'ona@example.org',
      dob: '1980-12-21',
      custom_attributes: { tier: 'gold', card: '9007199254740993123' },
    });
    await name(ona);
    expect(world.customers()['shop-1']).toMatchObject({
      birthdate: '1980-12-21',
      metadata: { tier: 'gold', card: '9007199254740993123' },
    });
    braze.update(ona, { custom_attributes: { card: '9007199254740993123' } });
    await name(ona);
    const { email, metadata } = world.customers()['shop-1']!;
    expect([email, metadata?.['tier'] ?? null, metadata?.['card']]).toEqual([
      'ona@example.org',
      null,
      '9007199254740993123',
    ]);
  });

  it('braze-anonymous-is-no-customer: a profile known by an alias alone is ignored', async () => {
    const { world, braze, name } = await start();
    const alias = braze.create(undefined, { user_aliases: [{ alias_label: 'web', alias_name: 'v-1' }] });
    const ona = braze.create('shop-1', { email: 'ona@example.org' });
    await name(alias, ona);
    expect(world.ids).toEqual(['shop-1']);
    expect(await world.deadLetters()).toBe(0);
  });

  it('braze-export-without-ids: profiles whose export leaves the ID out are read one by one', async () => {
    const { world, braze, name } = await start({ omitExternalId: true });
    const ids = ['shop-1', 'shop-2', 'shop-3'].map((id) => braze.create(id, { email: `${id}@example.org` }));
    await name(...ids);
    expect(world.customers()).toMatchObject({
      'shop-1': { email: 'shop-1@example.org' },
      'shop-3': { email: 'shop-3@example.org' },
    });
    expect(await world.deadLetters()).toBe(0);
  });
});

describe('Iterable', () => {
  const apiKey = 'a-key-that-is-secret';
  const webhookToken = 'a-token-that-is-secret';
  const headers = { authorization: webhookToken };

  async function start(options: IterableOptions = {}, settings: Settings = {}) {
    const clock = new FastClock(100);
    const iterable = new IterableSimulator({ now: () => clock.now(), apiKey, quotas: false, ...options });
    const world = await open(clock, iterable.app, {
      connector: 'iterable',
      apiKey,
      webhookToken,
      mapping: {
        name: ['firstName', 'lastName'],
        email: 'email',
        'metadata.tier': 'tier',
        'metadata.signed_up': { from: 'signupDate', as: 'datetime' },
      },
      ...settings,
    });
    const name = (key: string) => world.push(iterable.systemWebhook(key, 'emailSubscribe', { headers }));
    return { world, iterable, clock, name };
  }

  it('iterable-placeholder-is-no-address: a made-up address is not an e-mail address, and not a customer where e-mail is the key', async () => {
    const byUserId = await start();
    const ona = byUserId.iterable.create({ userId: 'u-1' }, { firstName: 'Ona' });
    await byUserId.name(ona);
    expect(byUserId.world.customers()['u-1']).toMatchObject({ name: 'Ona' });
    expect(byUserId.world.customers()['u-1']!.email ?? null).toBeNull();
    await byUserId.world.close();
    const byEmail = await start({}, { key: 'email' });
    await byEmail.name(byEmail.iterable.create({ userId: 'u-2' }, { firstName: 'Kai' }));
    await byEmail.world.read('u-2@placeholder.email');
    expect(byEmail.world.ids).toEqual([]);
    expect(await byEmail.world.deadLetters()).toBe(0);
  });

  it('iterable-letter-case: one address in two letter cases is one record and one customer', async () => {
    const { world, iterable, name } = await start({}, { key: 'email' });
    const ona = iterable.create({ email: 'Ona@Example.org' }, { firstName: 'Ona' });
    await name(ona);
    iterable.update(ona, { firstName: 'Una' });
    const recipe = '{"email":"ONA@example.org","firstName":"{{firstName}}"}';
    await world.push(iterable.journeyWebhook(ona, recipe, headers));
    await name(ona);
    expect(world.ids).toEqual(['ona@example.org']);
    expect(world.customers()['ona@example.org']).toMatchObject({ name: 'Una' });
  });

  it('iterable-removed-attribute: a removed field leaves, and a changed address keeps the customer', async () => {
    const { world, iterable, name } = await start({ visibleAfterMs: 12_000 });
    const ona = iterable.create(
      { userId: 'u-1', email: 'ona@example.org' },
      { firstName: 'Ona', tier: 'gold' },
    );
    await name(ona);
    expect(world.customers()['u-1']).toMatchObject({ name: 'Ona', metadata: { tier: 'gold' } });
    iterable.updateEmail(ona, 'falk@example.org');
    iterable.update(ona, { tier: null });
    await name(ona);
    expect(world.customers()['u-1']).toMatchObject({ name: 'Ona', email: 'falk@example.org' });
    expect(world.customers()['u-1']!.metadata?.['tier'] ?? null).toBeNull();
    expect(world.ids).toHaveLength(1);
  });

  it.each(['colon', 'plain', 'fractions'] as const)(
    'iterable-times-of-four-forms: a time written as %s is one',
    async (times) => {
      const { world, iterable, clock, name } = await start({ times });
      const before = clock.now() - 1000;
      await name(iterable.create({ userId: 'u-1' }, { firstName: 'Ona' }));
      const signedUp = String(world.customers()['u-1']!.metadata?.['signed_up']);
      expect(Date.parse(signedUp)).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
      expect(Date.parse(signedUp)).toBeLessThanOrEqual(clock.now());
    },
  );

  it('iterable-hostile-answers: only an empty object says that a user is gone', async () => {
    const { world, iterable, name } = await start();
    const ona = iterable.create({ userId: 'u-1', email: 'ona@example.org' }, { firstName: 'Ona' });
    iterable.create({ userId: 'u-9', email: 'other@example.org' });
    await name(ona);
    iterable.update(ona, { firstName: 'Una' });
    const answers = [
      () => page(200),
      () => Response.json({ message: 'ok' }),
      () => Response.json({ user: { userId: 'u-9', email: 'other@example.org', dataFields: {} } }),
      () => page(503),
      () => new Response('Too many requests', { status: 429 }),
    ];
    iterable.faults = () => answers.shift()?.();
    await name(ona);
    await until(() => world.customers()['u-1']?.name === 'Una');
    expect(answers).toEqual([]);
    expect(await world.deadLetters()).toBe(0);
    iterable.remove(ona);
    expect(await world.read('u-1')).toMatchObject({ rejected: 1 });
  });
});

// What Voucherify knows reaches the vendors whose writers look people up first, judge an answer by its parts, or read back: through the
// engine, from the event to the vendor, and what comes in again changes nobody.
import type { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { createActivecampaignSimulator } from '../../simulators/activecampaign.ts';
import { createBloomreachSimulator } from '../../simulators/bloomreach.ts';
import { createBrevoSimulator } from '../../simulators/brevo.ts';
import { createClevertapSimulator } from '../../simulators/clevertap.ts';
import { serve } from '../../simulators/serve.ts';
import { FastClock } from '../support/fast-clock.ts';
import { until } from '../support/sync-world.ts';
import { openWriteBackWorld } from '../support/write-back-world.ts';

interface Vendor {
  app: Pick<Hono, 'request'>;
  settings: object;
  attribute: string;
  /** Makes somebody, and says the source ID. */
  create(): string;
  held(id: string): unknown;
  count(): number;
}

const vendors: { [connector: string]: (now: () => number) => Vendor } = {
  activecampaign(now) {
    const apiKey = 'key-of-the-administrator';
    const simulator = createActivecampaignSimulator({ now, apiKey });
    simulator.define('51');
    return {
      app: simulator.app,
      settings: { apiKey },
      attribute: '51',
      create: () => simulator.create().id,
      held: (id) => simulator.valuesOf(id)?.['51'],
      count: () => simulator.contacts.size,
    };
  },
  brevo(now) {
    const apiKey = 'xkeysib-0123456789';
    const simulator = createBrevoSimulator({ now, apiKey });
    simulator.define('POINTS', 'float');
    return {
      app: simulator.app,
      settings: { apiKey },
      attribute: 'POINTS',
      create: () => String(simulator.create().id),
      held: (id) => simulator.contacts.get(Number(id))?.attributes['POINTS'],
      count: () => simulator.contacts.size,
    };
  },
  bloomreach(now) {
    const key = { projectToken: 'project-of-the-shop', apiKeyId: 'key-id', apiSecret: 'secret-of-the-key' };
    const simulator = createBloomreachSimulator({ ...key, now });
    return {
      app: simulator.app,
      settings: key,
      attribute: 'points',
      create: () => simulator.create().registered!,
      held: (id) => simulator.get(id)?.properties['points'],
      count: () => simulator.size,
    };
  },
  clevertap(now) {
    const key = { accountId: 'ACCOUNT', passcode: 'passcode-of-the-account' };
    const simulator = createClevertapSimulator({ ...key, now });
    return {
      app: simulator.app,
      settings: key,
      attribute: 'Points',
      create: () => simulator.create().identities[0]!,
      held: (id) =>
        simulator.profiles.find(({ identities }) => identities.includes(id))?.profileData['Points'],
      count: () => simulator.profiles.length,
    };
  },
};

describe('points', () => {
  it('reach each vendor, create nobody there, and end when they come in again', async () => {
    const clock = new FastClock();
    const opened = await Promise.all(
      Object.entries(vendors).map(async ([name, open]) => {
        const vendor = open(() => clock.now());
        return { name, vendor, id: vendor.create(), served: await serve(vendor.app as Hono) };
      }),
    );
    const each = <Value>(what: (one: (typeof opened)[number]) => [string, Value]) =>
      Object.fromEntries(opened.map(what));
    const world = await openWriteBackWorld({
      clock,
      sources: each(({ name, vendor, served }) => [
        name,
        { connector: name, baseUrl: served.url, ...vendor.settings },
      ]),
      writeBack: each(({ name, vendor }) => [name, { fields: { [vendor.attribute]: 'loyalty.points' } }]),
    });
    try {
      for (const { name } of opened) await world.sync('full', name);
      for (const { id } of opened) world.voucherify.setFacts(id, { points: 1200 });
      const points = () => each(({ name, vendor, id }) => [name, String(vendor.held(id))]);
      await world.shows(
        points,
        each(({ name }) => [name, '1200']),
      );
      for (const { name, vendor, id } of opened) {
        await until(async () => (await world.row(name, id))?.state === 'delivered');
        const { acknowledged } = (await world.row(name, id))!;
        expect([acknowledged, vendor.count()]).toEqual([{ [vendor.attribute]: 1200 }, 1]);
        expect(await world.sync('full', name)).toMatchObject({ changed: 0 });
      }
    } finally {
      await world.close();
      for (const { served } of opened) await served.close();
    }
  });
});

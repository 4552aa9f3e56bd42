// Records that hold what breaks programs, from a vendor's pages to Voucherify, the API and the pages: each is delivered as it can
// be kept, or kept apart with its reason until it can be read again. Nothing is lost.
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanText, trimmed, visible } from '../../src/customer/json.ts';
import { balances } from '../../src/tables/counts.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { naughtyTexts } from '../support/naughty.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

/** HubSpot has no property without a value. */
const texts = Object.entries(naughtyTexts).filter(([, text]) => trimmed(cleanText(text)) !== '');

/** No customer can be called so. */
const impossible = [
  'a NUL',
  'a lone high surrogate',
  'a lone low surrogate',
  'surrogates in the wrong order',
  'an escape of terminals',
  'line ends',
  'one dot',
  'two dots',
  'a thousand characters',
  'a word of JSON',
  'another word of JSON',
  'no number',
];

describe('records that hold hostile texts', () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let run: Awaited<ReturnType<SyncWorld['sync']>>;
  /** Record IDs by what their record tries. */
  const ids = new Map<string, string>();
  const token = 'a-token-for-the-tests';
  let ask: (path: string, init?: RequestInit) => Promise<Response>;

  beforeAll(async () => {
    database = await behaviour[0].open();
    world = await openSyncWorld(database, {
      source: {
        sourceId: 'customer_no',
        mapping: {
          name: 'firstname',
          email: 'email',
          phone: { from: 'phone', as: 'phone', region: 'PL' },
          birthdate: 'birthday',
          description: 'note',
          'metadata.word': 'note',
          'metadata.constructor': 'constructor',
          'metadata.hasOwnProperty': 'hasOwnProperty',
        },
      },
    });
    for (const [what, text] of Object.entries(naughtyTexts)) {
      if (trimmed(cleanText(text)) === '' && what !== 'surrogates in the wrong order') continue;
      const fields = ['customer_no', 'firstname', 'email', 'phone', 'birthday', 'note', 'constructor'];
      const properties = Object.fromEntries([...fields, 'hasOwnProperty'].map((name) => [name, text]));
      ids.set(what, world.hubspot.create(properties));
    }
    await world.tributary.start();
    run = await world.sync('full');
    const app = createApp(world.tributary, { apiToken: token, version: '1.2.3', dataDir: '/nowhere' });
    const login = await app.request('/login', {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ token }),
    });
    const cookie = login.headers.get('set-cookie')!.split(';')[0]!;
    ask = async (path, init = {}) =>
      app.request(path, { ...init, headers: { authorization: `Bearer ${token}`, cookie } });
  });
  afterAll(async () => {
    await world?.close();
    await database?.close();
  });

  const letters = () =>
    database.rows<{ ref: string; message: string }>(
      sql`select ref, message from dead_letters where kind = 'record' and settled_at is null`,
    );

  it('are all accounted for: those that no customer can be called have dead letters with the reason', async () => {
    expect(run).toMatchObject({ state: 'finished', received: ids.size, rejected: impossible.length });
    expect(balances(run)).toBe(true);
    const dead = await letters();
    expect(dead.map(({ ref }) => ref).sort()).toEqual(impossible.map((what) => ids.get(what)).sort());
    for (const { message } of dead) expect(message).toMatch(/^The source ID .+\.$/s);
    const open = await database.rows(sql`select 1 from deliveries where state <> 'delivered'`);
    expect(open).toEqual([]);
  });

  it.each(texts.filter(([what]) => !impossible.includes(what)))(
    'with %s are at Voucherify, in the API and on the pages under their own ID',
    async (_what, text) => {
      // An identifier is never written with invisible characters, a name may be.
      const [sourceId, value] = [visible(text).trim(), trimmed(text)];
      const held = world.voucherify.bySourceId(sourceId);
      expect(held).toMatchObject({ source_id: sourceId, name: value });
      expect(held?.metadata).toMatchObject({
        word: value,
        constructor: value,
        hasOwnProperty: value,
      });
      const path = encodeURIComponent(sourceId);
      const [shown, explained, page] = await Promise.all([
        ask(`/api/customers/${path}`),
        ask(`/api/customers/${path}/explain`),
        ask(`/customers/${path}`),
      ]);
      expect([shown.status, explained.status, page.status]).toEqual([200, 200, 200]);
      expect(await shown.json()).toMatchObject({ sourceId });
      const html = await page.text();
      expect(html).not.toMatch(/<script>alert|<img src=x|" autofocus onfocus="/);
    },
  );

  it('change nobody’s prototype', () => {
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect({}.constructor).toBe(Object);
  });

  it('are delivered as soon as somebody has given them IDs that a customer can have', async () => {
    for (const what of impossible) world.hubspot.update(ids.get(what)!, { customer_no: `mended ${what}` });
    await world.sync();
    expect(await letters()).toEqual([]);
    for (const what of impossible) expect(world.voucherify.bySourceId(`mended ${what}`), what).toBeDefined();
  });
});

// Every page in one world that has something to show on each: people with hostile names, and a problem of each kind. Each page
// is looked at in light and dark, wide and narrow, and with the keyboard alone.
import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { sql } from 'drizzle-orm';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Served, serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { type Pushed, pusher, secret, signed } from '../web/pushers.ts';
import { openWorld, type World } from '../web/world.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
];

const hostile = `"><script>document.title='owned'</script><img src=x onerror=alert(1)> ${'long'.repeat(40)}`;

/** By path, its first heading. */
const pages: readonly (readonly [string, RegExp])[] = [
  ['/', /dead letter|held|differ/],
  ['/sources', /^Sources$/],
  ['/sources/crm', /^crm/],
  ['/sources/shop', /^shop/],
  ['/runs', /^Runs$/],
  ['/runs?state=failed', /^Runs$/],
  ['/runs/1', /^Run 1 of crm/],
  ['/runs/1?records=true', /^Run 1 of crm/],
  ['/customers', /^Customers$/],
  ['/customers?state=dead', /^Customers$/],
  ['/customers?q=nobody', /^Customers$/],
  ['/customers/shop%2F1', /script/],
  ['/customers/shop%2F1?field=name', /script/],
  ['/customers/shop%2F3', /Person 3/],
  ['/problems', /^Problems$/],
  ['/problems?show=letters', /^Problems$/],
  ['/problems?show=holds', /^Problems$/],
  ['/problems?show=quarantine', /^Problems$/],
  ['/problems?show=drift', /^Problems$/],
  ['/problems?show=refused', /^Problems$/],
  ['/deliveries', /^Deliveries to memory/],
  ['/inbox', /^Webhook inbox$/],
  ['/inbox/1', /^Request 1/],
  ['/verification', /^Verification$/],
  ['/verification/1', /^Verification 1/],
  ['/mapping?source=crm', /^Mapping$/],
  ['/spend', /^Spend and forecasts$/],
  ['/spend?range=7d', /^Spend and forecasts$/],
  ['/audit', /^Audit$/],
  ['/audit/erasures', /^Audit$/],
  ['/access', /^Access$/],
  ['/runs/999', /./],
];

describe.skipIf(!existsSync(executablePath))('the pages in a browser', () => {
  let browser: Browser;
  let world: World;
  let served: Served;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: flags });
    const pushed: Pushed = { knowsOdd: false, refusesReads: false };
    world = await openWorld(await behaviour[0].open(), {
      sources: {
        crm: { connector: 'people', schedule: '*/5 * * * *' },
        files: { connector: 'csv' },
        shop: { connector: 'pusher', secret },
      },
      connectors: [pusher(pushed)],
    });
    world.truth.people = Array.from({ length: 12 }, (_, index) => ({
      id: `shop/${index}`,
      changedAt: Date.parse('2026-03-01T12:00:00Z') + index,
      body: {
        name: index === 1 ? hostile : `Person ${index}`,
        email: index === 2 ? 'not an e-mail' : `p${index}@example.com`,
        plan: index === 1 ? hostile : 'gold',
      },
    }));
    world.truth.refused.set('shop/3', `Metadata "plan" must be one of <silver, bronze>. ${hostile}`);
    await world.tributary.start();
    served = await serveApp(world.app, { host: '127.0.0.1', port: 0 });
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'manual' });
    await vi.waitFor(() => expect(world.truth.taken.size).toBe(11), { timeout: 30_000 });
    await fetch(
      `${served.url}/webhooks/shop`,
      signed([{ event: 'odd-1', id: hostile, name: hostile, kind: 'odd' }]),
    );
    await fetch(`${served.url}/webhooks/shop`, { method: 'POST', body: '{}' });
    await stageTroubles(world);
    // A colour that is on its way to another one has no contrast of its own.
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    await page.goto(`${served.url}/login?key=${world.loginCodes.issue()}`);
    await page.waitForURL(`${served.url}/`);
    await page.evaluate(
      `fetch('/api/verify', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })`,
    );
    // Looked at by hand only: from here on nothing changes by itself.
    await world.tributary.drain();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await world?.close();
  });

  const found = async () => {
    await page.evaluate(axe.source);
    const { violations, passes } = (await page.evaluate(
      `axe.run(document, { resultTypes: ['violations'] })`,
    )) as axe.AxeResults;
    // Else it has looked at nothing.
    expect(passes.map(({ id }) => id)).toEqual(expect.arrayContaining(['color-contrast', 'button-name']));
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  };

  it.each(pages)('%s is whole, accessible in light and dark, and fits a phone', async (path, heading) => {
    complaints = [];
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
    const answer = await page.goto(served.url + path);
    const isMissing = path === '/runs/999';
    expect(answer?.status()).toBe(isMissing ? 404 : 200);
    if (!isMissing) expect(await page.locator('h1').first().innerText()).toMatch(heading);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1280);
    expect(await found()).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await found()).toEqual([]);
    expect(complaints.filter((text) => !(isMissing && text.includes('404')))).toEqual([]);
    expect(await page.title()).not.toBe('owned');
  });

  it('are reached with the keyboard alone, wide and narrow', async () => {
    const focused = () =>
      page.evaluate("document.activeElement === document.body ? '' : document.activeElement.textContent");
    const tabTo = async (text: string) => {
      for (let presses = 0; !String(await focused()).startsWith(text); presses += 1) {
        expect(presses).toBeLessThan(25);
        await page.keyboard.press('Tab');
      }
    };
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(served.url);
    await tabTo('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.goto(served.url);
    await tabTo('Problems');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Problems', exact: true }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(served.url);
    await tabTo('Menu');
    await page.keyboard.press('Enter');
    await tabTo('Runs');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
  });

  it('pin a value, discard a letter and acknowledge a difference with a reason, make and revoke a token: each is said, and shown at once', async () => {
    const said = (text: string) => page.locator('#said').filter({ hasText: text }).waitFor();
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${served.url}/customers/shop%2F6?field=metadata.plan`);
    await page.getByText('Pin a value…').click();
    await page.getByLabel('Value of metadata.plan').fill('<i>silver</i>');
    await page.getByLabel('Reason').fill('as agreed');
    await page.keyboard.press('Enter');
    await said('metadata.plan was pinned');
    await page.getByRole('row', { name: 'metadata.plan <i>silver</i> pinned gold' }).waitFor();
    await page.getByRole('button', { name: 'Release the pin of metadata.plan' }).click();
    await page.getByRole('row', { name: 'metadata.plan gold crm the same' }).waitFor();
    await page.goto(`${served.url}/problems?show=letters&code=odd`);
    await page.locator('summary', { hasText: 'Discard… with odd of shop' }).click();
    // Without a reason nothing is sent.
    await page.getByRole('button', { name: 'Discard' }).first().click();
    await page.getByLabel('Reason').first().fill('a test of the vendor');
    await page.keyboard.press('Enter');
    await said('Discarded');
    await page.getByText('No such dead letters').waitFor();
    await page.goto(`${served.url}/problems?show=drift`);
    await page.locator('summary', { hasText: 'Acknowledge… shop/5' }).click();
    await page.getByLabel('Reason').fill('corrected by support');
    // With the mouse: the form must not be cut off.
    await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
    await said('Acknowledged');
    await page.getByText('No drift', { exact: true }).waitFor();
    await page.getByRole('link', { name: /^Acknowledged/ }).click();
    await page.getByText('corrected by support').waitFor();
    await page.goto(`${served.url}/access`);
    await page.getByLabel('Name').fill('anna');
    await page.getByRole('button', { name: 'Create the token' }).click();
    await page.getByText('The token anna was created.').waitFor();
    page.removeAllListeners('dialog');
    page.once('dialog', (dialog) => dialog.accept());
    await page.getByRole('button', { name: 'Revoke anna' }).click();
    await said('anna was revoked');
  });

  it('ask the server for nothing while nobody looks at them', async () => {
    const watched = await page.context().newPage();
    const hidden = (isHidden: boolean) =>
      `Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true })`;
    let requests = 0;
    watched.on('request', (request) => {
      if (['fetch', 'eventsource'].includes(request.resourceType())) requests += 1;
    });
    await watched.clock.install();
    await watched.addInitScript(hidden(true));
    await watched.goto(served.url);
    await watched.clock.runFor(10_000);
    expect(requests).toBe(0);
    await watched.evaluate(hidden(false));
    await watched.clock.runFor(1_000);
    await vi.waitFor(() => expect(requests).toBeGreaterThan(0));
    await watched.close();
  });

  it('lead back after a login to the page that was asked for, and to no other server', async () => {
    const answer = await fetch(`${served.url}/runs?state=failed`, { redirect: 'manual' });
    expect(answer.headers.get('location')).toBe('/login?to=%2Fruns%3Fstate%3Dfailed');
    const logIn = async (to: string) =>
      (
        await fetch(`${served.url}/login`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: served.url },
          body: new URLSearchParams({ token: 'a-token-for-the-tests', to }),
        })
      ).headers.get('location');
    expect(await logIn('/runs?state=failed')).toBe('/runs?state=failed');
    for (const elsewhere of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example/',
      '/\t/evil.example',
    ])
      expect(await logIn(elsewhere)).toBe('/');
  });
});

/** A hold and a drift, which take long to come about by themselves. */
async function stageTroubles({ database }: World): Promise<void> {
  await database.rows(sql`
    update deliveries set state = 'held', waiting_since = now(), due_at = null where source_id = 'shop/4'`);
  await database.rows(sql`
    insert into holds (source_id, source, run_id, change, "from", held_at) values ('shop/4', 'crm', 1, 'email', ${'"p4@example.com"'}, now())`);
  await database.rows(sql`
    insert into drifts (source_id, kind, fields, "by", found_at)
    values ('shop/5', 'differs', '{"name": {"expected": "Person 5", "found": "<b>Somebody</b>"}}', 'verification 1', now())`);
}

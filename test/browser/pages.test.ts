// Every page in one world that has something to show on each. Each page is looked at in light and dark, wide and narrow.
import axe from 'axe-core';
import { sql } from 'drizzle-orm';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Served } from '../../src/web/server.ts';
import type { World } from '../web/world.ts';
import { hasBrowser, openStaged, type Staged } from './staged.ts';

/** By path, its first heading. */
const pages: readonly (readonly [string, RegExp])[] = [
  ['/', /dead letter|held|differ/],
  ['/?range=7d', /dead letter|held|differ/],
  ['/sandbox', /^Sandbox$/],
  ['/sources', /^Sources$/],
  ['/sources/crm', /^crm/],
  ['/sources/shop', /^shop/],
  ['/runs', /^Runs$/],
  ['/runs?state=failed', /^Runs$/],
  ['/runs/1', /^Run 1 of crm/],
  ['/runs/1?records=true', /^Run 1 of crm/],
  ['/runs/1/undo', /^Undo run 1 of crm/],
  ['/runs/1/undo?created=true', /^Undo run 1 of crm/],
  ['/customers', /^Customers$/],
  ['/customers?state=dead', /^Customers$/],
  ['/customers?q=nobody', /^Customers$/],
  ['/customers/shop%2F1', /script/],
  ['/customers/shop%2F1?field=name', /script/],
  ['/customers/shop%2F3', /Person 3/],
  ['/customers/shop%2F7', /^\u0639\u0628\u062f/],
  ['/customers/shop%2F8?field=name', /^W{300}/],
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
  ['/docs', /^Documentation/],
  ['/docs/pages', /^The pages$/],
  ['/docs/reference', /./],
];

/** axe looks at each element: on the reference of the API that takes long where others share the machine. */
const pageTimeoutMs = 240_000;

/** What programs ask for. */
const isOfPrograms = /^\/(api|webhooks|assets|healthz|readyz|metrics|openapi\.json|\.well-known|\*)(\/|$)/;

describe.skipIf(!hasBrowser)('the pages in a browser', () => {
  let staged: Staged;
  let world: World;
  let served: Served;
  let page: Page;

  beforeAll(async () => {
    staged = await openStaged();
    ({ world, served, page } = staged);
  });
  afterAll(() => staged?.close());

  const found = async (of = page) => {
    await of.evaluate(axe.source);
    const { violations, passes } = (await of.evaluate(
      `axe.run(document, { resultTypes: ['violations'] })`,
    )) as axe.AxeResults;
    // Else it has looked at nothing.
    expect(passes.map(({ id }) => id)).toEqual(expect.arrayContaining(['color-contrast', 'document-title']));
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  };

  it.each(pages)(
    '%s is whole, accessible in light and dark, and fits a phone',
    async (path, heading) => {
      staged.complaints.length = 0;
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
      expect(staged.complaints.filter((text) => !(isMissing && text.includes('404')))).toEqual([]);
      expect(await page.title()).not.toBe('owned');
    },
    pageTimeoutMs,
  );

  it('are all of those that there are', () => {
    const paths = world.app.routes
      .filter(({ method, path }) => method === 'GET' && !isOfPrograms.test(path))
      .map(({ path }) => path);
    expect(new Set(paths).size).toBeGreaterThan(20);
    const isVisited = (path: string) => {
      const pattern = new RegExp(`^${path.replaceAll(/:path\{\.\+\}/g, '.+').replaceAll(/:\w+/g, '[^/]+')}$`);
      return [...pages.map(([visited]) => visited), '/login'].some((visited) =>
        pattern.test(visited.split('?')[0]!),
      );
    };
    expect(paths.filter((path) => !isVisited(path))).toEqual([]);
  });

  it('ask for a token first, on a page that is accessible and fits a phone too', async () => {
    const stranger = await (
      await page.context().browser()!.newContext({ reducedMotion: 'reduce' })
    ).newPage();
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      await stranger.setViewportSize({ width, height: 800 });
      await stranger.emulateMedia({ colorScheme });
      await stranger.goto(`${served.url}/login`);
      expect(await stranger.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      expect(await found(stranger)).toEqual([]);
    }
    await stranger.context().close();
  });

  it('pin a value, discard a letter and acknowledge a difference and a value with a reason, make and revoke a token: each is said, and shown at once', async () => {
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
    await page.locator('details[open]').getByLabel('Reason').fill('corrected by support');
    // With the mouse: the form must not be cut off.
    await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
    await said('Acknowledged');
    await page.getByText('2 customers deleted there').waitFor();
    // All of a kind at once: but none that was found after the page was read.
    await world.database.rows(sql`
      insert into drifts (source_id, kind, fields, "by", found_at)
      values ('shop/9', 'deleted', '{}', 'verification 2', now() + interval '1 hour')`);
    const questions: string[] = [];
    page.removeAllListeners('dialog');
    page.once('dialog', (dialog) => {
      questions.push(dialog.message());
      return dialog.accept();
    });
    await page.locator('summary', { hasText: 'Acknowledge all… that are deleted' }).click();
    await page.locator('details[open]').getByLabel('Reason').fill('a clean-up');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'shop/10' }).waitFor({ state: 'detached' });
    expect(questions).toEqual([expect.stringMatching(/^Acknowledge \d customers deleted there\?/)]);
    await page.getByRole('link', { name: 'shop/9' }).waitFor();
    await page.getByRole('link', { name: /^Acknowledged/ }).click();
    await page.getByText('corrected by support').waitFor();
    await page.goto(`${served.url}/problems?show=quarantine`);
    await page.locator('summary', { hasText: 'Acknowledge… email of record shop/2 of crm' }).click();
    await page.locator('details[open]').getByLabel('Reason').fill('a till without addresses');
    await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
    await said('Acknowledged');
    await page.getByText('Nothing was left out').waitFor();
    await page.getByRole('link', { name: /^Acknowledged/ }).click();
    await page.getByText('a till without addresses').waitFor();
    await page.getByRole('button', { name: 'Reopen email of record shop/2 of crm' }).click();
    await said('It needs a person again');
    await page.getByText('No value is acknowledged').waitFor();
    await page.goto(`${served.url}/access`);
    await page.getByLabel('Name').fill('anna');
    await page.getByRole('button', { name: 'Create the token' }).click();
    await page.getByText('The token anna was created.').waitFor();
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

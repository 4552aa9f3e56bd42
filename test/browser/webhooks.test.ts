import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Served, serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { caller, type Pushed, pusher, pushSources, signed } from '../web/pushers.ts';
import { openWorld, type World } from '../web/world.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
];

describe.skipIf(!existsSync(executablePath))('webhooks on the page in a browser', () => {
  let browser: Browser;
  let world: World;
  let served: Served;
  let page: Page;
  let pushed: Pushed;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: flags });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    pushed = { knowsOdd: false, refusesReads: false };
    world = await openWorld(await behaviour[0].open(), {
      sources: pushSources,
      connectors: [pusher(pushed), caller(pushed)],
    });
    await world.tributary.start();
    served = await serveApp(world.app, { host: '127.0.0.1', port: 0 });
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(`${served.url}/login?key=${world.loginCodes.issue()}`);
    await page.waitForURL(`${served.url}/`);
  });
  afterEach(async () => {
    await page.context().close();
    await served.close();
    await world.close();
  });

  const source = (name: string) => page.getByRole('article', { name: `Source ${name}` });
  const inbox = () => page.locator('#content');
  const said = (text: string | RegExp) => page.locator('#said').filter({ hasText: text }).waitFor();
  const push = (event: string, kind?: string) =>
    fetch(`${served.url}/webhooks/shop`, signed([{ event, id: event, name: 'Anna', ...(kind && { kind }) }]));

  it('shows pushed records as they arrive, and offers no sync of a source that only pushes', async () => {
    await source('shop').getByText('No change in 24 hours').waitFor();
    await source('mute').getByText('not configured').waitFor();
    await push('a1');
    await source('shop').getByText('100 % of 1 change in 24 hours arrived by webhook first').waitFor();
    await page.getByRole('heading', { name: 'Everything is delivered to memory' }).waitFor();
    expect(await source('shop').getByRole('button').count()).toBe(0);
    expect(await source('calls').getByRole('button', { name: 'Sync now' }).count()).toBe(1);
    await fetch(`${served.url}/webhooks/shop`, { method: 'POST', body: '{}' });
    await source('shop').getByText('1 request refused').waitFor();
  });

  it('opens a request again that had faults, and all of them after asking', async () => {
    await page.goto(`${served.url}/inbox?rejected=true`);
    await inbox().getByText('Every webhook request was read in full.').waitFor();
    for (const event of ['o1', 'o2', 'o3']) await push(event, 'odd');
    await inbox().getByRole('button', { name: 'Open again request 1' }).click();
    await said('Opened again, with faults: An odd event cannot be read yet.');
    pushed.knowsOdd = true;
    await inbox().getByRole('button', { name: 'Open again request 1' }).click();
    await said('Request 1 was opened again');
    await expect.poll(() => world.truth.taken.has('o1')).toBe(true);
    const all = inbox().getByRole('button', { name: 'Open all again that have faults, of shop' });
    const asked: string[] = [];
    page.once('dialog', (dialog) => {
      asked.push(dialog.message());
      return dialog.dismiss();
    });
    await all.click();
    expect(asked).toEqual([expect.stringMatching(/^Open every request of shop again that has faults\?/)]);
    expect(world.truth.taken.has('o2')).toBe(false);
    page.once('dialog', (dialog) => dialog.accept());
    await all.click();
    await said('2 of 2 opened without faults');
    await inbox().getByText('Every webhook request was read in full.').waitFor();
    await expect.poll(() => [...world.truth.taken.keys()].toSorted()).toEqual(['o1', 'o2', 'o3']);
  });
});

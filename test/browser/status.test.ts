import { existsSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ago } from '../../src/web/pages/format.ts';
import { type Served, serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { apiToken, openWorld, type World } from '../web/world.ts';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(!existsSync(executablePath))('the page in a browser', () => {
  let browser: Browser;
  let world: World;
  let served: Served;
  let page: Page;
  /** What the browser complained of. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: flags });
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    world = await openWorld(await behaviour[0].open());
    world.truth.people = Array.from({ length: 30 }, (_, index) => ({
      id: `shop/${index}`,
      changedAt: Date.parse('2026-03-01T12:00:00Z') + index,
      body: {
        name: index === 7 ? '<b>Bobby</b> Tables' : `Person ${index}`,
        email: `p${index}@example.com`,
        plan: 'gold',
      },
    }));
    world.truth.pageSize = 10;
    await world.tributary.start();
    served = await serveApp(world.app, { host: '127.0.0.1', port: 0 });
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(15_000);
    complaints = [];
    page.on(
      'console',
      (message) =>
        message.type() === 'error' && complaints.push(`${message.text()} ${message.location().url}`),
    );
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await page.context().close();
    await served.close();
    await world.close();
  });

  const enter = async () => {
    await page.goto(`${served.url}/login?key=${world.loginCodes.issue()}`);
    await page.waitForURL(`${served.url}/`);
  };
  const source = (name: string) => page.getByRole('article', { name: `Source ${name}` });
  const said = (text: string | RegExp) => page.locator('#said').filter({ hasText: text }).waitFor();

  it('appears by itself once everything was counted after a start', async () => {
    const fresh = await openWorld(await behaviour[0].open(), { firstLookMs: 1 });
    const server = await serveApp(fresh.app, { host: '127.0.0.1', port: 0 });
    await page.goto(`${server.url}/login?key=${fresh.loginCodes.issue()}`);
    await page.getByText('This is the first look since Tributary was started').waitFor();
    await page.getByRole('heading', { name: 'There are no customers yet' }).waitFor();
    expect(complaints).toEqual([]);
    await server.close();
    await fresh.close();
  });

  it('refuses a wrong token in plain language, and lets the right one in', async () => {
    await page.goto(served.url);
    await page.getByLabel('Token').fill('a-wrong-token-altogether');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'This is not a token of this server' }).waitFor();
    await page.getByLabel('Token').fill(apiToken);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'There are no customers yet' }).waitFor();
    expect(page.url()).toBe(`${served.url}/`);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    await page.goto(served.url);
    expect(page.url()).toBe(`${served.url}/login`);
  });

  it('offers a viewer nothing to press, and shows no value of a customer', async () => {
    const answer = await fetch(`${served.url}/api/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'vera', role: 'viewer' }),
    });
    const { token } = (await answer.json()) as { token: string };
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'manual' });
    await page.goto(served.url);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('vera viewer').waitFor();
    await page.locator('#customers-total', { hasText: /^30$/ }).waitFor();
    expect(await page.locator('[data-post]').count()).toBeGreaterThan(0);
    expect(await page.locator('[data-post]:visible, [data-import]:visible').count()).toBe(0);
    await page.getByRole('link', { name: 'Customers' }).first().click();
    await page.getByRole('searchbox').fill('shop/7');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('•••').first().waitFor();
    expect(await page.getByRole('button').allInnerTexts()).toEqual(['Log out']);
    expect(await page.content()).not.toContain('Bobby');
  });

  it('updates its figures while a requested sync runs', async () => {
    const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
    let asked = 0;
    world.truth.beforePage = () => gates[asked++]?.promise ?? Promise.resolve();
    await enter();
    await source('crm').getByRole('button', { name: 'Sync now' }).click();
    await said('A sync of crm was requested');
    await source('crm').getByText('reading', { exact: true }).waitFor();
    gates[0]!.resolve();
    await source('crm').getByText('10 of 30').waitFor();
    expect(await source('crm').getByRole('progressbar').getAttribute('value')).toBe('10');
    await source('crm').getByRole('button', { name: 'Sync now' }).click();
    await said(/A run of crm with the mode incremental is already running: run 1\./);
    gates[1]!.resolve();
    gates[2]!.resolve();
    // Between two pages it is in step for a moment too.
    await page.locator('#customers-total', { hasText: /^30$/ }).waitFor();
    await page.getByRole('heading', { name: 'Everything is delivered to memory' }).waitFor();
    await source('crm').getByText('up to date').waitFor();
    expect((await page.locator('.runs tbody tr').innerText()).replaceAll(/\s+/g, ' ')).toContain(
      '30 30 0 0 0 0 30 finished',
    );
    // The one complaint is the browser's own about the 409.
    expect(complaints.filter((text) => !text.includes('409'))).toEqual([]);
  });

  it('is told of a sync as it runs, asks for nothing meanwhile, and tells the time by itself', async () => {
    world.truth.beforePage = () => new Promise((resolve) => setTimeout(resolve, 1_200));
    await enter();
    await page.getByRole('heading', { name: 'There are no customers yet' }).waitFor();
    // Its stream is open.
    await expect.poll(() => page.evaluate('stream.isHeard')).toBe(true);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(`${request.resourceType()} ${request.url()}`));
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'manual' });
    await source('crm').getByText('10 of 30').waitFor();
    await source('crm').getByText('20 of 30').waitFor();
    await page.locator('#customers-total', { hasText: /^30$/ }).waitFor();
    await page.getByRole('heading', { name: 'Everything is delivered to memory' }).waitFor();
    const told = page.locator('#about time');
    const before = await told.innerText();
    await expect.poll(() => told.innerText(), { timeout: 10_000 }).not.toBe(before);
    expect(asked).toEqual([]);
    // As the server says it.
    const times = [-90_000, 0, 1.5, 7.9, 42, 89.9, 119.9, 120, 3_599, 7_500, 200_000];
    expect(await page.evaluate(`${JSON.stringify(times)}.map((seconds) => ago(seconds))`)).toEqual(
      times.map((seconds) => ago(0, seconds * 1000)),
    );
    expect(complaints).toEqual([]);
  });

  it('asks for the page where a proxy holds the stream back', async () => {
    // Nothing of a stream arrives here.
    const proxy = createServer((request, response) => {
      const { url, method, headers } = request;
      if (headers.accept === 'text/event-stream') return;
      request.pipe(
        httpRequest(served.url + url, { method: method!, headers }, (answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        }),
      );
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await page.goto(`${address}/login?key=${world.loginCodes.issue()}`);
    await page.waitForURL(`${address}/`);
    await world.tributary.request({ source: 'crm', mode: 'full', trigger: 'manual', lane: 'manual' });
    await page.locator('#customers-total', { hasText: /^30$/ }).waitFor();
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    expect(complaints).toEqual([]);
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('pauses and resumes a source and the destination', async () => {
    await enter();
    await source('crm').getByRole('button', { name: 'Pause' }).click();
    await source('crm')
      .getByText(/Paused .*no reason was given/)
      .waitFor();
    expect(await source('crm').getByRole('button', { name: 'Sync now' }).count()).toBe(0);
    await source('crm').getByRole('button', { name: 'Resume' }).click();
    await source('crm').getByRole('button', { name: 'Sync now' }).waitFor();
    const destination = page.locator('#destination');
    await destination.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('heading', { name: 'Deliveries to memory are paused' }).waitFor();
    await source('crm').getByRole('button', { name: 'Sync now' }).click();
    await page.locator('.headline .legend').getByText('30 waiting').waitFor();
    await destination.getByRole('button', { name: 'Resume' }).click();
    await page
      .getByRole('heading', { name: 'Everything is delivered to memory' })
      .waitFor({ timeout: 20_000 });
    expect(complaints).toEqual([]);
  });

  it('finds a customer and keeps what it shows up to date, hostile names as plain text', async () => {
    await enter();
    await source('crm').getByRole('button', { name: 'Sync now' }).click();
    await page.getByRole('heading', { name: 'Everything is delivered to memory' }).waitFor();
    await page.goto(`${served.url}/customers`);
    // The search is reached by a key of its own.
    await page.keyboard.press('/');
    await page.keyboard.type('shop/7');
    await page.keyboard.press('Enter');
    const customer = page.locator('main');
    await customer.getByRole('heading', { name: '<b>Bobby</b> Tables' }).waitFor();
    expect(page.url()).toBe(`${served.url}/customers/shop%2F7`);
    await customer.getByRole('row', { name: 'metadata.plan gold crm the same' }).waitFor();
    await customer.getByText('As it came').click();
    world.truth.people[7] = {
      ...world.truth.people[7]!,
      changedAt: Date.now(),
      body: { name: 'Bobby', email: 'bobby@example.com', plan: 'silver' },
    };
    await customer.getByRole('button', { name: 'Read again from crm' }).click();
    await customer.getByRole('row', { name: 'metadata.plan silver crm the same' }).waitFor();
    // What a person has opened stays open.
    expect(await customer.locator('.records details').getAttribute('open')).not.toBeNull();
    await customer.getByRole('link', { name: 'metadata.plan' }).click();
    await page.getByRole('heading', { name: 'Why metadata.plan is so' }).waitFor();
    await page.goto(`${served.url}/customers?q=person+1`);
    await page.getByRole('link', { name: 'Person 1', exact: true }).click();
    await page.getByRole('heading', { name: 'Person 1' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('shows a dead letter in the words of the destination, and tries it again', async () => {
    world.truth.refused.set('shop/3', 'Metadata `plan` must be one of <silver, bronze>.');
    await enter();
    await source('crm').getByRole('button', { name: 'Sync now' }).click();
    await page.getByRole('heading', { name: '1 dead letter waits until something changes' }).waitFor();
    await page.getByRole('link', { name: 'See why' }).click();
    const letters = page.locator('#content');
    await letters.getByText('Metadata `plan` must be one of <silver, bronze>.').first().waitFor();
    world.truth.refused.clear();
    await letters.getByRole('button', { name: 'Retry shop/3' }).click();
    await said('1 sent again');
    await letters.getByText('No dead letters').waitFor();
    expect(world.truth.taken.has('shop/3')).toBe(true);
    expect(complaints).toEqual([]);
  });

  it('imports a file that a person chooses', async () => {
    await enter();
    const file = {
      name: 'people of March.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('Source_id,Name\n1,Anna\n2,Bob,too many\n'),
    };
    await source('files').locator('input[type=file]').setInputFiles(file);
    await said('people of March.csv is being imported');
    await page.getByRole('link', { name: 'See why' }).click();
    await page.locator('#content b').filter({ hasText: 'row 3 of people of March.csv' }).waitFor();
    await page.getByRole('button', { name: 'Retry row 3' }).click();
    await said(/correct it in the file and import that again/);
    await expect.poll(() => world.truth.taken.get('1')).toMatchObject({ name: 'Anna' });
    expect(complaints).toEqual([]);
  });

  it('reports that the server is gone, and recovers with it', async () => {
    await enter();
    const port = Number(new URL(served.url).port);
    await served.close();
    await page.getByRole('alert').filter({ hasText: 'The server cannot be reached since' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'Not connected' }).waitFor();
    await source('crm').getByRole('button', { name: 'Sync now' }).click();
    await said('The server cannot be reached. Nothing was done.');
    served = await serveApp(world.app, { host: '127.0.0.1', port });
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
    expect(await page.locator('#trouble').isHidden()).toBe(true);
  });

  it('fits a phone in dark mode, and can be used with the keyboard alone', async () => {
    await page.setViewportSize({ width: 380, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await enter();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(14, 17, 19)');
    const focused = () => page.evaluate('document.activeElement.innerText');
    for (let presses = 0; !String(await focused()).startsWith('Sync now'); presses += 1) {
      expect(presses).toBeLessThan(30);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Everything is delivered to memory' }).waitFor();
    expect(await focused()).toContain('Sync now');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(380);
    expect(complaints).toEqual([]);
  });
});

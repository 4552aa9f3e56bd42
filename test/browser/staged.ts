// One world that has something to show on each page: people with hostile names, and a problem of each kind.
import { existsSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { Breaks } from '../../simulators/sandbox/breaks.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { breakShape, sandboxShape } from '../../src/contract/sandbox.ts';
import type { SandboxVendors } from '../../src/web/deps.ts';
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

export const hasBrowser = existsSync(executablePath);

const hostile = `"><script>document.title='owned'</script><img src=x onerror=alert(1)> ${'long'.repeat(40)}`;

/** By the number of the person. Others are called `Person N`. */
const names: { readonly [index: number]: string } = {
  1: hostile,
  // From the right, with a mark that turns what follows around and is never closed.
  7: '\u202e\u0639\u0628\u062f \u0627\u0644\u0631\u062d\u0645\u0646 <b>\u05d3\u05d5\u05d3</b>',
  8: 'W'.repeat(300),
};

export interface Staged {
  browser: Browser;
  world: World;
  served: Served;
  /** Logged in. */
  page: Page;
  /** What the browser complained of, and what asked for an answer. */
  complaints: string[];
  close(): Promise<void>;
}

export async function openStaged(): Promise<Staged> {
  const browser = await chromium.launch({ executablePath, args: flags });
  const pushed: Pushed = { knowsOdd: false, refusesReads: false };
  const world = await openWorld(await behaviour[0].open(), {
    sources: {
      crm: { connector: 'people', schedule: '*/5 * * * *' },
      files: { connector: 'csv' },
      shop: { connector: 'pusher', secret },
    },
    connectors: [pusher(pushed)],
    sandbox: vendors(),
    secretKey: 'a-secret-key-for-the-tests',
  });
  world.truth.people = Array.from({ length: 12 }, (_, index) => ({
    id: `shop/${index}`,
    changedAt: Date.parse('2026-03-01T12:00:00Z') + index,
    body: {
      name: names[index] ?? `Person ${index}`,
      email: index === 2 ? 'not an e-mail' : `p${index}@example.com`,
      plan: index === 1 ? hostile : 'gold',
    },
  }));
  world.truth.refused.set('shop/3', `Metadata "plan" must be one of <silver, bronze>. ${hostile}`);
  await world.tributary.start();
  const served = await serveApp(world.app, { host: '127.0.0.1', port: 0 });
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
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
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
  return {
    browser,
    world,
    served,
    page,
    complaints,
    async close() {
      await browser.close();
      await served.close();
      await world.close();
    },
  };
}

/** Vendors that can be broken; nobody reads them. */
function vendors(): SandboxVendors {
  const hubspot = createHubSpotSimulator({ accessToken: 'token' });
  hubspot.seed(20);
  const voucherify = createVoucherifySimulator({ now: Date.now, appId: 'app', appToken: 'token' });
  const breaks = new Breaks({ hubspot, voucherify });
  const vendor = { name: 'HubSpot', url: '', says: 'The CRM.', people: hubspot.size, noun: 'contacts' };
  return {
    read: async () => sandboxShape.parse({ vendors: [vendor], breaks: breaks.list() }),
    begin: async (name, seconds) => breakShape.nullable().parse(breaks.begin(name, seconds)),
  };
}

/** A hold and a drift, which take long to come about by themselves. */
async function stageTroubles({ database }: World): Promise<void> {
  await database.rows(sql`
    update deliveries set state = 'held', waiting_since = now(), due_at = null where source_id = 'shop/4'`);
  await database.rows(sql`
    insert into holds (source_id, source, run_id, change, "from", held_at) values ('shop/4', 'crm', 1, 'email', ${'"p4@example.com"'}, now())`);
  await database.rows(sql`
    insert into drifts (source_id, kind, fields, "by", found_at)
    values ('shop/5', 'differs', '{"name": {"expected": "Person 5", "found": "<b>Somebody</b>"}}', 'verification 1', now()),
           ('shop/10', 'deleted', '{}', 'verification 1', now()), ('shop/11', 'deleted', '{}', 'verification 1', now())`);
}

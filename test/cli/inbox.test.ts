// `tributary webhooks inbox`, `replay` and `webhook` against a server on loopback whose sources push; and what `check` says of
// webhooks.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import type { Json } from '../../src/connector.ts';
import type { Database } from '../../src/db/database.ts';
import { type Served, serveApp } from '../../src/web/server.ts';
import { behaviour } from '../support/databases.ts';
import { runCommand } from '../support/run-command.ts';
import { until } from '../support/sync-world.ts';
import { caller, type Pushed, pusher, pushSources, secret, signed } from '../web/pushers.ts';
import { empty } from '../web/seed.ts';
import { apiToken, openWorld, type World } from '../web/world.ts';

let folder: string;
let database: Database;
let world: World;
let served: Served;
let pushed: Pushed;

beforeAll(async () => {
  database = await behaviour[0].open();
});
afterAll(() => database.close());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-cli-'));
  await empty(database);
  await database.rows(sql`truncate inbox, item_keys, touches, coverage, drifts restart identity`);
  pushed = { knowsOdd: false, refusesReads: false };
  world = await openWorld(
    { ...database, close: async () => {} },
    { sources: pushSources, connectors: [pusher(pushed), caller(pushed)] },
  );
  await world.tributary.start();
  served = await serveApp(world.app, { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await served.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const tributary = (...args: string[]) =>
  runCommand(folder, args, { TRIBUTARY_URL: served.url, TRIBUTARY_API_TOKEN: apiToken });

/** Pushes to `shop`, and waits until it is opened. */
async function push(events: Json[]): Promise<void> {
  const response = await fetch(`${served.url}/webhooks/shop`, signed(events));
  expect(response.status).toBe(200);
  await until(async () => {
    const [row] = await database.rows<{ waits: boolean }>(
      sql`select exists(select 1 from inbox where state = 'waiting') as waits`,
    );
    return !row?.waits;
  });
}

const anna = { event: 'e-1', id: 'a1', name: 'Anna' };
const odd = { event: 'e-2', id: 'o1', kind: 'odd', name: 'Odd' };

describe('usage', () => {
  it.each([
    [['inbox', '--show', '9'], /The inbox has no request 9/],
    [['webhook', 'crm'], /crm accepts no webhooks: people pushes nothing/],
    [['webhook', 'nosuch'], /No source is called nosuch/],
  ])('of what does not exist exits with 4: %j', async (args, sentence) => {
    expect(await tributary(...args)).toMatchObject({ exitCode: 4, err: expect.stringMatching(sentence) });
  });

  it.each([
    [['inbox', '--state', 'lost'], /Allowed choices are waiting, opened, dead/],
    [['inbox', '--since', 'yesterday'], /write a time as/],
    [['inbox', '--show', 'x'], /"x" is not a request ID: write a number/],
    [['replay'], /Select requests by ID, --source/],
    [['replay', '1,x'], /"x" is not a request ID: write a number/],
    [['replay', '1', '--rejected'], /by ID or by options, not both/],
    [['replay', '--all', '--rejected'], /--all selects every stored request/],
    [['replay', '--faulty'], /--faulty is now --rejected\./],
    [['inbox', '--faulty'], /--faulty is now --rejected\./],
    [['webhook'], /missing required argument 'source'/],
    [['sync', 'shop'], /shop cannot be synced: pusher only pushes/],
  ])('that is wrong exits with 2 and an explanation: %j', async (args, sentence) => {
    const { exitCode, out, err } = await tributary(...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(sentence);
  });

  it.each(['inbox', 'replay', 'webhook'])('of %s is explained with examples', async (command) => {
    const { exitCode, out } = await tributary(command, '--help');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/Examples:\n {2}\$ tributary/);
    expect(out).toContain('--json');
  });
});

describe('tributary webhooks inbox', () => {
  it('reports that nothing matches', async () => {
    expect(await tributary('inbox')).toMatchObject({
      exitCode: 0,
      out: 'No request in the inbox matches.\n',
    });
  });

  it('lists requests with their results, and shows one whole', async () => {
    await push([anna]);
    await push([odd]);
    const { out, exitCode } = await tributary('inbox', 'shop');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/ID +SOURCE +RECEIVED +STATE +RESULT/);
    expect(out).toMatch(/2 +shop .* opened +1 item = 1 unreadable: An odd event cannot be read yet\./);
    expect(out).toMatch(/1 +shop .* opened +1 item = 1 taken; 1 record = 1 changed/);
    const rejected = JSON.parse((await tributary('inbox', '--rejected', '--json')).out).result;
    expect(rejected).toMatchObject([{ id: 2 }]);
    const one = JSON.parse((await tributary('webhooks', 'inbox', '--limit', '1', '--json')).out);
    expect(one).toMatchObject({ summary: expect.stringContaining('There are more'), result: [{ id: 2 }] });
    const { out: none } = await tributary('inbox', '--until', '2020-01-01');
    expect(none).toBe('No request in the inbox matches.\n');

    const whole = await tributary('inbox', '--show', '2');
    expect(whole.out).toMatch(/^Request 2 of shop, received .*, opened /);
    expect(whole.out).toContain('item 1: An odd event cannot be read yet.');
    expect(whole.out).toContain('POST /webhooks/shop');
    expect(whole.out).toContain(JSON.stringify({ tenant: '7', events: [odd] }));
  });
});

describe('tributary webhooks replay', () => {
  it('shows what would happen, then does it, and delivers the result', async () => {
    await push([anna]);
    await push([odd]);
    const would = await tributary('replay', '--rejected', '--dry-run');
    expect(would).toMatchObject({ exitCode: 1, err: 'shop: 2: An odd event cannot be read yet.\n' });
    expect(would.out).toBe('Would be opened again: 1 request = 1 rejected.\n1 item = 1 unreadable.\n');
    pushed.knowsOdd = true;
    expect((await tributary('replay', '--rejected', '--dry-run')).exitCode).toBe(0);
    expect(world.truth.taken.has('o1')).toBe(false);

    const done = await tributary('replay', '--source', 'shop', '--rejected');
    expect(done.exitCode).toBe(0);
    expect(done.err).toMatch(/^Opening again: the requests of shop, with rejected items\.\n/);
    expect(done.out).toContain(
      'Opened again: 1 request = 1 opened.\n1 item = 1 taken; 1 record = 1 changed.\n',
    );
    expect(world.truth.taken.get('o1')).toMatchObject({ name: 'Odd' });
    const none = await tributary('replay', '--rejected');
    expect(none.out).toContain('No request in the inbox matches: nothing was opened.');
    const again = JSON.parse((await tributary('replay', '1,2', '2', '--json')).out).result;
    expect(again.replayed).toMatchObject({ requests: 2, opened: 2, counts: { unchanged: 2 }, cannot: [] });
    const lost = await tributary('replay', '77');
    expect(lost).toMatchObject({
      exitCode: 4,
      out: expect.stringMatching(/Not opened: 1 request: no longer in the inbox/),
    });
  });

  it('waits until the records that it names are read', async () => {
    await fetch(`${served.url}/webhooks/calls/${secret}`, { method: 'POST', body: '"r1"' });
    await until(async () => {
      const [row] = await database.rows<{ state: string }>(
        sql`select state from deliveries where source_id = 'r1'`,
      );
      return row?.state === 'delivered' && (await world.tributary.isAtRest());
    });
    await database.rows(sql`delete from records`);
    await database.rows(sql`truncate customers, deliveries, acknowledgements`);
    world.truth.taken.clear();
    const { exitCode, out } = await tributary('replay', '--all');
    expect(exitCode).toBe(0);
    expect(out).toContain('1 item = 1 taken; 1 record to be read.');
    expect(world.truth.taken.get('r1')).toMatchObject({ name: 'Read' });
  });
});

describe('tributary webhooks setup', () => {
  it('prints everything to set at the vendor, and no secret', async () => {
    const { exitCode, out } = await tributary('webhook', 'shop');
    expect(exitCode).toBe(0);
    for (const line of [
      `POST ${served.url}/webhooks/shop`,
      'header X-Signature: hex HMAC-SHA1 of the body, key = the secret of your settings',
      'X-Tenant: 7',
      'Choose "all events".',
      'What to paste: Flow → Webhook',
      '{"tenant":"7","events":[{"id":"{{ person.id }}"}]}',
      'publicUrl is not set',
    ])
      expect(out).toContain(line);
    const { out: calls } = await tributary('webhook', 'calls');
    expect(calls).toContain(`POST ${served.url}/webhooks/calls/{secret}`);
    expect(out + calls).not.toContain(secret);
    expect((await tributary('webhook', 'mute')).out).toContain(
      'Not configured, so every request is refused: Set "secret" to the one on the page of the app.',
    );
    expect(JSON.parse((await tributary('webhook', 'shop', '--json')).out).result).toMatchObject({
      source: 'shop',
    });
  });

  it('sends a sample, and reports the result', async () => {
    const sent = await tributary('webhook', 'shop', '--send');
    expect(sent.exitCode).toBe(0);
    expect(sent.out).toBe(
      `Sent to the webhook endpoint inside the server itself, as a request to ${served.url}/webhooks/shop: answered 200 {}\nThe request did not pass through your network or a proxy. Whether the vendor can reach that address was not tested.\nStored as request 1 in the inbox.\nOpened: 1 item = 1 ignored.\n`,
    );
    const mute = await tributary('webhook', 'mute', '--send');
    expect(mute).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/^Nothing was sent to mute: Set "secret"/),
    });
  });
});

describe('other commands', () => {
  it('leave a source that only pushes out of a sync of all', async () => {
    const { exitCode, out } = await tributary('sync', '--json');
    expect(exitCode).toBe(0);
    const names = JSON.parse(out).result.runs.map(({ source }: { source: string }) => source);
    expect(names).toEqual(['crm', 'calls']);
  });

  it('show the state of webhooks in the status', async () => {
    await push([anna]);
    await fetch(`${served.url}/webhooks/shop`, { method: 'POST', body: '{}' });
    const { out } = await tributary('status');
    expect(out).toMatch(/shop +pusher +only pushes +1 +listens/);
    expect(out).toMatch(/WEBHOOKS OF +TO OPEN +DEAD +TO READ +SEEN BY WEBHOOK FIRST/);
    expect(out).toMatch(/shop +0 +0 +0 +100 % of 1 change in 24 h +0\.\d s, 0\.\d s/);
    expect(out).toContain('mute accepts no webhooks: Set "secret" to the one on the page of the app.');
    expect(out).toMatch(
      /shop was sent 1 request that was refused, the last at .*the header X-Signature is missing/,
    );
  });

  it('check prints the address of webhooks, and warns if the address is unknown', async () => {
    const voucherify = createVoucherifySimulator({
      now: Date.now,
      appId: 'app-id',
      appToken: 'app-token-0000',
    });
    const destination = await serve(voucherify.app);
    const config = {
      destination: {
        connector: 'voucherify',
        appId: 'app-id',
        appToken: 'app-token-0000',
        baseUrl: destination.url,
      },
      sources: {
        hubspot: { connector: 'hubspot', accessToken: 'pat-test-0000', baseUrl: 'http://127.0.0.1:9' },
      },
    };
    const check = async (more: object, source: object) => {
      const sources = { hubspot: { ...config.sources.hubspot, ...source } };
      writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify({ ...config, ...more, sources }));
      return JSON.parse((await runCommand(folder, ['check', '--json'], { PORT: '8080' })).out).result;
    };
    try {
      const about = /publicUrl is not set, so the address.*webhooks of hubspot/;
      const without = await check({ publicUrl: 'https://sync.example.com/' }, {});
      expect(without.webhooks).toContainEqual({
        name: 'hubspot',
        url: 'https://sync.example.com/webhooks/hubspot',
        missing: expect.stringMatching(/clientSecret/),
      });
      expect(without.warnings).not.toContainEqual(expect.stringMatching(/publicUrl/));
      const local = await check({}, { clientSecret: 'a-client-secret' });
      expect(local.webhooks).toContainEqual({
        name: 'hubspot',
        url: 'http://127.0.0.1:8080/webhooks/hubspot',
        missing: null,
      });
      expect(local.warnings).toContainEqual(expect.stringMatching(about));
    } finally {
      await destination.close();
    }
  });
});

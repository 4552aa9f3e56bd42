// The commands that explain a customer and correct what is wrong with it, in this process with
// simulated vendors on loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { timeOf } from '../../src/cli/times.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const [accessToken, appId, appToken] = ['pat-test-00000000', 'app-id', 'app-token-00000000'];

let folder: string;
let served: Served[];
let hubspot: ReturnType<typeof createHubSpotSimulator>;
let voucherify: ReturnType<typeof createVoucherifySimulator>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-cli-'));
  hubspot = createHubSpotSimulator({ now: Date.now, accessToken, quotas: false });
  voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [await serve(hubspot.app), await serve(voucherify.app)];
  const quota = { requests: 10_000, seconds: 10, reserve: 0 };
  const points = { type: 'number', array: false, required: false, atMost: 100 };
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url, quota, bulk: false },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken,
        baseUrl: served[0]!.url,
        mapping: { name: 'firstname', email: 'email', 'metadata.points': 'numberofpoints' },
      },
      files: { connector: 'csv' },
    },
    metadataSchema: { definitions: { points } },
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
});

afterEach(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function tributary(...args: string[]) {
  return runCommandOnServer(folder, args);
}

// Each command opens a database of its own.
describe('a customer', () => {
  it('is explained in sentences, set by hand, reported, and released again', async () => {
    const at = Date.now() - 86_400_000;
    const id = hubspot.create({ firstname: 'Anna', email: ' Anna@Example.com' }, at);
    expect((await tributary('sync', 'hubspot')).exitCode).toBe(0);

    const explained = await tributary('explain', 'anna@example.com', '--field', 'email');
    expect(explained).toMatchObject({ exitCode: 0, err: '' });
    const words = explained.out.replace(/\s+/g, ' ');
    expect(words).toContain(`email is anna@example.com. It comes from hubspot contact ${id}, changed `);
    expect(words).toContain('Its property email holds " anna@example.com", which was trimmed.');
    expect(words).toContain('Voucherify has acknowledged this value, as of');
    for (const line of explained.out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    const whole = (await tributary('explain', id)).out;
    expect(whole).toMatch(/^Customer \d+ is at revision 1, created /);
    expect(whole).toMatch(/\n\nname is Anna\. /);
    const asJson = JSON.parse((await tributary('explain', id, '--json')).out).result;
    expect(asJson).toMatchObject({ sourceId: id, fields: [{ field: 'email' }, { field: 'name' }] });

    const list = JSON.parse((await tributary('customers', 'list', 'anna', '--json')).out);
    expect(list).toMatchObject({ summary: '1 customer.', result: [{ sourceId: id, state: 'delivered' }] });
    const dead = JSON.parse((await tributary('customers', 'list', '--state', 'dead', '--json')).out);
    expect(dead).toMatchObject({ summary: '0 customers.', result: [] });
    expect((await tributary('customers', 'list', '--state', 'gone')).exitCode).toBe(2);
    const shown = await tributary('customers', 'show', 'anna@example.com');
    expect(shown.out).toMatch(new RegExp(`^Customer ${id} is at revision 1, created `));
    expect(shown.out).toMatch(/^email +"anna@example\.com" +yes$/m);
    expect(shown.out).toMatch(new RegExp(`^hubspot +contacts +${id} `, 'm'));
    expect((await tributary('customers', 'show', 'nobody')).exitCode).toBe(4);

    const pinned = await tributary('pin', id, 'metadata.points', '50', '--note', 'a gift');
    expect(pinned).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining(
        `metadata.points of customer ${id} is pinned to 50. The customer is now at revision 2`,
      ),
    });
    expect(voucherify.bySourceId(id)).toMatchObject({ metadata: { points: 50 } });
    const history = await tributary('history', id);
    expect(history.out).toContain('by a person, who pinned metadata.points: a gift:\n  metadata.points: 50');
    expect(history.out).toMatch(/Revision 1, .*, by its creation:\n {2}\S+: "/);
    const before = await tributary('history', id, '--at', '2020-01-01');
    expect(before.out).toBe(`Customer ${id} did not exist yet at 2020-01-01T00:00:00.000Z.\n`);

    const emptied = await tributary('pin', id, 'email', 'null', '--as-json', '--json');
    expect(JSON.parse(emptied.out).result).toMatchObject({ field: 'email', value: null, revision: 3 });
    expect(voucherify.bySourceId(id)?.email ?? null).toBeNull();
    expect((await tributary('unpin', id, 'email')).exitCode).toBe(0);
    expect(voucherify.bySourceId(id)).toMatchObject({ email: 'anna@example.com' });
  });

  it('shows what is in quarantine, in the list and in the status', async () => {
    hubspot.define({ name: 'numberofpoints', type: 'number', fieldType: 'number' } as never);
    const id = hubspot.create({ firstname: 'Anna', numberofpoints: 4000 }, Date.now() - 86_400_000);
    await tributary('sync', 'hubspot');
    const listed = await tributary('quarantine');
    expect(listed.exitCode).toBe(0);
    expect(listed.out.replace(/\s+/g, ' ')).toContain(
      `metadata.points of customer ${id}, record ${id} of hubspot: Found 4000, where a number of at most 100 is allowed. Nothing stands instead.`,
    );
    expect((await tributary('status')).out).toContain('In quarantine: 1 value');
    expect((await tributary('quarantine', '--field', 'name')).out).toBe('No value is in quarantine.\n');
  });

  it('lets quarantined values be for a reason, and has them open again', async () => {
    hubspot.define({ name: 'numberofpoints', type: 'number', fieldType: 'number' } as never);
    const id = hubspot.create({ firstname: 'Anna', numberofpoints: 4000 }, Date.now() - 86_400_000);
    await tributary('sync', 'hubspot');
    const which = ['--source', 'hubspot', '--field', 'metadata.points'];
    const reason = ['--reason', 'a test contact'];
    expect(await tributary('problems', 'acknowledge', 'nobody', ...which, ...reason)).toMatchObject({
      exitCode: 4,
      out: 'No value matches.\n',
    });
    expect((await tributary('problems', 'acknowledge', id, ...which, ...reason)).out).toBe(
      'Acknowledged: 1 value.\n',
    );
    expect((await tributary('quarantine')).out).toBe('No value is in quarantine.\n');
    expect((await tributary('quarantine', '--acknowledged')).out.replace(/\s+/g, ' ')).toMatch(
      /Found 4000, where .* Acknowledged by .+ at \S+: a test contact/,
    );
    const reopened = await tributary('problems', 'reopen', '--all', '--json');
    expect(JSON.parse(reopened.out)).toMatchObject({ summary: 'Reopened: 1 value.', result: { values: 1 } });
    expect((await tributary('quarantine', '--acknowledged')).out).toBe('No value is acknowledged.\n');
    for (const args of [[...which], ['--all', ...which, ...reason], [id, '--field', 'name', ...reason]])
      expect((await tributary('problems', 'acknowledge', ...args)).exitCode).toBe(2);
  });

  it('is separated by unmerge, and its source read again by rewind', async () => {
    const at = Date.now() - 86_400_000;
    const [first, second] = [hubspot.create({ firstname: 'A' }, at), hubspot.create({ firstname: 'B' }, at)];
    await tributary('sync', 'hubspot');
    const survivor = hubspot.merge(first, second, Date.now() - 3_600_000);
    await tributary('sync', 'hubspot', '--full');
    const parted = await tributary('unmerge', 'hubspot', second);
    expect(parted).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining(`Record ${second} of hubspot (contacts) is separated from ${survivor}.`),
    });
    const rewound = await tributary('rewind', 'hubspot', '--to', '2020-01-01', '--json');
    expect(rewound.exitCode).toBe(0);
    expect(JSON.parse(rewound.out).result.runs).toMatchObject([
      { state: 'finished', mode: 'incremental', received: 1 },
    ]);
  });
});

describe('usage', () => {
  it('of a record that does not exist exits with 4', async () => {
    expect(await tributary('unmerge', 'hubspot', '1')).toMatchObject({
      exitCode: 4,
      err: expect.stringMatching(/No record 1 of hubspot has been merged/),
    });
  });

  it.each([
    [['history', 'x', '--at', 'yesterday'], /"yesterday" is not a time/],
    [['pin', 'x', 'emial', 'y'], /did you mean "email"\?/],
    [['pin', 'x', 'name', '{', '--as-json'], /is not JSON/],
    [['rewind', 'files', '--to', '2026-01-01'], /csv cannot read changes since a given time/],
    [['rewind', 'hubspot'], /required option '--to <time>'/],
  ])('that is wrong exits with 2 and an explanation: %j', async (args, sentence) => {
    const { exitCode, out, err } = await tributary(...args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(sentence);
  });

  it.each(['explain', 'history', 'pin', 'unpin', 'unmerge', 'quarantine', 'rewind'])(
    'of %s is explained with examples, and exits with 0',
    async (command) => {
      const { exitCode, out } = await tributary(command, '--help');
      expect(exitCode).toBe(0);
      expect(out).toMatch(/Examples:\n {2}\$ tributary/);
      expect(out).toContain('--json');
    },
  );
});

describe('a time', () => {
  it.each([
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T12:30', '2026-03-01T12:30:00.000Z'],
    ['2026-03-01 12:30:15 +02:00', '2026-03-01T10:30:15.000Z'],
    ['2026-03-01T12:30:15.5Z', '2026-03-01T12:30:15.500Z'],
  ])('%s is %s', (written, time) => {
    expect(timeOf(written)).toBe(time);
  });

  it.each(['yesterday', '2026-13-01', '2026-03-01T25:00', '1', ''])('%j is invalid', (written) => {
    expect(() => timeOf(written)).toThrow(/is not a time/);
  });
});

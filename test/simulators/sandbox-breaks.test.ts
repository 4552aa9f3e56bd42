import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { Breaks, breaks, controlApp } from '../../simulators/sandbox/breaks.ts';
import { serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommand } from '../support/run-command.ts';

describe('the sandbox can be hurt:', () => {
  const clock = { ms: Date.parse('2026-03-01T12:00:00Z') };
  const now = () => clock.ms;
  const setUp = () => {
    const hubspot = createHubSpotSimulator({ accessToken: 'token' });
    hubspot.seed(20);
    let made: Breaks;
    const voucherify = createVoucherifySimulator({
      now,
      appId: 'app',
      appToken: 'token',
      faults: () => made.voucherifyFault(),
    });
    const killed: string[] = [];
    made = new Breaks({ hubspot, voucherify, now, kill: () => killed.push('the worker') });
    const list = async () =>
      voucherify.app.fetch(
        new Request('http://v.test/v1/customers', { headers: { 'X-App-Id': 'app', 'X-App-Token': 'token' } }),
      );
    return { hubspot, voucherify, breaks: made, list, killed };
  };

  it.each([
    ['rate-limit', 429],
    ['outage', 503],
  ])('%s has Voucherify answer %i until it is over', async (name, status) => {
    const { breaks, list } = setUp();
    expect((await list()).status).toBe(200);
    breaks.begin(name, 30);
    expect((await list()).status).toBe(status);
    clock.ms += 30_000;
    expect((await list()).status).toBe(200);
  });

  it('lost-answers loses every third answer', async () => {
    const { breaks, list } = setUp();
    breaks.begin('lost-answers', 30);
    const answers = await Promise.all(Array.from({ length: 6 }, list));
    expect(answers.filter(({ type }) => type === 'error')).toHaveLength(2);
  });

  it('blank-fields and delete-many strike three of ten contacts', () => {
    const { hubspot, breaks } = setUp();
    const count = (which: (contact: { archived: boolean; properties: object }) => boolean) =>
      [...hubspot.contacts()].filter(which).length;
    breaks.begin('blank-fields', 1);
    expect(count(({ properties }) => (properties as { city?: string }).city === '')).toBe(6);
    breaks.begin('delete-many', 1);
    expect(count(({ archived }) => archived)).toBe(6);
  });

  it('tamper changes a customer at Voucherify', () => {
    const { voucherify, breaks } = setUp();
    breaks.begin('tamper', 1);
    expect([...voucherify.customers()]).toMatchObject([
      { metadata: { company: 'Changed by another program' } },
    ]);
  });

  it('kill-worker kills the worker', () => {
    const { breaks, killed } = setUp();
    breaks.begin('kill-worker', 1);
    expect(killed).toEqual(['the worker']);
  });

  it('slow has HubSpot answer late, and lost-webhooks has its webhooks lost, until they are over', () => {
    const { breaks } = setUp();
    breaks.begin('slow', 30);
    breaks.begin('lost-webhooks', 60);
    const going = () => breaks.list().flatMap(({ name, until }) => (until === null ? [] : [name]));
    expect(going()).toEqual(['slow', 'lost-webhooks']);
    expect(breaks.lasts('slow')).toBe(true);
    clock.ms += 30_000;
    expect(going()).toEqual(['lost-webhooks']);
    clock.ms += 30_000;
    expect(going()).toEqual([]);
  });

  it('each says what happens, what to watch for, how it mends and which page shows it', () => {
    for (const { says, watch, mends, page } of Object.values(breaks)) {
      for (const sentence of [says, watch, mends]) expect(sentence).toMatch(/^[A-Z].+[.]$/);
      expect(page).toMatch(/^\/[a-z]/);
    }
  });

  it('a page in a browser cannot begin one', async () => {
    const { breaks } = setUp();
    const app = controlApp(breaks, { vendors: () => [], config: {} });
    const headers = { origin: 'https://elsewhere.example' };
    const answer = await app.request('/breaks/outage', { method: 'POST', headers });
    expect(answer.status).toBe(403);
    expect(breaks.lasts('outage')).toBe(false);
  });

  describe('by the command', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const run = (...args: string[]) =>
      runCommand(folder, ['sandbox', 'break', ...args], { TRIBUTARY_DATA_DIR: folder });

    it('which says so where none runs', async () => {
      const { exitCode, err } = await run('outage');
      expect(exitCode).toBe(1);
      expect(err).toContain('Start one with "tributary sandbox"');
    });

    it('which lists the breaks, begins one, and names them where one is misspelt', async () => {
      const { breaks: made, list } = setUp();
      const control = await serve(controlApp(made, { vendors: () => [], config: {} }));
      try {
        mkdirSync(join(folder, 'sandbox'));
        writeFileSync(join(folder, 'sandbox', 'control.json'), JSON.stringify({ url: control.url }));
        for (const name of Object.keys(breaks)) expect((await run()).out).toContain(name);
        expect((await run('outage')).out).toMatch(
          /answers every call with 503[\s\S]*Watch: [\s\S]*It mends: /,
        );
        expect((await list()).status).toBe(503);
        expect(await run('outrage')).toMatchObject({ exitCode: 2, err: expect.stringContaining('outage') });
        expect(await run('outage', '--seconds', '0')).toMatchObject({ exitCode: 2 });
      } finally {
        await control.close();
      }
    });
  });
});

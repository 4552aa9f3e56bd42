// `tributary sources connect`, in this process: a person signs in at a simulated HubSpot, in a browser that the test is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubSpotSimulator } from '../../simulators/hubspot.ts';
import { createOAuthSimulator } from '../../simulators/oauth.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { runCommand } from '../support/run-command.ts';

const app = { clientId: 'client', clientSecret: 'client-secret-00' };
const [appId, appToken] = ['app-id', 'app-token-00000000'];

let folder: string;
let served: Served[];
let oauth: ReturnType<typeof createOAuthSimulator>;
let tenant: { [name: string]: string };

// One installation for all: each command opens its database, which takes its time.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-cli-'));
  const hubspot = createHubSpotSimulator({ now: Date.now, accessToken: 'none yet', quotas: false });
  hubspot.seed(3, 1);
  tenant = { hub_id: '4711' };
  oauth = createOAuthSimulator({
    path: '/oauth/v3/token',
    ...app,
    seconds: 1_800,
    now: Date.now,
    authorizePath: '/oauth/authorize',
    extra: () => tenant,
    onIssue: (token) => {
      hubspot.accessToken = token;
    },
  });
  const voucherify = createVoucherifySimulator({ now: Date.now, appId, appToken });
  served = [
    await serve(new Hono().route('/', oauth.app).route('/', hubspot.app)),
    await serve(voucherify.app),
  ];
  const config = {
    destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url },
    sources: {
      crm: { connector: 'hubspot', oauth: app, baseUrl: served[0]!.url },
      files: { connector: 'csv' },
    },
    metadataSchema: 'none',
  };
  writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
});

afterAll(async () => {
  for (const server of served) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs it with a browser that opens the link, once it is printed; `browse` may do something else. */
async function connect(
  args: string[] = [],
  browse: (link: URL) => Promise<void> = async (link) => void (await fetch(link)),
) {
  let browsing: Promise<void> | null = null;
  const ran = await runCommand(folder, ['connect', 'crm', ...args], {}, (text) => {
    const link = /https:\S+/.exec(text)?.[0];
    if (!link || browsing) return;
    const url = new URL(link);
    expect(url.origin).toBe('https://app.hubspot.com');
    browsing = browse(new URL(url.pathname + url.search, served[0]!.url));
  });
  await browsing;
  return ran;
}

describe('connect', () => {
  it('is what a source without a sign-in asks for, and resumes it', async () => {
    const refused = await runCommand(folder, ['sync', 'crm']);
    expect(refused.out + refused.err).toMatch(
      /Nobody has signed in to crm yet\. Sign in: tributary sources connect crm/,
    );
    const { exitCode, out } = await connect();
    expect({ exitCode, out }).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/It was paused, and goes on/),
    });
  });

  it('signs in with PKCE, stores the tokens and lets the source be read', async () => {
    const { exitCode, out } = await connect(['--json']);
    expect({ exitCode, ...JSON.parse(out).result }).toEqual({
      exitCode: 0,
      source: 'crm',
      tenant: '4711',
      resumed: false,
    });
    expect(await runCommand(folder, ['sync', 'crm', '--full'])).toMatchObject({ exitCode: 0 });
    expect(oauth.state).toMatchObject({ issued: 2, refused: 0 });
  });

  it('shows no secret in what it prints', async () => {
    const { out, err } = await connect();
    expect(out).toBe('Signed in to crm (account 4711).\n');
    expect(out + err).not.toMatch(/of-the-simulator|client-secret-00/);
  });

  it('rejects an answer with another state, and waits for its own', async () => {
    const { exitCode } = await connect([], async (link) => {
      const forged = new URL(link.searchParams.get('redirect_uri')!);
      forged.search = '?code=stolen&state=forged';
      expect((await fetch(forged)).status).toBe(400);
      expect((await fetch(new URL('/elsewhere', forged))).status).toBe(400);
      expect((await fetch(link)).status).toBe(200);
    });
    expect(exitCode).toBe(0);
  });

  it('ends with an explanation where the vendor refuses', async () => {
    const { exitCode, err } = await connect([], async (link) => {
      const back = new URL(link.searchParams.get('redirect_uri')!);
      back.searchParams.set('state', link.searchParams.get('state')!);
      back.searchParams.set('error', 'access_denied');
      await fetch(back);
    });
    expect({ exitCode, err }).toEqual({
      exitCode: 1,
      err: expect.stringMatching(/The vendor refused the sign-in: access_denied\.\n$/),
    });
  });

  it('refuses an account other than the one that is read', async () => {
    tenant = { hub_id: '4712' };
    const { exitCode, err } = await connect();
    tenant = { hub_id: '4711' };
    expect(exitCode).toBe(1);
    expect(err).toMatch(/crm reads the account 4711, and this sign-in is for the account 4712/);
  });

  it('redirects to a registered address, and to this machine only', async () => {
    const free = await serve(new Hono());
    await free.close();
    const uri = `${free.url}/back`;
    const { exitCode } = await connect(['--redirect-uri', uri], async (link) => {
      expect(link.searchParams.get('redirect_uri')).toBe(uri);
      await fetch(link);
    });
    expect(exitCode).toBe(0);
    const elsewhere = await runCommand(folder, ['connect', 'crm', '--redirect-uri', 'https://example.com/b']);
    expect(elsewhere).toMatchObject({ exitCode: 2, err: expect.stringContaining('on this machine') });
  });

  it('reports that a source has no sign-in', async () => {
    const { exitCode, err } = await runCommand(folder, ['connect', 'files']);
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: 'files has no sign-in: its credentials are configured.\n',
    });
  });

  it('is not undone by a check, which does not use the tokens', async () => {
    const { issued } = oauth.state;
    const { out } = await runCommand(folder, ['check', '--json']);
    const { checks } = JSON.parse(out).result;
    expect(checks.find(({ name }: { name: string }) => name === 'crm').permissions).toEqual([
      expect.objectContaining({ allowed: null }),
    ]);
    expect(oauth.state.issued).toBe(issued);
  });

  it('is explained with examples', async () => {
    const { exitCode, out } = await runCommand(folder, ['connect', '--help']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/Examples:\n {2}\$ tributary sources connect/);
  });
});

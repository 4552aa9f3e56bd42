// `tributary sources connect` with each vendor that an OAuth app can read, from the sign-in to the customers at Voucherify: an access token
// that ends while persons are read, and a grant that is taken back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttioSimulator } from '../../simulators/attio.ts';
import { createCloseSimulator } from '../../simulators/close.ts';
import { createCopperSimulator } from '../../simulators/copper.ts';
import { createOAuthSimulator, type OAuthOptions } from '../../simulators/oauth.ts';
import { createPipedriveSimulator } from '../../simulators/pipedrive.ts';
import { type Served, serve } from '../../simulators/serve.ts';
import { createVoucherifySimulator } from '../../simulators/voucherify.ts';
import { type Clock, systemClock } from '../../src/engine/clock.ts';
import { runCommandOnServer } from '../support/run-command.ts';

const client = { clientId: 'client', clientSecret: 'client-secret-00' };
const [appId, appToken] = ['app-id', 'app-token-00000000'];
const unused = 'never used';

type Open = (deps: {
  now: () => number;
  isLive: (authorization: string | undefined) => boolean;
  faults: (path: string) => Response | undefined;
}) => { app: Hono; seed(count: number): void; ids(): string[] };

interface Vendor {
  open: Open;
  people: number;
  /** The requests that read people. */
  reads: RegExp;
  /** Where the link of the sign-in leads, and the scopes that it asks for. */
  link: string;
  scope: string | null;
  oauth: Partial<OAuthOptions> & Pick<OAuthOptions, 'path' | 'authorizePath' | 'seconds'>;
  /** The settings of a source whose API and sign-in are at this origin. */
  settings(origin: string): object;
  tenant: string | null;
}

const vendors: { [connector: string]: Vendor } = {
  pipedrive: {
    open: (deps) => {
      const simulated = createPipedriveSimulator({ ...deps, quotas: false });
      const seed = (count: number) => {
        for (let n = 0; n < count; n += 1) simulated.create({ email: `p${n}@example.com` });
      };
      return { app: simulated.app, seed, ids: () => [...simulated.persons.keys()].map(String) };
    },
    people: 600,
    reads: /\/persons/,
    link: 'https://oauth.pipedrive.com/oauth/authorize',
    scope: null,
    oauth: {
      path: '/oauth/token',
      authorizePath: '/oauth/authorize',
      seconds: 3600,
      errors: 'pipedrive',
      // The API of the company, which the configuration does not name.
      extra: (origin) => ({ api_domain: origin }),
    },
    settings: (origin) => ({ oauth: { ...client, baseUrl: origin }, baseUrl: 'https://api.pipedrive.com' }),
    tenant: 'api_domain',
  },
  close: {
    open: (deps) => createCloseSimulator({ ...deps, apiKey: unused }),
    people: 5,
    reads: /\/search/,
    link: 'https://app.close.com/oauth2/authorize',
    scope: 'all.full_access offline_access',
    oauth: {
      path: '/oauth2/token/',
      authorizePath: '/oauth2/authorize',
      seconds: 3600,
      rotates: true,
      extra: () => ({ organization_id: 'orga_1' }),
    },
    settings: (origin) => ({ oauth: client, baseUrl: origin }),
    tenant: 'orga_1',
  },
  attio: {
    open: (deps) => createAttioSimulator({ ...deps, accessToken: unused }),
    people: 5,
    reads: /\/query/,
    link: 'https://app.attio.com/authorize',
    scope: null,
    oauth: { path: '/oauth/token', authorizePath: '/authorize', seconds: null, refreshTokens: false },
    settings: (origin) => ({ oauth: { ...client, baseUrl: origin }, baseUrl: origin }),
    tenant: null,
  },
  copper: {
    open: (deps) => createCopperSimulator({ ...deps, apiKey: unused, userEmail: 'nobody@example.com' }),
    people: 5,
    reads: /\/search/,
    link: 'https://app.copper.com/oauth/authorize',
    scope: 'developer/v1/all',
    oauth: { path: '/oauth/token', authorizePath: '/oauth/authorize', seconds: 7200 },
    settings: (origin) => ({ oauth: { ...client, baseUrl: origin }, baseUrl: origin }),
    tenant: null,
  },
};

describe.each(Object.entries(vendors))('connect %s', (connector, vendor) => {
  /** Milliseconds that went by at once: what is refused is asked again a minute later. */
  let skipped = 0;
  const clock: Clock = {
    now: () => Date.now() + skipped,
    sleep: (milliseconds, signal) => systemClock.sleep(Math.min(milliseconds, 200), signal),
  };
  let folder: string;
  let served: Served[];
  let oauth: ReturnType<typeof createOAuthSimulator>;
  let simulated: ReturnType<Open>;
  let voucherify: ReturnType<typeof createVoucherifySimulator>;
  /** Called at each request that reads people. */
  let onRead: () => void = () => {};

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tributary-connect-'));
    oauth = createOAuthSimulator({ ...client, now: clock.now, ...vendor.oauth });
    simulated = vendor.open({
      now: clock.now,
      isLive: (authorization) => oauth.isLive(authorization),
      faults: (path) => {
        if (vendor.reads.test(path)) onRead();
        return undefined;
      },
    });
    simulated.seed(vendor.people);
    voucherify = createVoucherifySimulator({ now: clock.now, appId, appToken });
    served = [
      await serve(new Hono().route('/', oauth.app).route('/', simulated.app)),
      await serve(voucherify.app),
    ];
    const config = {
      destination: { connector: 'voucherify', appId, appToken, baseUrl: served[1]!.url },
      sources: { crm: { connector, mapping: { name: 'name' }, ...vendor.settings(served[0]!.url) } },
      metadataSchema: 'none',
    };
    writeFileSync(join(folder, 'tributary.config.json'), JSON.stringify(config));
  });

  afterAll(async () => {
    for (const server of served ?? []) await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Signs in with a browser that opens the link once it is printed. */
  async function connect() {
    let link: URL | undefined;
    let browsing: Promise<unknown> = Promise.resolve();
    const browse = (text: string) => {
      const shown = /https?:\S+\/\S*authorize\S*/.exec(text)?.[0];
      if (!shown || link) return;
      link = new URL(shown);
      browsing = fetch(new URL(link.pathname + link.search, served[0]!.url));
    };
    const ran = await runCommandOnServer(folder, ['connect', 'crm', '--json'], {}, browse, clock);
    await browsing;
    return { ...ran, link: link! };
  }

  const sync = async () => {
    const { exitCode, out, err } = await runCommandOnServer(
      folder,
      ['sync', 'crm', '--full'],
      {},
      (text) => {
        if (text.includes('retried once')) skipped += 60_000;
      },
      clock,
    );
    expect(out + err).not.toMatch(/of-the-simulator|client-secret-00/);
    return { exitCode, text: out + err };
  };
  const held = () => [...voucherify.customers()].map((customer) => customer.source_id).sort();

  it('signs in on the redirect to this machine, with the scopes of the vendor', async () => {
    const { exitCode, out, link } = await connect();
    expect({ exitCode, ...JSON.parse(out).result }).toMatchObject({ exitCode: 0, source: 'crm' });
    const asked = new URL(vendor.link);
    expect(link.pathname).toBe(asked.pathname);
    expect(link.searchParams.get('scope')).toBe(vendor.scope);
    expect(link.searchParams.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
    const { tenant } = JSON.parse(out).result;
    expect(tenant).toBe(vendor.tenant === 'api_domain' ? served[0]!.url : vendor.tenant);
  });

  it('leads to the vendor itself where nothing else is configured', async () => {
    const { connectors } = await import('../../connectors/index.ts');
    const described = connectors.find(({ name }) => name === connector)!;
    const settings = described.settings.parse({ oauth: client });
    const { auth } = described.api!(settings);
    expect(auth).toMatchObject({ kind: 'oauth', grant: { signIn: { authorizeUrl: vendor.link } } });
  });

  it('brings everybody to Voucherify, also where the access token ends while they are read', async () => {
    let reads = 0;
    onRead = () => {
      reads += 1;
      // Not of one that nothing can replace.
      if (reads === 2 && vendor.oauth.refreshTokens !== false) oauth.expireAll();
    };
    expect((await sync()).exitCode).toBe(0);
    expect((await sync()).exitCode).toBe(0);
    onRead = () => {};
    expect(held()).toEqual(simulated.ids().sort());
    expect(oauth.state).toMatchObject({
      issued: vendor.oauth.refreshTokens === false ? 1 : 2,
      refused: 0,
      reused: 0,
    });
  });

  it('pauses where the grant is gone, says to sign in again, and goes on after that', async () => {
    oauth.revoke();
    const { exitCode, text } = await sync();
    expect(exitCode).not.toBe(0);
    expect(text).toMatch(/Sign in again: tributary sources connect crm/);
    const { issued } = oauth.state;
    const again = await connect();
    expect({ exitCode: again.exitCode, ...JSON.parse(again.out).result }).toMatchObject({
      exitCode: 0,
      resumed: true,
    });
    expect((await sync()).exitCode).toBe(0);
    expect(oauth.state.issued).toBe(issued + 1);
    expect(held()).toEqual(simulated.ids().sort());
  });
});

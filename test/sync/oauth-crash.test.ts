// Refresh tokens that are accepted once, and processes that die at every await of a refresh: none is ever sent twice where the
// vendor has replaced it, and a person is asked to sign in only where nobody can know.

import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OAuth, TransientError, UnauthorizedError } from '#connector';
import { createOAuthSimulator } from '../../simulators/oauth.ts';
import type { Database } from '../../src/db/database.ts';
import { type Exchange, OAuthTokens } from '../../src/engine/http/oauth.ts';
import { behaviour, databases, type TestDatabase } from '../support/databases.ts';

const secretKeys = ['a-secret-key-of-this-installation'] as const;
const client = { clientId: 'client', clientSecret: 'client-secret-00' };
const first = 'first-refresh-token';
const lifeSeconds = 3_600;
const leaseMs = 45_000;
const emptied = sql`delete from oauth_tokens`;
const never = new Promise<never>(() => {});

let database: TestDatabase;
let now: number;

const clock = {
  now: () => now,
  sleep: async (milliseconds: number) => {
    now += milliseconds;
    await new Promise(setImmediate);
  },
};

beforeEach(() => {
  now = Date.parse('2026-03-01T12:00:00.000Z');
});

afterEach(() => database?.close());

function vendor(options: { graceSeconds?: number } = {}) {
  const { graceSeconds = 0 } = options;
  const simulator = createOAuthSimulator({
    path: '/token',
    ...client,
    refreshToken: first,
    seconds: lifeSeconds,
    rotates: true,
    graceSeconds,
    now: clock.now,
  });
  const oauth: OAuth = {
    kind: 'oauth',
    tokenUrl: 'https://vendor.example/token',
    client: { id: client.clientId, secret: client.clientSecret },
    grant: {
      kind: 'refresh_token',
      token: first,
      singleUse: { graceSeconds },
      signIn: { authorizeUrl: 'https://vendor.example/authorize', scopes: [] },
    },
  };
  const exchange: Exchange = async ({ form }) => {
    const body = new URLSearchParams(form);
    const response = await simulator.app.request('/token', { method: 'POST', body });
    if (response.type === 'error') throw new TransientError('no answer came', { uncertain: false });
    return { status: response.status, json: JSON.parse(await response.text()), retryAfterMs: undefined };
  };
  return { simulator, oauth, exchange };
}

type Vendor = ReturnType<typeof vendor>;

function processOf({ oauth, exchange }: Vendor, on: Database = database): OAuthTokens {
  const vault = { database: on, secretKeys };
  return new OAuthTokens({ name: 'crm', account: 'crm:1', oauth, vault, clock, exchange });
}

/** A process that dies at its `at`-th await, and what became of it: how many it had, where it lived to the end. */
async function dying(vendor: Vendor, at: number): Promise<{ awaits: number | null }> {
  let step = 0;
  const died = Promise.withResolvers<{ awaits: null }>();
  const turn = async (): Promise<void> => {
    if (step < at) step += 1;
    else if (at >= 0) {
      died.resolve({ awaits: null });
      await never;
    }
  };
  // Each call has an await before it is made and one after it was answered.
  const mortal =
    <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await turn();
      const result = await call(...args);
      await turn();
      return result;
    };
  const on = new Proxy(database, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      return name === 'rows' ? mortal(value.bind(target)) : value;
    },
  });
  const tokens = processOf({ ...vendor, exchange: mortal(vendor.exchange) }, on);
  return Promise.race([tokens.token().then(() => ({ awaits: step })), died.promise]);
}

/** What a process finds that starts later: a token that works, or the sentence that it throws. */
async function later(vendor: Vendor): Promise<'works' | string> {
  now += leaseMs + 1;
  try {
    const { accessToken } = await processOf(vendor).token();
    expect(vendor.simulator.isLive(`Bearer ${accessToken}`)).toBe(true);
    return 'works';
  } catch (error) {
    expect(error).toBeInstanceOf(UnauthorizedError);
    expect((error as UnauthorizedError).final).toBe(true);
    return (error as Error).message;
  }
}

const signInAgain = /ended while it was refreshing.*Sign in again: tributary sources connect crm$/;

describe.each(databases)('a process that dies while it refreshes, on $name', ({ open }) => {
  it('leaves a token that works or an explanation, and no refresh token is sent twice', async () => {
    database = await open();
    const outcomes: string[] = [];
    for (let at = 0; ; at += 1) {
      const crm = vendor();
      const { awaits } = await dying(crm, at);
      const found = awaits === null ? await later(crm) : 'works';
      expect(crm.simulator.state.reused).toBe(0);
      if (found !== 'works') expect(found).toMatch(signInAgain);
      outcomes.push(found === 'works' ? 'works' : crm.simulator.state.issued > 0 ? 'spent' : 'unsent');
      await database.rows(emptied);
      if (awaits !== null) break;
    }
    // In doubt are only the awaits from the note that it is sent to the token's storage.
    expect(outcomes.length).toBeGreaterThan(12);
    expect(outcomes.at(-1)).toBe('works');
    const doubtful = outcomes.filter((outcome) => outcome !== 'works');
    expect(doubtful).toContain('spent');
    expect(outcomes.join(' ')).toMatch(/^(works )+(unsent )+(spent )+works( works)*$/);
  });
});

const [{ open }] = behaviour;

describe('single-use refresh tokens', () => {
  it('survive two deaths, wherever they happen', async () => {
    database = await open();
    for (let one = 0; one < 16; one += 1)
      for (let other = 0; other < 16; other += 1) {
        const crm = vendor();
        await dying(crm, one);
        now += leaseMs + 1;
        await dying(crm, other).catch(() => {});
        const found = await later(crm);
        expect(crm.simulator.state.reused).toBe(0);
        if (found !== 'works') expect(found).toMatch(signInAgain);
        await database.rows(emptied);
      }
  });

  it('are sent once more within the time that the vendor grants', async () => {
    database = await open();
    for (let at = 0; at < 16; at += 1) {
      const crm = vendor({ graceSeconds: 300 });
      await dying(crm, at);
      expect(await later(crm)).toBe('works');
      expect(crm.simulator.state.reused).toBe(0);
      await database.rows(emptied);
    }
  });

  it('are replaced by one worker of all, however many ask', async () => {
    database = await open();
    const crm = vendor();
    const workers = await Promise.all([1, 2, 3].map(async () => processOf(crm, await database.again())));
    for (let turn = 1; turn <= 5; turn += 1) {
      const tokens = await Promise.all(workers.flatMap((worker) => [worker.token(), worker.token()]));
      expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
      expect(crm.simulator.state).toMatchObject({ issued: turn, reused: 0, refused: 0 });
      now += (lifeSeconds - 30) * 1000;
    }
  });

  it('are not lost where the database fails just after the vendor has replaced one', async () => {
    database = await open();
    const crm = vendor();
    let fails = false;
    const failing = new Proxy(database, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (name !== 'rows') return value;
        return (...args: unknown[]) =>
          fails ? Promise.reject(new Error('gone')) : value.apply(target, args);
      },
    });
    const exchange: Exchange = async (request) => {
      const answer = await crm.exchange(request);
      fails = true;
      return answer;
    };
    const tokens = processOf({ ...crm, exchange }, failing);
    await expect(tokens.token()).rejects.toThrow('gone');
    fails = false;
    expect(crm.simulator.isLive(`Bearer ${(await tokens.token()).accessToken}`)).toBe(true);
    expect(crm.simulator.state).toMatchObject({ issued: 1, reused: 0 });
  });

  it('are not sent by a process that was suspended beyond its lease', async () => {
    database = await open();
    const crm = vendor();
    const suspended = new Proxy(database, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (name !== 'rows') return value;
        return async (...args: unknown[]) => {
          const rows = await value.apply(target, args);
          now += 16_000;
          return rows;
        };
      },
    });
    await expect(processOf(crm, suspended).token()).rejects.toThrow(/taking too long/);
    expect(crm.simulator.state.issued).toBe(0);
    expect(await later(crm)).toBe('works');
  });

  it('go on after an outage of the token address, a page of a proxy, or a lost connection before it', async () => {
    database = await open();
    const crm = vendor();
    const answers = [
      Response.json({ error: 'server_error' }, { status: 503 }),
      new Response('<html>Forbidden</html>', { status: 403 }),
      Response.json({ message: 'Forbidden' }, { status: 403 }),
      Response.json({ error: 'Forbidden' }, { status: 403 }),
      Response.json({}, { status: 200 }),
      Response.error(),
    ];
    for (const answer of answers) {
      crm.simulator.state.answer = () => answer.clone();
      const found = processOf({
        ...crm,
        exchange: async (request) => {
          if (answer.type === 'error') throw new TransientError('no connection', { uncertain: false });
          const response = await crm.simulator.app.request('/token', {
            method: 'POST',
            body: new URLSearchParams(request.form),
          });
          const text = await response.text();
          const json = text.startsWith('{') ? JSON.parse(text) : undefined;
          return { status: response.status, json, retryAfterMs: undefined };
        },
      }).token();
      await expect(found).rejects.toBeInstanceOf(TransientError);
    }
    crm.simulator.state.answer = null;
    expect((await processOf(crm).token()).accessToken).toMatch(/^access-1/);
    expect(crm.simulator.state).toMatchObject({ issued: 1, reused: 0 });
  });

  it('are not taken from the configuration again where the secret key is gone', async () => {
    database = await open();
    const crm = vendor();
    await processOf(crm).token();
    const vault = { database, secretKeys: ['another-secret-key-of-this-installation'] as const };
    const about = { name: 'crm', account: 'crm:1', oauth: crm.oauth, clock, exchange: crm.exchange };
    await expect(new OAuthTokens({ ...about, vault }).token()).rejects.toThrow(/TRIBUTARY_OLD_SECRET_KEYS/);
    expect(crm.simulator.state.reused).toBe(0);
    const both = { database, secretKeys: [vault.secretKeys[0], secretKeys[0]] as const };
    expect((await new OAuthTokens({ ...about, vault: both }).token()).accessToken).toMatch(/^access-1/);
    // It was sealed again: the old key is not needed any more.
    expect((await new OAuthTokens({ ...about, vault }).token()).accessToken).toMatch(/^access-1/);
  });

  it('are used until they expire while the next cannot be requested', async () => {
    database = await open();
    const crm = vendor();
    const tokens = processOf(crm);
    const before = await tokens.token();
    now += (lifeSeconds - 30) * 1000;
    crm.simulator.state.answer = () => Response.json({ error: 'server_error' }, { status: 503 });
    expect(await tokens.token()).toEqual(before);
    now += 60_000;
    await expect(tokens.token()).rejects.toBeInstanceOf(TransientError);
    crm.simulator.state.answer = null;
    expect((await tokens.token()).accessToken).toMatch(/^access-2/);
  });
});

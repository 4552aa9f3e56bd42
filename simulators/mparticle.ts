// The simulated mParticle workspace: profiles that are resolved one at a time, and the batches that the event output "Webhook" sends.
// Its IDs have more digits than a JavaScript number keeps, and numbers are texts. Facts: the vendor's documentation and API documents.
import { type Context, Hono } from 'hono';
import { createOAuthSimulator } from './oauth.ts';
import { QuotaWindows } from './quota-windows.ts';

export interface MparticleOptions {
  now: () => number;
  clientId: string;
  clientSecret: string;
  /** `org/account/workspace`. */
  place: string;
  /** Calls in a second. Default: 15. */
  perSecond?: number;
  /** How long a token takes. Default: none. */
  tokenLatency?: () => Promise<void>;
  /** Answers in place of mParticle's own. */
  faults?: () => Response | undefined;
}

export interface Identity {
  type: string;
  value: string;
  encoding?: string;
}

export interface Profile {
  mpid: bigint;
  identities: Identity[];
  attributes: { [name: string]: string | string[] };
  storedAt: number;
}

const scopes = ['org', 'account', 'workspace'];

export function createMparticleSimulator(options: MparticleOptions) {
  const { now, place, perSecond = 15 } = options;
  const app = new Hono();
  const profiles = new Map<bigint, Profile>();
  const second = new QuotaWindows([{ name: 'second', requests: perSecond, seconds: 1 }]);
  const oauth = createOAuthSimulator({
    path: '/oauth/token',
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    seconds: 28_800,
    clientCredentials: true,
    json: true,
    now,
    ...(options.tokenLatency && { latency: options.tokenLatency }),
  });
  const state = { calls: 0, refused: 0, batches: 0 };
  app.route('/', oauth.app);

  const failure = (c: Context, status: 400 | 401 | 429, message: string) =>
    c.json({ errors: [{ code: status === 429 ? 'TOO_MANY_REQUESTS' : 'BAD_REQUEST', message }] }, status);

  app.post('/userprofile/v1/resolve/:org/:account/:workspace', async (c) => {
    state.calls += 1;
    const fault = options.faults?.();
    if (fault) return fault;
    if (!oauth.isLive(c.req.header('authorization'))) return failure(c, 401, 'The token is invalid');
    if (!second.admit(now()).admitted) {
      state.refused += 1;
      c.header('Retry-After', '1');
      c.header('X-mp-rate-limit-exceeded', scopes[state.refused % 3]!);
      return failure(c, 429, 'Rate limit exceeded');
    }
    const { org, account, workspace } = c.req.param();
    if (`${org}/${account}/${workspace}` !== place) return failure(c, 400, 'The workspace is invalid');
    const { environment_type: environment, identity } = await c.req.json();
    if (environment !== 'production') return failure(c, 400, 'The profile is invalid');
    const found = [...profiles.values()].find(({ identities }) =>
      identities.some(({ type, value }) => type === identity?.type && value === identity?.value),
    );
    if (!found) return failure(c, 400, 'The profile is invalid');
    const fields = (c.req.query('fields') ?? '').split(',');
    const body = {
      mpid: found.mpid,
      created_timestamp_ms: found.storedAt,
      last_stored_timestamp_ms: found.storedAt,
      is_opted_out: false,
      ...(fields.includes('user_identities') && {
        user_identities: found.identities.map(({ type, value, encoding = 'raw' }) => ({
          type,
          encoding,
          value,
        })),
      }),
      ...(fields.includes('user_attributes') && { user_attributes: found.attributes }),
    };
    c.header('X-mp-rate-limit-percentage-used', '10');
    return c.body(rawJson(body), 200, { 'content-type': 'application/json' });
  });

  function create(identities: Identity[], attributes: Profile['attributes'] = {}): bigint {
    // Every other one is negative, and all are beyond 2^53.
    const sign = profiles.size % 2 ? -1n : 1n;
    const mpid = sign * (9_080_350_317_581_165_001n + BigInt(profiles.size));
    profiles.set(mpid, { mpid, identities, attributes, storedAt: now() });
    return mpid;
  }

  /** One batch as it stands now, as text. `filtered`: attributes that the connection does not forward. */
  function batch(
    mpid: bigint,
    { environment = 'production', filtered = [] as string[], more = {} as object, at = now() } = {},
  ): string {
    const { identities, attributes } = profiles.get(mpid)!;
    state.batches += 1;
    const shown = Object.entries(attributes).filter(([name]) => !filtered.includes(name));
    return rawJson({
      mpid,
      batch_id: -1_586_912_177_303_106_613n - BigInt(state.batches),
      environment,
      timestamp_unixtime_ms: at,
      schema_version: 2,
      source_request_id: `request-${state.batches}`,
      user_identities: identities.map(({ type, value, encoding }) => ({
        identity_type: type,
        identity: value,
        ...(encoding && { encoding }),
        timestamp_unixtime_ms: at,
      })),
      user_attributes: Object.fromEntries(shown),
      deleted_user_attributes: [],
      events: [],
      ...more,
    });
  }

  return {
    app,
    state,
    profiles,
    create,
    batch,
    change(mpid: bigint, attributes: Profile['attributes']): void {
      const profile = profiles.get(mpid)!;
      Object.assign(profile, { attributes: { ...profile.attributes, ...attributes }, storedAt: now() });
    },
    remove: (mpid: bigint) => profiles.delete(mpid),
  };
}

/** JSON in which whole numbers of any length are written out. */
export function rawJson(body: unknown): string {
  const text = JSON.stringify(body, (_, value) => (typeof value === 'bigint' ? `#${value}#` : value));
  return text.replaceAll(/"#(-?\d+)#"/g, '$1');
}

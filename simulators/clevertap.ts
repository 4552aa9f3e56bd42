// The simulated CleverTap account: profiles of those who did an event on some day, by a cursor that is encoded once too often; single
// profiles by identity; and what the webhook channel sends. Failures are answered with 200. Facts: the vendor's sample bodies.
import { type Context, Hono } from 'hono';

export interface ClevertapOptions {
  now: () => number;
  accountId: string;
  passcode: string;
  /** How often a new query answers that it is still in progress. Default: 0. */
  inProgress?: number;
  /** How an unknown profile is answered. Default: `fail`. */
  unknown?: 'fail' | 'empty';
  /** Queries are forgotten after so long. Default: never. */
  queryLivesMs?: number;
  /** False: the passcode may read and not write. Default: true. */
  mayWrite?: boolean;
  /** Why the record of an identity is not stored. */
  writeFault?: (identity: string) => string | undefined;
  /** Answers in place of CleverTap's own. */
  faults?: (path: string) => Response | undefined;
}

export interface Profile {
  /** None: anonymous. The first is shown in lists. */
  identities: string[];
  system: { name?: string; email?: string; phone?: string };
  profileData: { [name: string]: unknown };
  /** Days on which the event was done, `YYYYMMDD`. */
  days: number[];
}

interface Upload {
  identity: string;
  ts?: number;
  profileData: Profile['profileData'];
}

const maxUploaded = 1_000;
const maxReads = 3;
const eventName = 'App Launched';

export function createClevertapSimulator(options: ClevertapOptions) {
  const { now, accountId, passcode, unknown = 'fail' } = options;
  const app = new Hono();
  const profiles: Profile[] = [];
  const queries = new Map<string, { found: Profile[]; size: number; at: number; waits: number }>();
  const state = { underWay: 0, refused: 0, queries: 0, uploads: 0 };
  let serial = 0;

  const fail = (c: Context, error: string, code: number, status: 200 | 401 | 429 = 200) =>
    c.json({ status: 'fail', error, code }, status);

  app.use('/1/*', async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    const isKnown =
      c.req.header('x-clevertap-account-id') === accountId &&
      c.req.header('x-clevertap-passcode') === passcode;
    if (!isKnown) return fail(c, 'Invalid account ID or passcode', 401, 401);
    if (state.underWay >= maxReads) {
      state.refused += 1;
      return fail(c, 'Too many concurrent requests', 429, 429);
    }
    state.underWay += 1;
    await new Promise((resolve) => setImmediate(resolve));
    try {
      return await next();
    } finally {
      state.underWay -= 1;
    }
  });

  app.post('/1/profiles.json', async (c) => {
    const { event_name: name, from, to } = await c.req.json();
    if (!isDay(from) || !isDay(to) || from > to) return fail(c, 'Invalid date range', 510);
    state.queries += 1;
    const cursor = `AfljfgIJBgBnamF5Kz8NegcB${state.queries}==`;
    const found = profiles.filter(
      ({ days }) => name === eventName && days.some((day) => day >= from && day <= to),
    );
    const size = Math.min(Number(c.req.query('batch_size') ?? 10), 5_000);
    queries.set(`${cursor}0`, { found, size, at: now(), waits: options.inProgress ?? 0 });
    return c.json({ status: 'success', cursor: `${cursor}0` });
  });

  app.get('/1/profiles.json', (c) => {
    const cursor = c.req.query('cursor') ?? '';
    const [, name = '', offset = ''] = /^(.*==)(\d+)$/.exec(cursor) ?? [];
    const query = queries.get(`${name}0`);
    if (!query || now() - query.at > (options.queryLivesMs ?? Number.POSITIVE_INFINITY))
      return fail(c, 'Cursor is invalid or has expired', 525);
    if (query.waits > 0) {
      query.waits -= 1;
      return fail(c, 'Request still in progress, please retry later', 1);
    }
    const from = Number(offset);
    const page = query.found.slice(from, from + query.size).filter((one) => profiles.includes(one));
    const isLast = from + query.size >= query.found.length;
    return c.json({
      status: 'success',
      previous_cursor: cursor,
      ...(!isLast && { next_cursor: encodeURIComponent(`${name}${from + query.size}`) }),
      records: page.map((one) => shown(one, { withIdentity: true })),
    });
  });

  app.get('/1/profile.json', (c) => {
    const identity = c.req.query('identity') ?? '';
    const found = profiles.find(({ identities }) => identities.includes(identity));
    // By another identity than the first, the profile says whose it is.
    if (found)
      return c.json({
        status: 'success',
        record: shown(found, { withIdentity: found.identities[0] !== identity }),
      });
    return unknown === 'fail' ? fail(c, 'Profile not found', 404) : c.json({ status: 'success', record: {} });
  });

  /** Answered 200 whatever happens; a record that fails is echoed, and the order is not that of the request (recorded). */
  app.post('/1/upload', async (c) => {
    if (options.mayWrite === false) return fail(c, 'The passcode may not upload', 401, 401);
    const { d = [] } = (await c.req.json()) as { d?: Upload[] };
    if (d.length === 0 || d.length > maxUploaded) return fail(c, 'Invalid number of records', 514);
    state.uploads += 1;
    const unprocessed = d.flatMap((record, index) => {
      const error = uploadFault(record);
      if (error === undefined) store(record);
      const words = `${error} Skipped record number : ${index + 1}`;
      return error === undefined ? [] : [{ status: 'fail', code: 515, error: words, record }];
    });
    const processed = d.length - unprocessed.length;
    const status = unprocessed.length === 0 ? 'success' : processed === 0 ? 'fail' : 'partial';
    return c.json({ status, processed, unprocessed: unprocessed.reverse() });
  });

  function uploadFault({ identity, ts, profileData }: Upload): string | undefined {
    if (!ts) return 'Timestamp is missing.';
    if (identity === undefined) return 'Identity is missing.';
    const isLong = Object.values(profileData).some((value) => Buffer.byteLength(String(value)) > 512);
    return isLong ? 'Property value is too long.' : options.writeFault?.(identity);
  }

  /** An unknown identity makes a profile. */
  function store({ identity, profileData }: Upload): void {
    const known = profiles.find(({ identities }) => identities.includes(identity));
    const { profileData: data } = known ?? create({ identities: [identity], system: {}, days: [] });
    for (const [name, value] of Object.entries(profileData)) {
      if (value !== null && typeof value === 'object' && '$delete' in value) delete data[name];
      else data[name] = value;
    }
  }

  // Unknown paths are answered with nothing.
  app.notFound((c) => c.body(''));

  function shown({ identities, system, profileData }: Profile, { withIdentity }: { withIdentity: boolean }) {
    return {
      ...(withIdentity && identities[0] !== undefined && { identity: identities[0] }),
      ...system,
      profileData,
      platformInfo: [{ platform: 'Web', objectId: `-${identities[0] ?? '__g'}` }],
    };
  }

  function create(given: Partial<Profile> = {}): Profile {
    serial += 1;
    const profile = {
      identities: [`shop-${serial}`],
      system: { name: `Person ${serial}`, email: `p${serial}@example.com` },
      profileData: {},
      days: [dayOf(now())],
      ...given,
    };
    profiles.push(profile);
    return profile;
  }

  return {
    app,
    state,
    profiles,
    create,
    /** The person does the event, which is when the profile is found. */
    change(identity: string, values: Profile['profileData']): void {
      const profile = profiles.find(({ identities }) => identities.includes(identity))!;
      Object.assign(profile.profileData, values);
      profile.days.push(dayOf(now()));
    },
    remove(identity: string): void {
      const at = profiles.findIndex(({ identities }) => identities.includes(identity));
      profiles.splice(at, 1);
    },
    ids: (): string[] => profiles.flatMap(({ identities }) => identities[0] ?? []),
    /** What the webhook channel sends of these profiles: a list, or one object; in either letter case. */
    webhook(of: readonly Profile[], { single = false, capitals = false } = {}): string {
      const sent = of.map(({ identities, system, profileData }) => ({
        [capitals ? 'Identity' : 'identity']: identities[0],
        [capitals ? 'Email' : 'email']: system.email,
        objectId: `-${identities[0] ?? '__g'}`,
        profileData,
        push_token: null,
      }));
      const profilesKey = capitals ? 'Profiles' : 'profiles';
      return JSON.stringify({
        targetId: 1_520_413_312,
        key_values: {},
        [profilesKey]: single ? sent[0] : sent,
      });
    },
  };
}

function isDay(value: unknown): boolean {
  return typeof value === 'number' && /^20\d{6}$/.test(String(value));
}

/** `YYYYMMDD` in the account's time zone, which is UTC. */
export function dayOf(at: number): number {
  return Number(new Date(at).toISOString().slice(0, 10).replaceAll('-', ''));
}

// The simulated MoEngage workspace: users read by ID, twenty in a call and in any order, and what Streams and connector campaigns send.
// Writes show up late, deleted users are still read for a day, whole numbers are written with a point. Facts: the vendor's Data API
// document, and recorded Streams bodies.
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export interface MoengageOptions {
  now: () => number;
  workspaceId: string;
  dataApiKey: string;
  /** How long after a write reads show what was before it. Default: 0. */
  visibleAfterMs?: number;
  /** Users in a minute. Default: 1000. */
  usersPerMinute?: number;
  /** False: the key may read and not write. Default: true. */
  mayWrite?: boolean;
  /** Whether what is written of this user is dropped, without a word. */
  drops?: (uid: string) => boolean;
  /** What clears an attribute. Default: `unset_attributes`. */
  clearing?: 'unset_attributes' | 'null';
  /** Answers in place of MoEngage's own. */
  faults?: () => Response | undefined;
}

interface State {
  at: number;
  attributes: { [name: string]: unknown };
}

interface User {
  /** MoEngage's own ID. */
  id: string;
  /** Absent from anonymous users. */
  uid?: string;
  states: State[];
  deletedAt?: number;
}

const maxUsers = 20;
const maxBulkBytes = 100_000;
const maxEvents = 100;
const dayMs = 86_400_000;

export function createMoengageSimulator(options: MoengageOptions) {
  const { now, workspaceId, dataApiKey, visibleAfterMs = 0, usersPerMinute = 1_000 } = options;
  const app = new Hono();
  const users = new Map<string, User>();
  const minute = new QuotaWindows([{ name: 'minute', requests: usersPerMinute, seconds: 60 }]);
  const basic = `Basic ${Buffer.from(`${workspaceId}:${dataApiKey}`).toString('base64')}`;
  const state = { calls: 0, refused: 0, writes: 0 };
  /** That of the first value of an attribute is that of all. */
  const types = new Map<string, string>();
  let serial = 0;
  let events = 0;

  const fail = (c: Context, status: 400 | 401 | 413 | 415 | 429, type: string, message: string) =>
    c.json({ status: 'fail', error: { message, type, request_id: `r${state.calls}` } }, status);

  app.use('/v1/*', async (c, next) => {
    state.calls += 1;
    const fault = options.faults?.();
    if (fault) return fault;
    if (c.req.header('authorization') !== basic)
      return fail(c, 401, 'Authentication required', 'The workspace ID or the key is invalid');
    return next();
  });

  app.post('/v1/customers/export', async (c) => {
    if (!c.req.header('content-type')?.startsWith('application/json'))
      return fail(c, 415, 'Unsupported Media Type', 'Use application/json');
    if (c.req.query('app_id') !== workspaceId) return fail(c, 400, 'BadRequest', 'app_id is invalid');
    const { identifiers = [], user_fields_to_export: fields = [] } =
      ((await c.req.json()) as Export).data ?? {};
    if (identifiers.length > maxUsers)
      return fail(c, 400, 'LimitBreached', `max limit allowed is ${maxUsers}`);
    if (fields.length === 0) return fail(c, 400, 'BadRequest', 'user_fields_to_export is required');
    if (!identifiers.map(() => minute.admit(now()).admitted).every(Boolean)) return refused(c);
    const found = identifiers.map((identifier) => ({ identifier, user: known(identifier) }));
    const answers = found.flatMap(({ user }) => (user ? [{ user_attributes: shown(user, fields) }] : []));
    const body = {
      status: 'success',
      type: 'export_users',
      data: {
        users: answers.reverse(),
        users_not_found: found.flatMap(({ identifier, user }) => (user ? [] : [identifier])),
      },
    };
    return c.body(withPoints(body), 200, { 'content-type': 'application/json' });
  });

  /** A success whatever is inside: what cannot be stored is dropped. */
  app.post('/v1/transition/:workspace', async (c) => {
    if (options.mayWrite === false) return fail(c, 401, 'Authentication required', 'The key may not write');
    const text = await c.req.text();
    if (Buffer.byteLength(text) > maxBulkBytes) return fail(c, 413, 'Payload too large', '100 KB at most');
    const { elements = [] } = JSON.parse(text) as { elements?: Element[] };
    if (elements.length === 0) return fail(c, 400, 'MissingAttributeError', 'elements cannot be empty array');
    state.writes += 1;
    for (const element of elements) write(element);
    return c.json({
      status: 'success',
      message: 'Your request has been accepted and will be processed soon.',
    });
  });

  function write({ customer_id: uid, update_existing_only: only = false, ...element }: Element): void {
    const { attributes = {}, unset_attributes: unset = [] } = element;
    if (options.drops?.(uid) || (only && !byUid(uid))) return;
    if (!byUid(uid)) create({}, uid);
    const user = byUid(uid)!;
    const next = { ...user.states.at(-1)!.attributes };
    const { clearing = 'unset_attributes' } = options;
    for (const { attr } of clearing === 'unset_attributes' ? unset : []) delete next[attr];
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null && clearing === 'null') delete next[name];
      if (value === null) continue;
      const type = types.get(name) ?? typeOf(value);
      types.set(name, type);
      if (type === typeOf(value)) next[name] = value;
    }
    user.states.push({ at: now(), attributes: next });
  }

  /** In one shape or the other. */
  function refused(c: Context): Response {
    state.refused += 1;
    c.header('Retry-After', '30');
    return state.refused % 2
      ? fail(c, 429, 'RateLimitError', 'Too many users in a minute')
      : c.json({ title: 'Rate limit', description: 'Too many users in a minute' }, 429);
  }

  function known({ identifier_type: type, identifier }: Identifier): User | undefined {
    const user = type === 'customer_id' ? byUid(identifier) : users.get(identifier);
    const isGone = user?.deletedAt !== undefined && now() - user.deletedAt >= dayMs;
    return user && !isGone && stateOf(user, now() - visibleAfterMs) ? user : undefined;
  }

  function byUid(uid: string): User | undefined {
    return [...users.values()].find((user) => user.uid === uid);
  }

  function stateOf(user: User, until: number): State | undefined {
    return user.states.findLast(({ at }) => at <= until);
  }

  function shown(user: User, fields: readonly string[]): { [name: string]: unknown } {
    const all = { ...stateOf(user, now() - visibleAfterMs)!.attributes, id: user.id, customer_id: user.uid };
    return Object.fromEntries(Object.entries(all).filter(([name]) => fields.includes(name)));
  }

  function create(attributes: { [name: string]: unknown } = {}, uid?: string): string {
    serial += 1;
    const id = (0x652f_0000 + serial).toString(16).padStart(24, '0');
    const own = { u_l_a: now(), cr_t: now(), ...attributes };
    users.set(id, { id, ...(uid !== undefined && { uid }), states: [{ at: now(), attributes: own }] });
    return id;
  }

  function userOf(uid: string): User {
    const user = byUid(uid) ?? users.get(uid);
    if (!user) throw new Error(`the workspace has no user ${uid}`);
    return user;
  }

  function change(uid: string, attributes: { [name: string]: unknown }): void {
    const user = userOf(uid);
    user.states.push({ at: now(), attributes: { ...user.states.at(-1)!.attributes, ...attributes } });
  }

  function event(uid: string) {
    const user = userOf(uid);
    events += 1;
    return {
      event_name: 'Email Clicked',
      event_code: 'MOE_EMAIL_CLICK',
      event_type: 'CAMPAIGN_EVENT',
      event_uuid: `uuid-${events}`,
      event_time: Math.floor(now() / 1000),
      event_source: 'MOENGAGE',
      ...(user.uid !== undefined && { uid: user.uid }),
      event_attributes: { payment_id: 4_000_052_183 },
      // Filled in later than they are written: the state before the last.
      user_attributes: { moengage_user_id: user.id, ...(user.states.at(-2) ?? user.states[0]!).attributes },
      device_attributes: { moengage_device_id: `device-${user.id}` },
    };
  }

  return {
    app,
    state,
    users,
    create,
    change,
    event,
    /** As it is, whether it is visible yet or not. */
    get: (uid: string) => byUid(uid)?.states.at(-1)?.attributes,
    delete(uid: string): void {
      userOf(uid).deletedAt = now();
    },
    /** A batch of Streams, as text. */
    batch(list: readonly object[]): string {
      if (list.length > maxEvents) throw new Error(`a batch has at most ${maxEvents} events`);
      return withPoints({ app_name: 'Shop', source: 'MOENGAGE', moe_request_id: `m${events}`, events: list });
    },
    /** The older dialect: one event, its fields at the top. */
    flat: (one: object): string => withPoints({ app_name: 'Shop', source: 'MOENGAGE', ...one }),
  };
}

interface Element {
  customer_id: string;
  update_existing_only?: boolean;
  attributes?: { [name: string]: unknown };
  unset_attributes?: { attr: string }[];
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}

interface Identifier {
  identifier_type: string;
  identifier: string;
}

interface Export {
  data?: { identifiers?: Identifier[]; user_fields_to_export?: string[] };
}

/** JSON in which whole numbers have a point: `"points": 12.0`. */
function withPoints(body: unknown): string {
  return JSON.stringify(body).replaceAll(/([:,[])(-?\d+)(?=[,}\]])/g, '$1$2.0');
}

// The simulated Zoho CRM organization: contacts by COQL and by ID, a feed of deletions that forgets, merges without a link, times
// in the zone of the user, nothing as 204, and credits. https://www.zoho.com/crm/developer/docs/api/v8/
import { type Context, Hono } from 'hono';
import { createOAuthSimulator, type OAuthOptions } from './oauth.ts';

export type ZohoOptions = {
  now: () => number;
  /** A token that lives for good, in place of `oauth`. */
  accessToken?: string;
  oauth?: Pick<OAuthOptions, 'clientId' | 'clientSecret' | 'refreshToken'>;
  organizationId?: string;
  /** Credits of 24 hours. Default: 5,000. */
  credits?: number;
  /** The profile of the user. Default: Administrator. */
  profile?: string;
  /** When the channel for notifications expires, epoch milliseconds. Default: there is none. */
  channelExpiry?: number;
  /** Answers in place of the organization's own. */
  faults?: (path: string, query: string) => Response | undefined;
};

export type Row = { id: string; modifiedAt: number; [field: string]: unknown };

const root = '/crm/v8';
const recycledMs = 60 * 86_400_000;
const weekMs = 7 * 86_400_000;
const fields = [
  ['id', 'bigint'],
  ['First_Name', 'text'],
  ['Last_Name', 'text'],
  ['Email', 'email'],
  ['Mobile', 'phone'],
  ['Phone', 'phone'],
  ['Mailing_City', 'text'],
  ['Account_Name', 'lookup'],
  ['Owner', 'ownerlookup'],
  ['Tier', 'picklist'],
  ['Modified_Time', 'datetime'],
  ['Orders', 'subform'],
  ...Array.from({ length: 60 }, (_, at) => [`Extra_${at}`, 'text'] as const),
] as const;

export function createZohoSimulator(options: ZohoOptions) {
  const { now, credits = 5_000, organizationId = '20101234567' } = options;
  const app = new Hono();
  const rows = new Map<string, Row>();
  const deletions: { id: string; at: number }[] = [];
  /** IDs of contacts whose merge is under way. */
  const merging = new Set<string>();
  /** Of notifications, by their ID. */
  const channels = new Map<string, { id: string; expiry: number; token?: string; address?: string }>();
  const state = {
    asked: [] as string[],
    spent: 0,
    offset: '+03:00',
    parallel: false,
    unmodified: 0,
    renewals: 0,
  };
  const oauth = options.oauth
    ? createOAuthSimulator({
        path: '/oauth/v2/token',
        authorizePath: '/oauth/v2/auth',
        seconds: 3_600,
        now,
        errors: 'zoho',
        ...options.oauth,
        extra: (origin) => ({ api_domain: origin }),
      })
    : null;
  let serial = 0n;

  const failure = (
    c: Context,
    status: 400 | 401 | 403 | 404 | 429,
    code: string,
    message: string,
    details = {},
  ) => c.json({ code, details, message, status: 'error' }, status);
  const nothing = (c: Context) => c.body(null, 204);

  if (oauth) app.route('/', oauth.app);
  app.use(`${root}/*`, async (c, next) => {
    const { path } = c.req;
    const text = c.req.method === 'POST' ? await c.req.raw.clone().text() : '';
    const query = text ? JSON.parse(text).select_query : '';
    state.asked.push(text ? query : path + decodeURIComponent(new URL(c.req.url).search));
    const fault = options.faults?.(path, query);
    if (fault) return fault;
    const authorization = c.req.header('authorization') ?? '';
    const isKnown =
      authorization.startsWith('Zoho-oauthtoken ') &&
      (oauth ? oauth.isLive(authorization) : authorization.endsWith(` ${options.accessToken}`));
    if (!isKnown) return failure(c, 401, 'INVALID_TOKEN', 'invalid oauth token');
    const limit = Number(/limit (\d+)$/.exec(query)?.[1] ?? 1);
    const cost = limit > 1_000 ? 3 : limit > 200 ? 2 : 1;
    // Credits and calls at once are refused alike.
    if (state.parallel || state.spent + cost > credits) {
      if (!state.parallel) c.header('x-api-credits-remaining', '0');
      return failure(c, 429, 'TOO_MANY_REQUESTS', 'too many requests fired in concurrently');
    }
    state.spent += cost;
    await next();
    if (state.spent * 2 > credits) c.header('x-api-credits-remaining', String(credits - state.spent));
    return undefined;
  });

  /** In the zone of the user, without milliseconds. */
  function timeOf(at: number): string {
    const [hours, minutes] = state.offset.split(':').map(Number) as [number, number];
    const shifted = at + (hours * 60 + Math.sign(hours) * minutes) * 60_000;
    return `${new Date(shifted).toISOString().slice(0, 19)}${state.offset}`;
  }

  /** `names`: COQL gives no `$` field, and of a lookup the ID. */
  function shown(row: Row, names: readonly string[], way: 'query' | 'get'): object {
    const value = (name: string) => {
      const given = row[name] ?? null;
      if (name === 'Modified_Time') return timeOf(row.modifiedAt);
      const isLookup = given !== null && typeof given === 'object' && 'id' in given;
      return isLookup && way === 'query' ? { id: given.id } : given;
    };
    return {
      ...Object.fromEntries(names.map((name) => [name, value(name)])),
      ...(way === 'get' && { $in_merge: merging.has(row.id), $approved: true }),
      id: row.id,
    };
  }

  app.post(`${root}/coql`, async (c) => {
    const { select_query } = await c.req.json();
    const query = parse(select_query);
    if (!query) return failure(c, 400, 'SYNTAX_ERROR', 'missing clause');
    const unknown = query.names.find((name) => !fields.some(([known]) => known === name));
    if (unknown)
      return failure(c, 400, 'INVALID_QUERY', 'column given seems to be invalid', { column_name: unknown });
    const found = [...rows.values()].filter(query.matches).sort(query.compare);
    if (found.length === 0) return nothing(c);
    const data = found.slice(0, query.limit).map((row) => shown(row, query.names, 'query'));
    return c.json({ data, info: { count: data.length, more_records: found.length > data.length } });
  });

  app.get(`${root}/Contacts/deleted`, (c) => {
    const since = Date.parse(c.req.header('if-modified-since') ?? '1970-01-01T00:00:00Z');
    const size = Number(c.req.query('per_page') ?? 200);
    const page = Number(c.req.query('page') ?? 1);
    const known = deletions.filter(({ at }) => at > now() - recycledMs).toReversed();
    const found = known.filter(({ at }) => at >= since);
    if (known.length > 0 && found.length === 0) {
      state.unmodified += 1;
      return c.body(null, 304);
    }
    const data = found.slice((page - 1) * size, page * size).map(({ id, at }) => ({
      id,
      display_name: 'Somebody',
      type: 'recycle',
      deleted_time: timeOf(at),
    }));
    if (data.length === 0) return nothing(c);
    return c.json({ data, info: { per_page: size, page, more_records: page * size < found.length } });
  });

  app.get(`${root}/Contacts`, (c) => {
    const ids = (c.req.query('ids') ?? '').split(',');
    const names = (c.req.query('fields') ?? '').split(',').filter(Boolean);
    if (ids.length > 100) return failure(c, 400, 'LIMIT_EXCEEDED', 'too many ids');
    if (names.length === 0) return failure(c, 400, 'REQUIRED_PARAM_MISSING', 'fields is required');
    if (names.length > 50) return failure(c, 400, 'LIMIT_EXCEEDED', 'too many fields');
    const found = [...rows.values()].filter(({ id }) => ids.includes(id));
    if (found.length === 0) return nothing(c);
    return c.json({
      data: found.map((row) => shown(row, names, 'get')),
      info: { count: found.length, more_records: false },
    });
  });

  app.get(`${root}/Contacts/:id`, (c) => {
    const row = rows.get(c.req.param('id'));
    const names = (c.req.query('fields') ?? '').split(',').filter(Boolean);
    if (!row) return nothing(c);
    return c.json({ data: [shown(row, names, 'get')] });
  });

  app.get(`${root}/settings/fields`, (c) =>
    c.json({
      fields: fields.map(([api_name, data_type]) => ({ api_name, data_type, field_label: api_name })),
    }),
  );
  app.get(`${root}/users`, (c) =>
    c.json({ users: [{ id: '1', profile: { name: options.profile ?? 'Administrator', id: '2' } }] }),
  );
  app.get(`${root}/org`, (c) => c.json({ org: [{ zgid: organizationId }] }));
  app.get(`${root}/actions/watch`, (c) => {
    const open = [...channels.values()].filter(({ expiry }) => expiry > now());
    if (options.channelExpiry !== undefined)
      open.push({ id: '1000000068001', expiry: options.channelExpiry });
    if (open.length === 0) return nothing(c);
    return c.json({
      watch: open.map(({ id, expiry }) => ({ channel_id: id, channel_expiry: timeOf(expiry) })),
    });
  });
  app.on(['POST', 'PATCH'], `${root}/actions/watch`, async (c) => {
    const body = (await c.req.json()) as { watch: { [name: string]: unknown }[] };
    const [asked = {}] = body.watch;
    const { channel_id, channel_expiry, token, notify_url, events } = asked;
    const failed = (message: string) =>
      c.json({ watch: [{ code: 'INVALID_DATA', details: {}, message, status: 'error' }] }, 207);
    const expiry = Date.parse(String(channel_expiry));
    if (!/^\d+$/.test(String(channel_id))) return failed('invalid channel_id');
    if (
      !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/.test(String(channel_expiry)) ||
      expiry > now() + weekMs
    )
      return failed('invalid channel_expiry');
    if (String(token).length > 50) return failed('invalid token');
    const known = channels.get(String(channel_id));
    const isOpen = known !== undefined && known.expiry > now();
    if (isOpen !== (c.req.method === 'PATCH')) return failed('the channel is, or is not, subscribed');
    if (!isOpen && JSON.stringify(events) !== '["Contacts.all"]') return failed('invalid events');
    const channel = { id: String(channel_id), expiry, token: String(token), address: String(notify_url) };
    channels.set(channel.id, channel);
    state.renewals += 1;
    const event = { channel_id: channel.id, channel_expiry: timeOf(expiry), resource_name: 'Contacts' };
    return c.json({
      watch: [{ code: 'SUCCESS', details: { events: [event] }, message: 'ok', status: 'success' }],
    });
  });
  app.notFound((c) => failure(c, 404, 'INVALID_URL_PATTERN', 'Please check if the URL is correct'));

  function create(values: { [field: string]: unknown } = {}): string {
    serial += 1n;
    const id = String(5_843_104_000_000_425_000n + serial);
    rows.set(id, { First_Name: 'Ada', Last_Name: `Nowak ${serial}`, ...values, id, modifiedAt: now() });
    return id;
  }

  function remove(id: string): void {
    rows.delete(id);
    deletions.push({ id, at: now() });
  }

  return {
    app,
    rows,
    merging,
    state,
    channels,
    oauth,
    create,
    remove,
    /** Twenty of each second, the last ones of now. */
    seed: (count: number): string[] =>
      Array.from({ length: count }, (_, at) => {
        const id = create({ Email: `c${at}@example.com` });
        rows.get(id)!.modifiedAt -= Math.floor((count - 1 - at) / 20) * 1000;
        return id;
      }),
    change: (id: string, values: { [field: string]: unknown }, lateMs = 0): void =>
      void Object.assign(rows.get(id)!, values, { modifiedAt: now() - lateMs }),
    /** The others are in the feed of deletions, which does not say where they went. */
    merge(master: string, other: string): void {
      remove(other);
      Object.assign(rows.get(master)!, { modifiedAt: now() });
    },
    ids: (): string[] => [...rows.keys()],
  };
}

/** The grammar of the three queries; null where it is another. Conditions are joined in pairs. */
function parse(text: string) {
  const clauses = /^select ([\w, ]+) from Contacts where (.+) order by ([\w, ]+) limit (\d+)$/.exec(text);
  if (!clauses) return null;
  const [, names = '', where = '', order = '', limit = '0'] = clauses;
  if (Number(limit) > 2_000) return null;
  const matches = condition(where);
  if (!matches) return null;
  const byTime = order === 'Modified_Time asc, id asc';
  if (!byTime && order !== 'id asc') return null;
  const seconds = ({ modifiedAt }: Row) => Math.floor(modifiedAt / 1000);
  const compare = (a: Row, b: Row) =>
    (byTime ? seconds(a) - seconds(b) : 0) || (BigInt(a.id) < BigInt(b.id) ? -1 : 1);
  return { names: names.split(', '), matches, compare, limit: Number(limit) };
}

function condition(text: string): ((row: Row) => boolean) | null {
  const time = /^Modified_Time (>=|<=|>) '(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d)'$/.exec(text);
  if (time) {
    const at = Date.parse(time[2]!) / 1000;
    return ({ modifiedAt }) => {
      const seconds = Math.floor(modifiedAt / 1000);
      return time[1] === '>=' ? seconds >= at : time[1] === '<=' ? seconds <= at : seconds > at;
    };
  }
  const id = /^id > (\d+)$/.exec(text)?.[1];
  if (id !== undefined) return (row) => BigInt(row.id) > BigInt(id);
  if (!text.startsWith('(') || !text.endsWith(')')) return null;
  const inner = text.slice(1, -1);
  let depth = 0;
  for (const found of inner.matchAll(/[()]| (and|or) /g)) {
    if (found[0] === '(') depth += 1;
    if (found[0] === ')') depth -= 1;
    if (found[1] === undefined || depth > 0) continue;
    const [one, other] = [inner.slice(0, found.index), inner.slice(found.index + found[0].length)].map(
      condition,
    );
    if (!one || !other) return null;
    return found[1] === 'and' ? (row) => one(row) && other(row) : (row) => one(row) || other(row);
  }
  return condition(inner);
}

export type Notification = {
  operation: 'insert' | 'update' | 'delete';
  ids: readonly string[];
  at: number;
  token: string | null;
  module?: string;
};

/** As recorded: IDs and the channel are texts, and there is one time for all of them. */
export function notification({ operation, ids, at, token, module = 'Contacts' }: Notification) {
  return {
    headers: { 'content-type': 'application/json;charset=utf-8' },
    body: JSON.stringify({
      server_time: at,
      affected_values: ids.map((record_id) => ({ record_id, values: { Record_Status__s: 0 } })),
      query_params: {},
      module,
      resource_uri: `https://www.zohoapis.com/crm/v2/${module}`,
      ids,
      affected_fields: operation === 'insert' ? [] : ids.map((id) => ({ [id]: ['Phone'] })),
      operation,
      channel_id: '1105420521999070702',
      token,
    }),
  };
}

// The simulated Pipedrive company: persons (v2) by list, by ID and by change; soft deletes and merges that lists hide; bursts, daily
// tokens, and a user who may not see everybody. https://developers.pipedrive.com/docs/api/v1/Persons
import { type Context, Hono } from 'hono';
import { PipedrivePush, type PushOptions } from './pipedrive/push.ts';
import { QuotaWindows } from './quota-windows.ts';

export type PipedriveOptions = {
  now: () => number;
  apiToken?: string;
  /** In place of the token: whether a request with this `Authorization` is let in. */
  isLive?: (authorization: string | undefined) => boolean;
  companyId?: number;
  push?: PushOptions;
  /** Default: those of the smallest plan with one seat. False: none. */
  quotas?: { burst: number; dailyTokens: number } | false;
  isAdmin?: boolean;
  /** How a person is answered for whom the user does not see. Default: 404. */
  hiddenStatus?: 403 | 404;
  /** Answers in place of the company's own. */
  faults?: (path: string) => Response | undefined;
};

export type Person = { id: number; name: string; update_time: string; is_deleted: boolean } & {
  [name: string]: unknown;
};

const purgeMs = 30 * 86_400_000;
const abuseLimit = 20;

export function createPipedriveSimulator(options: PipedriveOptions) {
  const { now, companyId = 7_405_231 } = options;
  const quotas = options.quotas ?? { burst: 20, dailyTokens: 30_000 };
  const app = new Hono();
  const persons = new Map<number, Person>();
  /** IDs that the user of the token does not see. */
  const hidden = new Set<number>();
  const deletedAt = new Map<number, number>();
  const push = options.push ? new PipedrivePush(options.push, companyId) : null;
  const bursts = quotas ? new QuotaWindows([{ name: 'burst', requests: quotas.burst, seconds: 2 }]) : null;
  const state = { tokens: 0, day: 0, abuses: 0, calls: [] as string[] };
  let serial = 0;

  const stamp = (agoMs = 0) => `${new Date(now() - agoMs).toISOString().slice(0, 19)}Z`;
  const success = (c: Context, data: unknown, more: object = {}) => c.json({ success: true, data, ...more });
  const failure = (c: Context, status: 400 | 401 | 403 | 404 | 410 | 429, error: string) =>
    c.json(
      { success: false, error, error_info: 'Please check developers.pipedrive.com', code: `ERR_${status}` },
      status,
    );

  app.use(async (c, next) => {
    const { path } = c.req;
    state.calls.push(`${path}${new URL(c.req.url).search}`);
    const fault = options.faults?.(path);
    if (fault) return fault;
    const isKnown = options.isLive
      ? options.isLive(c.req.header('authorization'))
      : c.req.header('x-api-token') === (options.apiToken ?? c.req.header('x-api-token'));
    if (!isKnown) return failure(c, 401, 'unauthorized access');
    const refused = spend(c, /^\/api\/v2\/persons\/\d+$/.test(path) ? 1 : path.includes('/users/') ? 2 : 10);
    if (refused) return refused;
    await next();
    limits(c);
    return undefined;
  });

  /** 429 for burst and day alike, without Retry-After; whoever goes on is banned with a web page. */
  function spend(c: Context, tokens: number): Response | null {
    if (!quotas) return null;
    const day = Math.floor(now() / 86_400_000);
    if (day !== state.day) Object.assign(state, { day, tokens: 0 });
    const isOver = state.tokens + tokens > quotas.dailyTokens || !bursts!.admit(now()).admitted;
    if (!isOver) {
      state.tokens += tokens;
      return null;
    }
    state.abuses += 1;
    if (state.abuses > abuseLimit)
      return c.html('<html><title>Access denied | Cloudflare</title></html>', 403);
    limits(c);
    return failure(c, 429, 'request over limit');
  }

  function limits(c: Context): void {
    if (!quotas) return;
    c.header('x-ratelimit-limit', String(quotas.burst));
    c.header('x-ratelimit-remaining', String(bursts!.remaining(now())['burst']));
    c.header('x-ratelimit-reset', '2');
    c.header('x-daily-ratelimit-token-limit', String(quotas.dailyTokens));
    const left = quotas.dailyTokens - state.tokens;
    c.header('x-daily-ratelimit-token-remaining', String(left < 10 ? 0 : left));
  }

  /** Parameters that it does not know are ignored: a typo gives the whole list. */
  app.get('/api/v2/persons', (c) => {
    const {
      ids,
      updated_since,
      updated_until,
      sort_by = 'id',
      sort_direction = 'asc',
      cursor,
    } = c.req.query();
    const limit = Number(c.req.query('limit') ?? 100);
    if (!(limit >= 1 && limit <= 500)) return failure(c, 400, 'limit must be between 1 and 500');
    if (ids !== undefined && ids.split(',').length > 100) return failure(c, 400, 'too many ids');
    if (!['id', 'update_time', 'add_time'].includes(sort_by)) return failure(c, 400, 'sort_by is invalid');
    const key = (one: Person): [string, number] => [sort_by === 'id' ? '' : String(one[sort_by]), one.id];
    const compare = (a: readonly [string, number], b: readonly [string, number]) =>
      (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]) * (sort_direction === 'desc' ? -1 : 1);
    let after: [string, number] | null = null;
    try {
      after = cursor === undefined ? null : JSON.parse(Buffer.from(cursor, 'base64url').toString());
    } catch {
      return failure(c, 400, 'cursor is invalid');
    }
    const found = [...persons.values()]
      .filter((one) => !one.is_deleted && !hidden.has(one.id))
      .filter((one) => ids === undefined || ids.split(',').includes(String(one.id)))
      .filter((one) => updated_since === undefined || one.update_time >= updated_since)
      .filter((one) => updated_until === undefined || one.update_time < updated_until)
      .filter((one) => after === null || compare(key(one), after) > 0)
      .sort((a, b) => compare(key(a), key(b)));
    const page = found.slice(0, limit);
    const next =
      found.length > page.length
        ? Buffer.from(JSON.stringify(key(page.at(-1)!))).toString('base64url')
        : null;
    return success(c, page, { additional_data: { next_cursor: next } });
  });

  app.get('/api/v2/persons/:id', (c) => {
    const id = Number(c.req.param('id'));
    const person = persons.get(id);
    if (hidden.has(id)) return failure(c, options.hiddenStatus ?? 404, 'You cannot see this person');
    if (!person) return failure(c, 404, 'Person not found');
    if (now() - (deletedAt.get(id) ?? now()) > purgeMs) return c.json({ success: true, data: { id } }, 410);
    return success(c, person);
  });

  app.get('/api/v2/personFields', (c) =>
    success(
      c,
      [
        ...['name', 'emails', 'phones', 'org_id', 'owner_id', 'update_time'].map((field_code) => ({
          field_code,
          field_name: field_code,
          field_type: 'varchar',
          is_custom_field: false,
        })),
        { field_code: tier, field_name: 'Tier', field_type: 'enum', is_custom_field: true },
      ],
      { additional_data: { next_cursor: null } },
    ),
  );

  app.get('/api/v1/users/me', (c) =>
    success(c, {
      id: 1,
      company_id: companyId,
      company_domain: 'acme',
      is_admin: options.isAdmin === false ? 0 : 1,
    }),
  );

  app.notFound((c) => failure(c, 404, 'unknown method'));

  /** Nobody's address is an entry of "", or no entry. */
  function create(values: { name?: string; email?: string; phone?: string; tier?: number } = {}): number {
    serial += 1;
    const { name = `Person ${serial}`, email, phone } = values;
    const none = serial % 2 ? [{ value: '', primary: true }] : [];
    const entries = (value: string | undefined) =>
      value === undefined
        ? none
        : [
            { value: 'other@example.com', primary: false, label: 'home' },
            { value, primary: true, label: 'work' },
          ];
    const [first_name = '', ...rest] = name.split(' ');
    persons.set(serial, {
      id: serial,
      name,
      first_name,
      last_name: rest.join(' ') || null,
      emails: entries(email),
      phones: phone === undefined ? [] : [{ value: phone, primary: true, label: '' }],
      org_id: null,
      owner_id: 1,
      label_ids: [],
      visible_to: 3,
      add_time: stamp(),
      update_time: stamp(),
      is_deleted: false,
      custom_fields: { [tier]: values.tier ?? null },
    });
    return serial;
  }

  const change = (id: number, values: { [name: string]: unknown }) =>
    Object.assign(persons.get(id)!, values, { update_time: stamp() });

  function remove(id: number): void {
    change(id, { is_deleted: true });
    deletedAt.set(id, now());
  }

  return {
    app,
    persons,
    hidden,
    state,
    push,
    create,
    change,
    remove,
    /** Somebody follows the person: nothing that shows has changed, and the clock has moved. */
    follow: (id: number) => change(id, {}),
    /** `from` goes, `into` stays, and says nothing of it. */
    merge(from: number, into: number): void {
      remove(from);
      change(into, {});
    },
    /** Twenty of each second, the last ones of now. */
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) {
        const id = create({ email: `p${i}@example.com`, phone: `+1 512 555 ${1000 + i}` });
        const time = stamp(Math.floor((count - 1 - i) / 20) * 1000);
        Object.assign(persons.get(id)!, { add_time: time, update_time: time });
      }
    },
    ids: (): string[] =>
      [...persons.values()]
        .filter((one) => !one.is_deleted && !hidden.has(one.id))
        .map(({ id }) => String(id)),
  };
}

/** The key of a custom field. */
export const tier = 'd4de1c1518b4531717c676029a45911c340390a6';

// The simulated BigCommerce store: customers from the newest down by two kinds of paging, addresses apart from them, "" for nothing,
// and a window of calls that other apps draw on too. https://developer.bigcommerce.com/docs/rest-management/customers
import { type Context, Hono } from 'hono';
import { BigcommercePush } from './bigcommerce/push.ts';
import { QuotaWindows } from './quota-windows.ts';

export type BigcommerceOptions = {
  now: () => number;
  storeHash?: string;
  accessToken: string;
  secret?: string;
  /** Sent with each webhook. */
  headers?: { readonly [name: string]: string };
  /** Calls in 30 seconds, of all apps. Default: 150. False: no limit. */
  quota?: number | false;
  /** How far the zone in which filters read their times is ahead of UTC, hours. Default: 0. */
  filterZoneHours?: number;
  /** Whether the bound of a filter belongs to what it finds. Default: true. */
  minIsInclusive?: boolean;
  /** Answers in place of the store's own. */
  faults?: (path: string) => Response | undefined;
};

export type Customer = { id: number; date_modified: string; [name: string]: unknown };
export type Address = { id: number; customer_id: number; [name: string]: unknown };

const maxLimit = 250;
const maxEmbedded = 10;

export function createBigcommerceSimulator(options: BigcommerceOptions) {
  const { now, storeHash = 'abc123', quota = 150 } = options;
  const app = new Hono();
  const customers = new Map<number, Customer>();
  const addresses = new Map<number, Address>();
  const attributes: { attribute_id: number; attribute_value: string; customer_id: number }[] = [];
  const formFields: { name: string; value: unknown; customer_id: number }[] = [];
  const push = new BigcommercePush({
    secret: options.secret ?? 'client-secret-00',
    storeHash,
    ...(options.headers && { headers: options.headers }),
  });
  const calls = quota ? new QuotaWindows([{ name: 'window', requests: quota, seconds: 30 }]) : null;
  const state = { refused: 0, isOverloaded: false };
  let serial = 0;

  const failure = (c: Context, status: 401 | 404 | 422 | 429, title: string) =>
    c.json(
      { status, title, type: 'https://developer.bigcommerce.com/api-docs/getting-started', errors: {} },
      status,
    );

  app.use('/stores/:hash/*', async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.param('hash') !== storeHash) return failure(c, 404, 'The requested store was not found');
    if (c.req.header('x-auth-token') !== options.accessToken) return failure(c, 401, 'Unauthorized');
    // Of the platform: it is about no quota, and names none.
    if (state.isOverloaded) return failure(c, 429, 'Too many requests');
    const admission = calls?.admit(now());
    if (calls) {
      c.header('X-Rate-Limit-Requests-Quota', String(quota));
      c.header('X-Rate-Limit-Requests-Left', String(calls.remaining(now())['window']));
      c.header('X-Rate-Limit-Time-Window-Ms', '30000');
      const reset = admission?.admitted === false ? admission.retryAfterSeconds * 1000 : 30_000;
      c.header('X-Rate-Limit-Time-Reset-Ms', String(Math.ceil(reset)));
    }
    if (admission?.admitted === false) {
      state.refused += 1;
      return failure(c, 429, 'Too many requests');
    }
    return next();
  });

  app.get('/stores/:hash/v3/customers', (c) => {
    const query = c.req.query();
    const limit = Number(query['limit'] ?? 50);
    if (!(limit >= 1 && limit <= maxLimit)) return failure(c, 422, 'limit must be between 1 and 250');
    // An empty list of IDs filters nothing.
    const ids = query['id:in'] ? query['id:in'].split(',').map(Number) : null;
    const min = timeIn(query['date_modified:min']);
    if (Number.isNaN(min)) return failure(c, 422, 'date_modified:min is not valid');
    const found = [...customers.values()]
      .filter(({ id }) => ids === null || ids.includes(id))
      .filter(({ date_modified }) => min === null || isSince(Date.parse(date_modified), min))
      .sort((a, b) => b.id - a.id);
    const { after } = query;
    const page = Number(query['page'] ?? 1);
    const last = after === undefined ? null : idIn(after);
    if (last !== null && !(last >= 0)) return failure(c, 422, 'The cursor is not valid');
    const rows =
      last === null
        ? found.slice((page - 1) * limit, page * limit)
        : found.filter(({ id }) => id < last).slice(0, limit);
    const cursorOf = (customer: Customer) =>
      Buffer.from(JSON.stringify({ id: customer.id })).toString('base64');
    const [first, end] = [rows[0], rows.at(-1)];
    const count = rows.length;
    const withCursor = first && end && (after !== undefined || page === 1);
    const cursors = withCursor ? { start_cursor: cursorOf(first), end_cursor: cursorOf(end) } : {};
    return c.json({
      data: rows.map((row) => shown(row, (query['include'] ?? '').split(','))),
      meta: {
        ...(after === undefined && {
          pagination: {
            total: found.length,
            count,
            per_page: limit,
            current_page: page,
            total_pages: Math.ceil(found.length / limit),
          },
        }),
        cursor_pagination: { count, per_page: limit, ...cursors, links: {} },
      },
    });
  });

  app.get('/stores/:hash/v3/hooks', (c) =>
    c.json({ data: [{ id: 1, scope: 'store/customer/*', is_active: push.isActive }], meta: {} }),
  );

  app.notFound((c) => failure(c, 404, 'Not found'));

  /** Null: no filter. NaN: none that is understood. A zone that is written counts. */
  function timeIn(text: string | undefined): number | null {
    if (text === undefined) return null;
    const isZoned = /Z|[+-]\d\d:\d\d$/.test(text);
    const zoneMs = isZoned ? 0 : (options.filterZoneHours ?? 0) * 3_600_000;
    return Date.parse(isZoned ? text : `${text}Z`) - zoneMs;
  }

  function isSince(time: number, min: number): boolean {
    return options.minIsInclusive === false ? time > min : time >= min;
  }

  function idIn(cursor: string): number {
    try {
      return Number(JSON.parse(Buffer.from(cursor, 'base64').toString()).id);
    } catch {
      return Number.NaN;
    }
  }

  function shown(customer: Customer, include: readonly string[]) {
    const own = <Entry extends { customer_id: number }>(entries: Iterable<Entry>) =>
      [...entries].filter((entry) => entry.customer_id === customer.id).slice(0, maxEmbedded);
    return {
      ...customer,
      ...(include.includes('addresses') && { addresses: own(addresses.values()) }),
      ...(include.includes('attributes') && { attributes: own(attributes) }),
      ...(include.includes('formfields') && { form_fields: own(formFields) }),
    };
  }

  const stamp = (at = now()) => `${new Date(at).toISOString().slice(0, 19)}Z`;

  function create(values: { [name: string]: unknown } = {}): Customer {
    serial += 1;
    const customer = {
      id: serial,
      email: `P${serial}@example.com`,
      first_name: 'Person',
      last_name: String(serial),
      company: '',
      phone: '',
      notes: '',
      registration_ip_address: '',
      tax_exempt_category: '',
      customer_group_id: 0,
      channel_ids: null,
      origin_channel_id: 1,
      accepts_product_review_abandoned_cart_emails: true,
      date_created: stamp(),
      date_modified: stamp(),
      ...values,
    };
    customers.set(serial, customer);
    return customer;
  }

  return {
    app,
    customers,
    push,
    state,
    attributes,
    formFields,
    create,
    change: (id: number, values: { [name: string]: unknown }) =>
      Object.assign(customers.get(id)!, values, { date_modified: stamp() }),
    /** The customer's own time does not move. */
    setAddress(id: number, customer: number, values: { [name: string]: unknown }): void {
      addresses.set(id, {
        id,
        customer_id: customer,
        address1: '',
        address2: '',
        city: '',
        state_or_province: '',
        postal_code: '',
        country: '',
        country_code: '',
        phone: '',
        ...values,
      });
    },
    remove: (id: number) => customers.delete(id),
    /** Calls of an app that nobody here sees. */
    others(count: number): void {
      for (let i = 0; i < count; i += 1) calls?.admit(now());
    },
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) {
        const at = stamp(now() - Math.floor((count - 1 - i) / 20) * 1000);
        create({ date_created: at, date_modified: at });
      }
    },
    ids: (): string[] => [...customers.keys()].map(String),
  };
}

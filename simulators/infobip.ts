// The simulated Infobip People: pages from 1 of rows that move when they change, times in whole seconds without a zone, IDs beyond 2^53
// that are numbers here and text in webhooks, two kinds of errors. https://www.infobip.com/docs/api/customer-engagement/people
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type InfobipOptions = {
  now: () => number;
  apiKey: string;
  /** Calls in a second. Default: no limit. */
  perSecond?: number;
  /** Whether the bound of a filter belongs to what it finds. Default: true. */
  boundIsInclusive?: boolean;
  /** The value of orderBy that it knows; any other is ignored. */
  knownOrder?: string;
  /** How far its times are from UTC, milliseconds. */
  offsetMs?: number;
  /** Answers in place of Infobip's own. */
  faults?: (path: string) => Response | undefined;
};

export type Person = { modified: number; fields: { [name: string]: unknown } };

export function createInfobipSimulator(options: InfobipOptions) {
  const { now, offsetMs = 0 } = options;
  const app = new Hono();
  const people = new Map<string, Person>();
  const calls = options.perSecond
    ? new QuotaWindows([{ name: 'second', requests: options.perSecond, seconds: 1 }])
    : null;
  const state = { refused: 0, calls: 0 };
  let serial = 9_007_199_254_740_993n;

  const failure = (c: Context, status: 400 | 401 | 404 | 429, messageId: string, text: string) =>
    c.json({ requestError: { serviceException: { messageId, text } } }, status);
  /** IDs as numbers, which JavaScript cannot write. */
  const answer = (c: Context, body: unknown) =>
    c.body(JSON.stringify(body).replace(/"id":"(\d+)"/g, '"id":$1'), 200, {
      'content-type': 'application/json',
    });

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('authorization') !== `App ${options.apiKey}`)
      return failure(c, 401, 'UNAUTHORIZED', 'Invalid login details');
    const admission = calls?.admit(now());
    if (admission?.admitted === false) {
      state.refused += 1;
      c.header('Retry-After', String(Math.ceil(admission.retryAfterSeconds)));
      return failure(c, 429, 'TOO_MANY_REQUESTS', 'Too many requests');
    }
    state.calls += 1;
    return next();
  });

  app.get('/people/2/persons', (c) => {
    const { identifier, type, limit = '20', page = '1', orderBy, filter } = c.req.query();
    if (identifier !== undefined) {
      const person = type === 'ID' ? people.get(identifier) : undefined;
      if (!person) return c.json({ code: '404100', message: 'Person not found.' }, 404);
      return answer(c, shown(identifier, person));
    }
    if (Number(limit) > 1_000 || Number(page) < 1) return failure(c, 400, 'BAD_REQUEST', 'Bad request');
    const since = filter === undefined ? '' : JSON.parse(filter)['#gte'].modifiedAt;
    const isIn = (time: string) => (options.boundIsInclusive === false ? time > since : time >= since);
    const found = [...people].filter(([, { modified }]) => isIn(stamp(modified)));
    if (orderBy === (options.knownOrder ?? 'modifiedAt:asc'))
      found.sort(([a, one], [b, two]) => one.modified - two.modified || a.localeCompare(b));
    else found.reverse();
    const rows = found.slice((Number(page) - 1) * Number(limit), Number(page) * Number(limit));
    return answer(c, { persons: rows.map(([id, person]) => shown(id, person)) });
  });

  app.notFound((c) => c.json({ requestError: { serviceException: { messageId: 'NO_ROUTE' } } }, 404));

  const stamp = (at: number) => new Date(at + offsetMs).toISOString().slice(0, 19);

  const shown = (id: string, { modified, fields }: Person) => ({
    id,
    ...fields,
    createdAt: stamp(modified),
    modifiedAt: stamp(modified),
  });

  function create(fields: Person['fields'] = {}, at = now()): string {
    serial += 1n;
    const id = String(serial);
    people.set(id, {
      modified: Math.floor(at / 1000) * 1000,
      fields: {
        externalId: `shop-${id.slice(-4)}`,
        firstName: 'Person',
        lastName: id.slice(-4),
        type: 'CUSTOMER',
        contactInformation: {
          email: [{ address: `p${id}@example.com` }],
          phone: [{ number: '41793026727' }],
        },
        customAttributes: { 'Loyalty points': 12 },
        ...fields,
      },
    });
    return id;
  }

  const change = (id: string, fields: Person['fields']) => {
    const person = people.get(id)!;
    person.modified = Math.floor(now() / 1000) * 1000;
    Object.assign(person.fields, fields);
  };

  return {
    app,
    people,
    state,
    create,
    change,
    remove: (id: string) => people.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create({}, now() - Math.floor((count - 1 - i) / 20) * 1000);
    },
    ids: (): string[] => [...people.keys()],
    /** One attribute for each event, with an offset and milliseconds; the ID is text. */
    event: (type: string, id: string, more: object = {}) => ({
      type,
      timestamp: new Date(now()).toISOString().replace('Z', '+00:00'),
      payload: {
        person: { id, externalId: `shop-${id.slice(-4)}` },
        invoker: { type: 'client' },
        attributeName: 'Loyalty points',
        from: '12',
        to: '13',
        source: 'API',
        ...more,
      },
    }),
  };
}

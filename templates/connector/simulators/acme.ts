// The simulated Acme: people by ID or by time of change, errors, a quota, and signed webhooks. It sends nothing itself.
// TODO: the address of the API's reference, and each fact that the vendor's pages or answers say otherwise
import { createHmac } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { QuotaWindows } from '../../../simulators/quota-windows.ts';

export interface AcmeOptions {
  now: () => number;
  apiToken: string;
  webhookSecret?: string;
  /** Calls in 10 seconds. Default: 100. */
  quota?: number;
  /** Answers in place of the vendor's own. */
  faults?: () => Response | undefined;
}

export interface Person {
  id: number;
  updated_at: string;
  [name: string]: unknown;
}

const maxLimit = 100;

export function createAcmeSimulator({ now, apiToken, webhookSecret = '', quota = 100, faults }: AcmeOptions) {
  const app = new Hono();
  const people = new Map<number, Person>();
  const calls = new QuotaWindows([{ name: 'window', requests: quota, seconds: 10 }]);
  let serial = 0;
  let events = 0;

  const failure = (c: Context, status: 400 | 401 | 404 | 429, code: string) =>
    c.json({ error: { code } }, status);

  app.use('/v1/*', async (c, next) => {
    const fault = faults?.();
    if (fault) return fault;
    if (c.req.header('authorization') !== `Bearer ${apiToken}`) return failure(c, 401, 'invalid_token');
    const admission = calls.admit(now());
    c.header('X-RateLimit-Remaining', String(calls.remaining(now())['window']));
    if (admission.admitted) return next();
    c.header('Retry-After', String(Math.ceil(admission.retryAfterSeconds)));
    return failure(c, 429, 'too_many_requests');
  });

  app.get('/v1/people', (c) => {
    const { limit: size = '50', sort = 'id', cursor, updated_since: since } = c.req.query();
    const limit = Number(size);
    if (!(limit >= 1 && limit <= maxLimit)) return failure(c, 400, 'invalid_limit');
    const after = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString();
    if (cursor !== undefined && !after.startsWith(`${sort} `)) return failure(c, 400, 'invalid_cursor');
    const found = [...people.values()]
      .filter(({ updated_at }) => since === undefined || Date.parse(updated_at) >= Date.parse(since))
      .map((person) => ({ person, place: placeOf(person, sort) }))
      .sort((a, b) => (a.place < b.place ? -1 : 1))
      .filter(({ place }) => place > after);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return c.json({
      people: page.map(({ person }) => person),
      next_cursor: last ? Buffer.from(last.place).toString('base64url') : null,
    });
  });

  app.get('/v1/people/:id', (c) => {
    const person = people.get(Number(c.req.param('id')));
    return person ? c.json({ person }) : failure(c, 404, 'not_found');
  });

  /** People of one second have an order, too. */
  function placeOf({ id, updated_at }: Person, sort: string): string {
    return `${sort} ${sort === 'updated_at' ? updated_at : ''} ${String(id).padStart(16, '0')}`;
  }

  const stamp = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;

  function create(values: { [name: string]: unknown } = {}, at = now()): Person {
    serial += 1;
    const person = {
      id: serial,
      first_name: 'Person',
      last_name: String(serial),
      email: `p${serial}@example.com`,
      phone: null,
      ...values,
      updated_at: stamp(at),
    };
    people.set(serial, person);
    return person;
  }

  /** A webhook request about one person, as the vendor sends it. */
  function push(type: string, id: number) {
    events += 1;
    const seconds = Math.floor(now() / 1000);
    const event = { id: `event-${events}`, type, person_id: id, created_at: stamp(now()) };
    const body = JSON.stringify({ events: [event] });
    const signature = createHmac('sha256', webhookSecret).update(`${seconds}.${body}`).digest('hex');
    return {
      headers: { 'content-type': 'application/json', 'acme-signature': `t=${seconds},v1=${signature}` },
      body,
    };
  }

  return {
    app,
    create,
    push,
    change: (id: number, values: { [name: string]: unknown }) =>
      Object.assign(people.get(id)!, values, { updated_at: stamp(now()) }),
    remove: (id: number) => people.delete(id),
    /** Twenty people of each second up to now. */
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create({}, now() - Math.floor((count - 1 - i) / 20) * 1000);
    },
    ids: () => [...people.keys()].map(String),
  };
}

// The simulated Brevo account: pages from the newest unless asked otherwise, times with an offset and three or six digits of a second,
// attributes that are absent without a value, webhooks that know e-mail addresses only. https://developers.brevo.com/reference
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type BrevoOptions = {
  now: () => number;
  apiKey: string;
  /** Calls in a second. Default: no limit. */
  perSecond?: number;
  /** Whether the moments of createdSince and modifiedSince belong to what they find. Default: true. */
  sinceIsInclusive?: boolean;
  /** Answers in place of Brevo's own. */
  faults?: (path: string) => Response | undefined;
};

type Value = string | number | boolean | string[];
export type BrevoContact = {
  id: number;
  email?: string;
  created: number;
  modified: number;
  attributes: { [name: string]: Value };
};

export function createBrevoSimulator(options: BrevoOptions) {
  const { now } = options;
  const app = new Hono();
  const contacts = new Map<number, BrevoContact>();
  const calls = options.perSecond
    ? new QuotaWindows([{ name: 'second', requests: options.perSecond, seconds: 1 }])
    : null;
  const state = { refused: 0, calls: 0 };
  let serial = 500;

  const failure = (c: Context, status: 400 | 401 | 404 | 429, code: string) =>
    c.json({ code, message: `It was refused: ${code}` }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('api-key') !== options.apiKey) return failure(c, 401, 'unauthorized');
    const admission = calls?.admit(now());
    if (admission?.admitted === false) {
      state.refused += 1;
      c.header('x-sib-ratelimit-limit', String(options.perSecond));
      c.header('x-sib-ratelimit-remaining', '0');
      c.header('x-sib-ratelimit-reset', String(Math.ceil(admission.retryAfterSeconds)));
      return failure(c, 429, 'too_many_requests');
    }
    state.calls += 1;
    return next();
  });

  app.get('/contacts', (c) => {
    const { limit = '50', offset = '0', sort = 'desc', modifiedSince, createdSince } = c.req.query();
    if (Number(limit) > 1000) return failure(c, 400, 'out_of_range');
    const isIn = (time: number, since: string | undefined) =>
      since === undefined ||
      (options.sinceIsInclusive === false ? time > Date.parse(since) : time >= Date.parse(since));
    const found = [...contacts.values()]
      .filter(({ created, modified }) => isIn(created, createdSince) && isIn(modified, modifiedSince))
      .sort((a, b) => a.created - b.created || a.id - b.id);
    if (sort === 'desc') found.reverse();
    return c.json({
      contacts: found.slice(Number(offset), Number(offset) + Number(limit)).map(shown),
      count: found.length,
    });
  });

  app.get('/contacts/attributes', (c) =>
    c.json({
      attributes: [
        { name: 'FIRSTNAME', category: 'normal', type: 'text' },
        { name: 'SMS', category: 'normal', type: 'text' },
        { name: 'TIER', category: 'category', enumeration: [{ value: 1, label: 'Gold' }] },
      ],
    }),
  );

  app.get('/contacts/:identifier', (c) => {
    const identifier = c.req.param('identifier');
    const isId = c.req.query('identifierType') === 'contact_id';
    const contact = isId
      ? contacts.get(Number(identifier))
      : [...contacts.values()].find(({ email }) => email?.toLowerCase() === identifier.toLowerCase());
    return contact ? c.json(shown(contact)) : failure(c, 404, 'document_not_found');
  });

  // "None of that type" is an error too.
  app.get('/webhooks', (c) => failure(c, 400, 'document_not_found'));

  app.notFound((c) => c.json({ message: 'no Route matched with those values' }, 404));

  /** Two hours east of Greenwich, whatever the season. */
  const local = (time: number, zeros: string) =>
    new Date(time + 7_200_000).toISOString().replace('Z', `${zeros}+02:00`);

  function shown({ created, modified, ...contact }: BrevoContact) {
    return {
      ...contact,
      createdAt: local(created, ''),
      modifiedAt: local(modified, '000'),
      emailBlacklisted: false,
      smsBlacklisted: false,
      listIds: [2],
      listUnsubscribed: null,
      subscriptions: {},
    };
  }

  function create(values: Partial<BrevoContact> = {}, at = now()): BrevoContact {
    serial += 1;
    const attributes = { FIRSTNAME: 'Person', LASTNAME: String(serial) };
    const email = `p${serial}@example.com`;
    const contact = { id: serial, email, created: at, modified: at, attributes, ...values };
    contacts.set(serial, contact);
    return contact;
  }

  const change = (id: number, values: Partial<BrevoContact>) =>
    Object.assign(contacts.get(id)!, values, { modified: now() });

  return {
    app,
    contacts,
    state,
    create,
    change,
    remove: (id: number) => contacts.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create({}, now() - (count - 1 - i) * 10);
    },
    ids: (): string[] => [...contacts.keys()].map(String),
    /** The date is Central European, and the time an hour ahead. The `id` is the webhook's. */
    event(event: string, email: string | undefined, more: object = {}) {
      const date = new Date(now() + 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
      const ts = Math.floor(now() / 1000) + 3600;
      return { id: 17, event, ...(email !== undefined && { email }), date, ts, content: [], ...more };
    },
  };
}

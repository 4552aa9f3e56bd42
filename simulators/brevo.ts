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
  /** False: the key may read and not write. Default: true. */
  mayWrite?: boolean;
  /** Why a contact is not written, for the 400 that refuses the whole batch. */
  writeFault?: (id: number) => string | undefined;
  /** Answers in place of Brevo's own. */
  faults?: (path: string) => Response | undefined;
};

interface Definition {
  category: 'normal' | 'category';
  type?: 'text' | 'float' | 'boolean' | 'date' | 'multiple-choice';
  enumeration?: { value: number; label: string }[];
}

const maxBatch = 100;
const identifiers = ['id', 'email', 'sms'];

type Value = string | number | boolean | string[];
export type BrevoContact = {
  id: number;
  email?: string;
  created: number;
  modified: number;
  attributes: { [name: string]: Value };
};

interface Update {
  id: number;
  attributes?: { [name: string]: unknown };
}

function fits({ category, type, enumeration = [] }: Definition, value: unknown): boolean {
  if (category === 'category') return enumeration.some((one) => one.value === value);
  if (type === 'date') return /^\d{4}-\d\d-\d\d$/.test(String(value));
  if (type === 'multiple-choice') return Array.isArray(value);
  return typeof value === { text: 'string', float: 'number', boolean: 'boolean' }[type ?? 'text'];
}

export function createBrevoSimulator(options: BrevoOptions) {
  const { now } = options;
  const app = new Hono();
  const contacts = new Map<number, BrevoContact>();
  const calls = options.perSecond
    ? new QuotaWindows([{ name: 'second', requests: options.perSecond, seconds: 1 }])
    : null;
  const state = { refused: 0, calls: 0 };
  const definitions = new Map<string, Definition>([
    ['FIRSTNAME', { category: 'normal', type: 'text' }],
    ['SMS', { category: 'normal', type: 'text' }],
    ['TIER', { category: 'category', enumeration: [{ value: 1, label: 'Gold' }] }],
  ]);
  let serial = 500;

  const failure = (c: Context, status: 400 | 401 | 403 | 404 | 429, code: string) =>
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
    c.json({ attributes: [...definitions].map(([name, definition]) => ({ name, ...definition })) }),
  );

  /** All or nothing for what is refused; what an attribute cannot hold is ignored without a word. */
  app.post('/contacts/batch', async (c) => {
    if (options.mayWrite === false) return failure(c, 403, 'permission_denied');
    const { contacts: updates = [] } = (await c.req.json()) as { contacts?: Update[] };
    if (updates.length === 0) return failure(c, 400, 'missing_parameter');
    if (updates.length > maxBatch) return failure(c, 400, 'out_of_range');
    if (updates.some((update) => identifiers.filter((name) => name in update).length !== 1))
      return failure(c, 400, 'invalid_parameter');
    const missing = updates.flatMap(({ id }, index) => (contacts.has(id) ? [] : [index]));
    if (missing.length > 0)
      return c.json(
        { code: 'document_not_found', message: `No contact found for indexes ${missing.join(',')}` },
        404,
      );
    const fault = updates.map(({ id }) => options.writeFault?.(id)).find((one) => one !== undefined);
    if (fault !== undefined) return c.json({ code: 'invalid_parameter', message: fault }, 400);
    for (const { id, attributes } of updates) change(id, { attributes: written(id, attributes) });
    return c.body(null, 204);
  });

  function written(id: number, given: Update['attributes'] = {}): BrevoContact['attributes'] {
    const attributes = { ...contacts.get(id)!.attributes };
    for (const [name, value] of Object.entries(given)) {
      const definition = definitions.get(name);
      if (definition && value === '') delete attributes[name];
      else if (definition && fits(definition, value)) attributes[name] = value as Value;
    }
    return attributes;
  }

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
    define: (name: string, type: NonNullable<Definition['type']>) =>
      void definitions.set(name, { category: 'normal', type }),
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

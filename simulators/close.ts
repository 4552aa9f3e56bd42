// The simulated Close organization: leads with their contacts, found by searches of an index that lags; an event log out of order;
// webhooks with two clocks. https://developer.close.com
import { createHmac } from 'node:crypto';
import { type Context, Hono } from 'hono';

export type CloseOptions = {
  now: () => number;
  apiKey: string;
  /** In place of the key: whether a request with this `Authorization` is let in. */
  isLive?: (authorization: string | undefined) => boolean;
  signatureKey?: string;
  /** Default: 0. */
  indexLagMs?: number;
  /** Times in filters lose their seconds. */
  minuteFilters?: boolean;
  /** Searches in eight seconds. Default: no limit. */
  searches?: number;
  /** Answers in place of Close's own. */
  faults?: (path: string) => Response | undefined;
};

type Values = { [name: string]: unknown };
export type Contact = Values & { id: string; lead_id: string; date_updated: string };
export type Lead = Values & { id: string; date_created: string; date_updated: string };

const cursorMs = 30_000;
const maxFound = 10_000;
const organization_id = 'orga_1';

export function createCloseSimulator(options: CloseOptions) {
  const { now } = options;
  const app = new Hono();
  const leads = new Map<string, Lead>();
  const contacts = new Map<string, Contact>();
  const events: (Values & { action: string; object_type: string; date_updated: string })[] = [];
  const cursors = new Map<string, { at: number; skip: number }>();
  const state = { searched: [] as number[], refused: 0 };
  let serial = 0;

  /** Microseconds are written, milliseconds told. Events say no zone. */
  const stamp = (at = now()) => new Date(at).toISOString().replace('Z', '000+00:00');
  const eventStamp = (at = now()) => stamp(at).slice(0, 26);
  const failure = (c: Context, status: 400 | 401 | 404 | 429, error: unknown) => c.json({ error }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    const basic = `Basic ${Buffer.from(`${options.apiKey}:`).toString('base64')}`;
    const given = c.req.header('authorization');
    return (options.isLive ? options.isLive(given) : given === basic)
      ? next()
      : failure(c, 401, 'The server could not verify that you are authorized');
  });

  app.get('/me/', (c) => c.json({ id: 'user_1', organizations: [{ id: organization_id, name: 'Acme' }] }));

  app.post('/data/search/', async (c) => {
    if (options.searches !== undefined) {
      state.searched = state.searched.filter((at) => at > now() - 8_000);
      const reset = ((state.searched[0] ?? now()) + 8_000 - now()) / 1000;
      const remaining = options.searches - state.searched.length - 1;
      c.header('RateLimit', `limit=${options.searches}, remaining=${Math.max(remaining, 0)}, reset=${reset}`);
      if (remaining < 0) {
        state.refused += 1;
        return failure(c, 429, { rate_reset: reset, message: 'API call count exceeded' });
      }
      state.searched.push(now());
    }
    const { query, _fields, _limit = 100, cursor, sort } = await c.req.json();
    if (_limit > 200) return failure(c, 400, '_limit must be at most 200');
    const page = cursor ? cursors.get(cursor) : { at: now(), skip: 0 };
    if (!page || now() - page.at > cursorMs) return failure(c, 400, 'Invalid cursor');
    const clock = sort[0].field.field_name as 'date_created' | 'date_updated';
    const [, condition] = query.queries;
    const written = condition?.condition.on_or_after.value as string | undefined;
    const since = Date.parse(written ?? '1970-01-01T00:00:00Z');
    const from = options.minuteFilters ? Math.floor(since / 60_000) * 60_000 : since;
    const found = [...leads.values()]
      .filter(({ date_updated }) => Date.parse(date_updated) <= now() - (options.indexLagMs ?? 0))
      .filter((lead) => Date.parse(lead[clock]) >= from)
      .sort((a, b) => (a[clock] < b[clock] ? -1 : a[clock] > b[clock] ? 1 : a.id < b.id ? -1 : 1))
      .slice(0, maxFound);
    const skip = page.skip + _limit;
    const next = found.length > skip ? `cursor-${now()}-${skip}` : null;
    if (next) cursors.set(next, { at: now(), skip });
    const fields: string[] = _fields.lead;
    return c.json({
      data: found.slice(page.skip, skip).map((lead) => ({ __object_type: 'lead', ...shown(lead, fields) })),
      cursor: next,
    });
  });

  app.get('/lead/:id/', (c) => {
    const lead = leads.get(c.req.param('id'));
    return lead
      ? c.json(shown(lead, c.req.query('_fields')!.split(',')))
      : failure(c, 404, 'Empty query: Lead');
  });

  app.get('/contact/:id/', (c) => {
    const contact = contacts.get(c.req.param('id'));
    return contact ? c.json(contact) : failure(c, 404, 'Empty query: Contact does not exist.');
  });

  /** The newest first. Only the documented pairs of filters. */
  app.get('/event/', (c) => {
    const { object_type, action, date_updated__gte, _limit = '50', _cursor } = c.req.query();
    if (Number(_limit) > 50) return failure(c, 400, '_limit must be at most 50');
    const since = date_updated__gte === undefined ? 0 : Date.parse(date_updated__gte);
    const found = events
      .filter((event) => event.object_type === object_type && event.action === action)
      .map((event, index) => ({ event, index, at: Date.parse(`${event.date_updated}Z`) }))
      .filter(({ at }) => at >= since && at > now() - 30 * 86_400_000)
      .sort((a, b) => b.at - a.at || b.index - a.index);
    const begin = _cursor ? found.findIndex(({ index }) => index === Number(_cursor)) + 1 : 0;
    const page = found.slice(begin, begin + Number(_limit));
    const isLast = begin + page.length >= found.length;
    return c.json({
      data: page.map(({ event }) => event),
      cursor_next: isLast ? null : String(page.at(-1)!.index),
      cursor_previous: null,
    });
  });

  app.notFound((c) => failure(c, 404, 'Not found'));

  function shown(lead: Lead, fields: readonly string[]): Values {
    const own = [...contacts.values()].filter(({ lead_id }) => lead_id === lead.id);
    const whole: Values = { ...lead, contacts: own };
    return { id: lead.id, ...Object.fromEntries(fields.map((field) => [field, whole[field]])) };
  }

  function createLead(values: Values = {}): Lead {
    serial += 1;
    const lead = {
      id: `lead_${String(serial).padStart(6, '0')}`,
      name: `Company ${serial}`,
      description: '',
      status_label: 'Potential',
      addresses: [],
      organization_id,
      date_created: stamp(),
      date_updated: stamp(),
      ...values,
    };
    leads.set(lead.id, lead);
    return lead;
  }

  /** "" and null alternate for nothing. */
  function create(values: Values = {}, lead = createLead()): Contact {
    serial += 1;
    const none = serial % 4 < 2 ? '' : null;
    const contact = {
      id: `cont_${String(serial).padStart(43, 'x')}`,
      lead_id: lead.id,
      name: `Person ${serial}`,
      display_name: `Person ${serial}`,
      title: none,
      emails: [{ email: `p${serial}@example.com`, type: 'office', is_unsubscribed: false }],
      phones: [],
      organization_id,
      date_created: lead.date_created,
      date_updated: lead.date_created,
      ...values,
    };
    contacts.set(contact.id, contact);
    return contact;
  }

  /** The lead's own time follows a little later. */
  function change(id: string, values: Values): void {
    const contact = contacts.get(id)!;
    Object.assign(contact, values, { date_updated: stamp() });
    leads.get(contact.lead_id)!.date_updated = stamp();
  }

  function remove(id: string, seenAt = now()): void {
    const { lead_id, ...previous_data } = contacts.get(id)!;
    contacts.delete(id);
    leads.get(lead_id)!.date_updated = stamp();
    const date_updated = eventStamp(seenAt);
    events.push({ ...eventOf('deleted', 'contact', id, {}), previous_data, date_updated });
  }

  function eventOf(action: string, object_type: string, object_id: string, data: Values) {
    serial += 1;
    const [date_created, date_updated] = [eventStamp(), eventStamp(now() + 3)];
    return {
      id: `ev_${serial}`,
      object_type,
      object_id,
      organization_id,
      action,
      data,
      date_created,
      date_updated,
    };
  }

  return {
    app,
    leads,
    contacts,
    state,
    createLead,
    create,
    change,
    remove,
    changeLead: (id: string, values: Values) =>
      Object.assign(leads.get(id)!, values, { date_updated: stamp() }),
    /** Contacts move to the other lead and keep their IDs. */
    mergeLeads(from: string, into: string): void {
      for (const contact of contacts.values()) if (contact.lead_id === from) contact.lead_id = into;
      leads.delete(from);
      leads.get(into)!.date_updated = stamp();
    },
    removeLead(id: string): void {
      for (const contact of [...contacts.values()]) if (contact.lead_id === id) remove(contact.id);
      leads.delete(id);
    },
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) {
        const at = stamp(now() - Math.floor((count - 1 - i) / 20) * 1000);
        create({}, createLead({ date_created: at, date_updated: at }));
      }
    },
    ids: (): string[] => [...contacts.keys()],
    eventOf,
    /** As Close delivers it: the key is the secret's bytes. */
    pushed(event: object) {
      const [timestamp, body] = [
        String(Math.floor(now() / 1000)),
        JSON.stringify({ subscription_id: 'whsub_1', event }),
      ];
      const key = Buffer.from(options.signatureKey ?? '', 'hex');
      const hash = createHmac('sha256', key)
        .update(timestamp + body)
        .digest('hex');
      return { headers: { 'close-sig-hash': hash, 'close-sig-timestamp': timestamp }, body };
    },
  };
}

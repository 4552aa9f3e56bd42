// The simulated ActiveCampaign account in Chicago: everything as text, times with the account's offset, custom fields beside the
// rows, a 403 now and then, and webhooks in two dialects. https://developers.activecampaign.com/reference/overview
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type ActivecampaignOptions = {
  now: () => number;
  apiKey: string;
  /** Calls in a second. Default: no limit. */
  perSecond?: number;
  /** The list answers as if it did not know `include`. */
  withoutFieldValues?: boolean;
  /** False: the user of the key may read and not write. Default: true. */
  mayWrite?: boolean;
  /** Why a contact is not written, for the 422. */
  writeFault?: (id: string) => string | undefined;
  /** The answer to a write does not show the values of custom fields. */
  hidesWritten?: boolean;
  /** Every so many calls are answered with 403, though the key is valid. Default: none. */
  forbidsEvery?: number;
  /** Answers in place of ActiveCampaign's own. */
  faults?: (path: string) => Response | undefined;
};

export type ActivecampaignContact = { id: string; udate: string } & { [name: string]: string | null };

/** A text, a choice of several, and a date. */
export const customFields = { customerId: '7', colours: '39', birthday: '40' };

/** A field with options holds nothing else: what it does not offer is dropped without a word (guessed). */
interface FieldDefinition {
  options?: readonly string[];
}

type Written = { fieldValues?: { field: string; value: unknown }[] } & { [name: string]: never };

function storedIn({ options }: FieldDefinition, value: unknown): string {
  const text = String(value ?? '');
  return !options || options.includes(text) ? text : '';
}

export function createActivecampaignSimulator(options: ActivecampaignOptions) {
  const { now } = options;
  const app = new Hono().basePath('/api/3');
  const contacts = new Map<string, ActivecampaignContact>();
  const values = new Map<string, { [field: string]: string }>();
  const calls = options.perSecond
    ? new QuotaWindows([{ name: 'second', requests: options.perSecond, seconds: 1 }])
    : null;
  const state = { refused: 0, calls: 0 };
  const fields = new Map<string, FieldDefinition>(Object.values(customFields).map((id) => [id, {}]));
  let serial = 1_000;

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('api-token') !== options.apiKey) return c.json({ message: 'Invalid API token' }, 401);
    const admission = calls?.admit(now());
    if (admission?.admitted === false) {
      state.refused += 1;
      c.header('Retry-After', String(Math.ceil(admission.retryAfterSeconds)));
      return c.json({ message: 'API Limit Reached' }, 429);
    }
    state.calls += 1;
    if (options.forbidsEvery && state.calls % options.forbidsEvery === 0)
      return c.json({ message: 'You do not have access to this resource' }, 403);
    return next();
  });

  app.get('/contacts', (c) => {
    const { searchParams } = new URL(c.req.url);
    const [ids, updatedAfter] = [searchParams.getAll('ids[]'), searchParams.get('filters[updated_after]')];
    const after = Number(searchParams.get('id_greater') ?? 0);
    const offset = Number(searchParams.get('offset') ?? 0);
    const limit = Math.min(Number(searchParams.get('limit') ?? 20), 100);
    const found = [...contacts.values()]
      .filter(({ id }) => Number(id) > after && (ids.length === 0 || ids.includes(id)))
      .filter(({ udate }) => updatedAfter === null || Date.parse(udate) > Date.parse(updatedAfter))
      .sort((a, b) => Number(a.id) - Number(b.id));
    if (searchParams.get('orders[id]') !== 'ASC') found.reverse();
    const rows = found.slice(offset, offset + limit);
    return c.json({
      ...(searchParams.get('include') && !options.withoutFieldValues && sideLoads(rows)),
      contacts: rows.map(withReferences),
      meta: { total: String(found.length), page_input: {} },
    });
  });

  app.get('/contacts/:id', (c: Context) => {
    const id = c.req.param('id') ?? '';
    const contact = contacts.get(id);
    if (!contact) return c.json({ message: `No Result found for Subscriber with id ${id}` }, 404);
    return c.json({
      ...sideLoads([contact]),
      contactLists: [],
      deals: [],
      contact: { ...withReferences(contact), contactLists: ['1'], fieldValues: ['9'] },
    });
  });

  /** The answer shows fewer keys than a read (recorded); a field that does not exist is passed over (guessed). */
  app.put('/contacts/:id', async (c) => {
    const id = c.req.param('id');
    if (options.mayWrite === false) return c.json({ message: 'You do not have permission to do this' }, 403);
    if (!contacts.has(id)) return c.json({ message: `No Result found for Subscriber with id ${id}` }, 404);
    const fault = options.writeFault?.(id);
    if (fault !== undefined)
      return c.json({ errors: [{ title: fault, detail: '', code: 'field_invalid' }] }, 422);
    const { contact } = (await c.req.json()) as { contact: Written };
    const { fieldValues = [], ...rest } = contact;
    const written = fieldValues
      .filter(({ field }) => fields.has(String(field)))
      .map(({ field, value }) => [String(field), storedIn(fields.get(String(field))!, value)]);
    const { cdate, udate, email } = change(id, rest, Object.fromEntries(written));
    const shown = written.map(([field, value]) => ({ contact: id, field, value, owner: id }));
    const answer = { contact: { cdate, udate, email, id } };
    return c.json(options.hidesWritten ? answer : { fieldValues: shown, ...answer });
  });

  app.get('/fields/:id', (c) => {
    const id = c.req.param('id');
    if (!fields.has(id)) return c.json({ message: `No Result found for Field with id ${id}` }, 404);
    return c.json({ field: { id, title: `Field ${id}`, type: 'text' }, fieldOptions: [] });
  });

  app.notFound((c) => c.json({ message: 'No route found' }, 404));

  const withReferences = (contact: ActivecampaignContact) => ({
    ...contact,
    scoreValues: [],
    links: { deals: `https://acme.api-us1.com/api/3/contacts/${contact.id}/deals` },
  });

  const sideLoads = (rows: ActivecampaignContact[]) => ({
    fieldValues: rows.flatMap(({ id }) =>
      Object.entries(values.get(id) ?? {}).map(([field, value], at) => ({
        contact: id,
        field,
        value,
        id: `${id}${at}`,
        owner: id,
      })),
    ),
  });

  /** The wall time of Chicago, where summer time ends on the first Sunday of November; whole seconds. */
  function wall(at = now()): { local: string; offset: string } {
    const name = new Intl.DateTimeFormat('en', { timeZone: 'America/Chicago', timeZoneName: 'longOffset' });
    const offset = name
      .formatToParts(at)
      .find(({ type }) => type === 'timeZoneName')!
      .value.slice(3);
    const local = new Date(at + Number(offset.slice(0, 3)) * 3_600_000).toISOString().slice(0, 19);
    return { local, offset };
  }

  function clocks(at = now()) {
    const { local, offset } = wall(at);
    // Not UTC, whatever it is called.
    return { udate: `${local}${offset}`, updated_utc_timestamp: local.replace('T', ' ') };
  }

  function create(given: { [name: string]: string } = {}, fields: { [field: string]: string } = {}) {
    serial += 1;
    const id = String(serial);
    const times = clocks();
    const contact = {
      cdate: times.udate,
      email: `p${id}@example.com`,
      phone: '',
      firstName: 'Person',
      lastName: id,
      orgid: '0',
      deleted: '0',
      anonymized: '0',
      ip: '2130706433',
      ua: null,
      created_by: null,
      sms_consent_updated_at: null,
      created_utc_timestamp: times.updated_utc_timestamp,
      ...times,
      id,
      ...given,
    };
    contacts.set(id, contact);
    values.set(id, fields);
    return contact;
  }

  /** At the first change, placeholders flip that nobody has edited. */
  function change(id: string, given: { [name: string]: string }, fields: { [field: string]: string } = {}) {
    const flips = { created_by: '0', ua: '', sms_consent_updated_at: '0000-00-00 00:00:00' };
    values.set(id, { ...values.get(id), ...fields });
    return Object.assign(contacts.get(id)!, flips, given, clocks());
  }

  return {
    app,
    contacts,
    state,
    create,
    change,
    define: (id: string, definition: FieldDefinition = {}) => void fields.set(id, definition),
    /** The values of a contact's custom fields by ID. */
    valuesOf: (id: string) => values.get(id),
    /** An import: it moves the clock, and fires nothing, as nothing here does by itself. */
    remove: (id: string) => contacts.delete(id) && values.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create();
    },
    ids: (): string[] => [...contacts.keys()],
    /** The body of an event: custom fields by ID. */
    event(type: string, id: string): string {
      const { local, offset } = wall();
      const form = new URLSearchParams({
        type,
        date_time: `${local}${offset}`,
        initiated_from: 'admin',
        list: '0',
      });
      for (const [field, value] of Object.entries(values.get(id) ?? {}))
        form.append(`contact[fields][${field}]`, value);
      return contactForm(form, id);
    },
    /** The body of an automation: no type, no time, custom fields by personalisation tag. */
    automation(id: string): string {
      return contactForm(new URLSearchParams({ seriesid: '3', 'contact[fields][customer_id]': 'c-1' }), id);
    },
  };

  function contactForm(form: URLSearchParams, id: string): string {
    const contact = contacts.get(id);
    form.append('contact[id]', id);
    form.append('contact[email]', contact?.email ?? '');
    form.append('contact[last_name]', contact?.['lastName'] ?? '');
    form.append('contact[tags]', 'VIP, Hamburg (Altona), a/b');
    return form.toString();
  }
}

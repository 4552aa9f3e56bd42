// The simulated Freshsales account: contacts by views and numbered pages that move, rows poorer than single reads, times with the
// offsets of summer and winter, soft deletions. https://developers.freshworks.com/crm/api
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type FreshsalesOptions = {
  now: () => number;
  apiKey: string;
  /** Calls in an hour. Default: no limit. */
  perHour?: number;
  /** Answers in place of Freshsales' own. */
  faults?: (path: string) => Response | undefined;
};

export type Contact = { id: number; created_at: string; updated_at: string; is_deleted: boolean } & {
  [name: string]: unknown;
};

/** All contacts; a second view of a like name shows every other one. */
export const viewId = 9_001;
export const filteredViewId = 9_002;
const views = [
  { id: viewId, name: 'Alle Kontakte', is_default: true },
  { id: filteredViewId, name: 'All Contacts', is_default: false },
];

export function createFreshsalesSimulator(options: FreshsalesOptions) {
  const { now } = options;
  const app = new Hono();
  const contacts = new Map<number, Contact>();
  const calls = options.perHour
    ? new QuotaWindows([{ name: 'hour', requests: options.perHour, seconds: 3600 }])
    : null;
  const state = { refused: 0, answers: 0 };
  let serial = 70_000_000_000;

  /** Whole seconds in the account's zone: of every other record in its summer time. */
  function stamp(at = now()): string {
    const hours = serial % 2 ? 2 : 1;
    return new Date(at + hours * 3_600_000).toISOString().replace(/\.\d+Z/, `+0${hours}:00`);
  }
  const failure = (c: Context, status: 404 | 429, message: string) =>
    c.json({ errors: { code: status, message: [message] } }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('authorization') !== `Token token=${options.apiKey}`)
      return c.json({ login: 'failed', message: 'Incorrect API key' }, 401);
    const admission = calls?.admit(now());
    if (admission?.admitted === false) {
      state.refused += 1;
      c.header('Retry-After', String(Math.ceil(admission.retryAfterSeconds)));
      return failure(c, 429, 'You have exceeded the limit of requests');
    }
    state.answers += 1;
    return next();
  });

  app.get('/contacts/filters', (c) => c.json({ filters: views }));

  app.get('/contacts/view/:id', (c) => {
    const view = Number(c.req.param('id'));
    if (!views.some(({ id }) => id === view)) return failure(c, 404, 'Not found');
    const { page = '1', per_page = '25', sort = 'created_at', sort_type = 'asc' } = c.req.query();
    const size = Math.min(Number(per_page), 100);
    const sign = sort_type === 'desc' ? -1 : 1;
    const found = [...contacts.values()]
      .filter(({ is_deleted }) => !is_deleted)
      .filter(({ id }) => view === viewId || id % 2 === 0)
      .sort((a, b) => sign * (Date.parse(String(a[sort])) - Date.parse(String(b[sort])) || a.id - b.id));
    const rows = found.slice((Number(page) - 1) * size, Number(page) * size);
    const meta = { total_pages: Math.ceil(found.length / size), total: found.length };
    // In any order of keys.
    return c.json(
      state.answers % 2 ? { meta, users: [], contacts: rows } : { contacts: rows, users: [], meta },
    );
  });

  app.get('/contacts/:id', (c) => {
    const contact = contacts.get(Number(c.req.param('id')));
    if (!contact) return failure(c, 404, 'Not found');
    return c.json({
      contact: { ...contact, phone_numbers: [], has_duplicates: false, partial: false },
      users: [],
    });
  });

  app.notFound((c) => failure(c, 404, 'Not found'));

  function create(values: { [name: string]: unknown } = {}, at = now()): Contact {
    serial += 1;
    const contact = {
      id: serial,
      first_name: 'Person',
      last_name: String(serial),
      display_name: `Person ${serial}`,
      email: `p${serial}@example.com`,
      emails: [],
      mobile_number: null,
      work_number: null,
      address: null,
      city: null,
      country: null,
      job_title: null,
      lead_score: 0,
      custom_field: { 'cf_off-loading_point': null, cf_newsletter: false },
      mcr_id: '400000000000000001',
      is_deleted: false,
      created_at: stamp(at),
      updated_at: stamp(at),
      ...values,
    };
    contacts.set(serial, contact);
    return contact;
  }

  const change = (id: number, values: { [name: string]: unknown }) =>
    Object.assign(contacts.get(id)!, values, { updated_at: stamp() });

  return {
    app,
    contacts,
    state,
    create,
    change,
    /** To the bin: it leaves the views, and can be read by ID. */
    remove: (id: number) => change(id, { is_deleted: true }),
    restore: (id: number) => change(id, { is_deleted: false }),
    forget: (id: number) => contacts.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create({}, now() - Math.floor((count - 1 - i) / 20) * 1000);
    },
    ids: (): string[] =>
      [...contacts.values()].filter(({ is_deleted }) => !is_deleted).map(({ id }) => String(id)),
  };
}

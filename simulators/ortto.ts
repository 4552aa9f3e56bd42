// The simulated Ortto account: three shapes of the people of an answer, only the fields that were named, results that a cursor pins,
// archived people apart, decimals multiplied by 1,000, and webhooks with other names. https://help.ortto.com/developer/latest
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type OrttoOptions = {
  now: () => number;
  apiKey: string;
  /** Calls in a second. Default: no limit. */
  perSecond?: number;
  /** Answers in place of Ortto's own. */
  faults?: (path: string) => Response | undefined;
};

type Value = string | number | boolean | null | { [part: string]: string | number };
export type OrttoFields = { [id: string]: Value | undefined };

const noCursor = '0'.repeat(24);

export function createOrttoSimulator(options: OrttoOptions) {
  const { now } = options;
  const app = new Hono();
  const people = new Map<string, OrttoFields>();
  const archived = new Set<string>();
  /** Results by their cursor: the IDs as they were at the first page. */
  const results = new Map<string, string[]>();
  const calls = options.perSecond
    ? new QuotaWindows([{ name: 'second', requests: options.perSecond, seconds: 1 }])
    : null;
  const state = { refused: 0, calls: 0 };
  let serial = 0;

  const hex = (prefix: string, number: number) =>
    prefix + number.toString(16).padStart(26 - prefix.length, '0');
  const failure = (c: Context, status: 400 | 401 | 404, error: string) =>
    c.json({ request_id: 'b7', code: status, error }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('x-api-key') !== options.apiKey) return failure(c, 401, 'Invalid API key');
    const admission = calls?.admit(now());
    if (admission?.admitted === false) {
      state.refused += 1;
      const wait = Math.ceil(admission.retryAfterSeconds);
      return c.json({ code: 429, error: 'Too many requests', 'try-in-seconds': wait }, 429);
    }
    state.calls += 1;
    return next();
  });

  app.post('/person/get', async (c) => {
    const asked = await c.req.json();
    const { limit = 50, offset = 0, sort_order = 'desc', fields, type, cursor_id: cursor } = asked;
    if (limit > 500 || !Array.isArray(fields) || fields.length > 150)
      return failure(c, 400, 'Invalid request');
    if (cursor !== undefined && !/^([0-9a-f]{24}|[0-9a-f]{26})$/.test(cursor))
      return failure(c, 400, `cannot unmarshal ${cursor} into an ID`);
    const found = results.get(cursor) ?? matches(type === 'archived');
    if (sort_order === 'desc' && !results.has(cursor)) found.reverse();
    const ids = found.slice(offset, offset + limit);
    const cursorId = found.length === 0 ? noCursor : (cursor ?? hex('0c', results.size + 1));
    results.set(cursorId, found);
    // Who has been archived since is not shown any more, though the places of others stay.
    const shown = ids.filter((id) => people.has(id)).map((id) => person(id, fields));
    return c.json({
      contacts: shown.length > 0 ? shown : ids.length > 0 ? [] : null,
      meta: { total_contacts: people.size, total_matches: found.length, total_organizations: 0 },
      offset,
      next_offset: offset + ids.length,
      cursor_id: cursorId,
      has_more: offset + limit < found.length,
    });
  });

  app.post('/person/get-by-ids', async (c) => {
    const { contact_ids: ids, fields } = await c.req.json();
    const found = ids.filter((id: string) => people.has(id) && !archived.has(id));
    return c.json({ contacts: Object.fromEntries(found.map((id: string) => [id, person(id, fields)])) });
  });

  app.notFound((c) => failure(c, 404, 'Not found'));

  function matches(wantsArchived: boolean): string[] {
    const email = (id: string) => String(people.get(id)!['str::email'] ?? '');
    return [...people.keys()]
      .filter((id) => archived.has(id) === wantsArchived)
      .sort((a, b) => email(a).localeCompare(email(b)) || a.localeCompare(b));
  }

  /** The account comes unasked. */
  function person(id: string, named: readonly string[]) {
    const fields = Object.entries(people.get(id)!).filter(([name]) => named.includes(name));
    return { id, fields: { ...Object.fromEntries(fields), 'idt::o': noCursor } };
  }

  function create(fields: OrttoFields = {}): string {
    serial += 1;
    const id = hex('00', serial);
    people.set(id, {
      'str::ei': `shop-${serial}`,
      'str::email': `p${String(serial).padStart(6, '0')}@example.com`,
      'str::first': 'Person',
      'str::last': String(serial),
      ...fields,
    });
    return id;
  }

  return {
    app,
    people,
    state,
    create,
    /** A field that becomes undefined is absent. */
    change(id: string, fields: OrttoFields): void {
      const all = Object.entries({ ...people.get(id), ...fields });
      people.set(id, Object.fromEntries(all.filter(([, value]) => value !== undefined)));
    },
    archive: (id: string) => archived.add(id),
    restore: (id: string) => archived.delete(id),
    remove: (id: string) => people.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create();
    },
    ids: (): string[] => [...people.keys()].filter((id) => !archived.has(id)),
    /** Of a journey: the ticked fields by other names, and a time with nanoseconds of odd length. */
    webhook(id: string, more: object = {}) {
      const { 'str::email': email, 'str::first': first } = people.get(id) ?? {};
      return {
        activity: { id: hex('01', 7), field_id: 'act::s-all', created: new Date(now()).toISOString() },
        contact: { contact_id: id, email: email ?? null, first_name: first ?? null },
        id: hex('02', 9),
        time: new Date(now()).toISOString().replace('Z', '26779Z'),
        webhook_id: hex('03', 1),
        ...more,
      };
    },
  };
}

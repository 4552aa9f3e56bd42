// The simulated Copper account: searches that give bare lists and refuse what they do not know, custom fields in any order, clocks
// that move without an edit, two kinds of 404. https://developer.copper.com
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type CopperOptions = {
  now: () => number;
  apiKey: string;
  userEmail: string;
  /** In place of key and user: whether a request with this `Authorization` is let in. */
  isLive?: (authorization: string | undefined) => boolean;
  webhookHeader?: { name: string; value: string };
  /** Calls in a minute. Default: no limit. */
  perMinute?: number;
  /** Whether the bound of a search belongs to what it finds. Default: true. */
  minimumIsInclusive?: boolean;
  /** Answers in place of Copper's own. */
  faults?: (path: string) => Response | undefined;
};

export type Person = { id: number; date_modified: number; [name: string]: unknown };

/** Of a custom field. */
export const tierId = 126_240;
const attributes = new Set([
  'page_number',
  'page_size',
  'sort_by',
  'sort_direction',
  'minimum_modified_date',
]);

export function createCopperSimulator(options: CopperOptions) {
  const { now } = options;
  const app = new Hono();
  const people = new Map<number, Person>();
  const calls = options.perMinute
    ? new QuotaWindows([{ name: 'minute', requests: options.perMinute, seconds: 60 }])
    : null;
  const state = { refused: 0, answers: 0 };
  let serial = 300_000_000;

  const seconds = (at = now()) => Math.floor(at / 1000);
  const failure = (c: Context, status: 401 | 404 | 422 | 429, message: string) =>
    c.json({ success: false, status, message }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    const { apiKey, userEmail } = options;
    const hasKey = () =>
      c.req.header('x-pw-accesstoken') === apiKey &&
      c.req.header('x-pw-useremail') === userEmail &&
      c.req.header('x-pw-application') === 'developer_api';
    const isKnown = options.isLive ? options.isLive(c.req.header('authorization')) : hasKey();
    if (!isKnown || !c.req.header('content-type')?.startsWith('application/json'))
      return failure(c, 401, 'Invalid Authentication');
    if (calls?.admit(now()).admitted === false) {
      state.refused += 1;
      return failure(c, 429, 'Too many requests');
    }
    state.answers += 1;
    return next();
  });

  app.get('/account', (c) => c.json({ id: 4711, name: 'Acme', settings: {} }));

  app.post('/people/search', async (c) => {
    const asked = await c.req.json();
    const unknown = Object.keys(asked).filter((name) => !attributes.has(name));
    if (unknown.length > 0)
      return failure(
        c,
        422,
        `Invalid input: Validation errors: Base: Unrecognized attributes specified: ${unknown}`,
      );
    const { page_number = 1, page_size = 20, minimum_modified_date: minimum = 0 } = asked;
    if (page_size > 200) return failure(c, 422, 'Invalid input: page_size');
    const isIn = (time: number) => (options.minimumIsInclusive === false ? time > minimum : time >= minimum);
    const found = [...people.values()]
      .filter(({ date_modified }) => isIn(date_modified))
      .sort((a, b) => a.date_modified - b.date_modified || a.id - b.id);
    return c.json(found.slice((page_number - 1) * page_size, page_number * page_size).map(shown));
  });

  app.get('/people/:id', (c) => {
    const id = Number(c.req.param('id'));
    const person = people.get(id);
    if (person) return c.json(shown(person));
    return id % 2 ? failure(c, 404, 'Resource not found') : c.json({ error: 'not_found' }, 404);
  });

  app.notFound((c) => failure(c, 404, 'Resource not found'));

  /** Custom fields in another order each time. */
  function shown(person: Person) {
    const fields = person['custom_fields'] as unknown[];
    return { ...person, custom_fields: state.answers % 2 ? fields : fields.toReversed() };
  }

  /** Every fifth is a sample, whose one name stands in first_name. */
  function create(values: { [name: string]: unknown } = {}, at = now()): Person {
    serial += 1;
    const isSample = serial % 5 === 0;
    const name = isSample ? `Person ${serial} (Sample - Try me!)` : `Person ${serial}`;
    const person = {
      id: serial,
      name,
      prefix: null,
      first_name: isSample ? name : 'Person',
      middle_name: null,
      last_name: isSample ? null : String(serial),
      suffix: null,
      address: { street: null, city: null, state: null, postal_code: null, country: null },
      assignee_id: null,
      contact_type_id: 1,
      details: null,
      emails: [{ email: `P${serial}@Example.com`, category: 'work' }],
      phone_numbers: [],
      tags: isSample ? ['sample'] : [],
      websites: [],
      custom_fields: [
        { custom_field_definition_id: tierId, value: null },
        { custom_field_definition_id: tierId + 1, value: [] },
      ],
      date_created: seconds(at),
      date_modified: seconds(at),
      ...values,
    };
    people.set(serial, person);
    return person;
  }

  return {
    app,
    people,
    state,
    create,
    change: (id: number, values: { [name: string]: unknown }) =>
      Object.assign(people.get(id)!, values, { date_modified: seconds() }),
    /** An e-mail was synced: nothing that shows has changed. */
    interact: (id: number) => Object.assign(people.get(id)!, { date_modified: seconds() }),
    remove: (id: number) => people.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create({}, now() - Math.floor((count - 1 - i) / 20) * 1000);
    },
    ids: (): string[] => [...people.keys()].map(String),
    /** Several people in one; the keys of `secret` lie beside the others. A deletion has no time. */
    pushed(event: 'new' | 'update' | 'delete', ids: readonly number[], more: object = {}) {
      const { name, value } = options.webhookHeader ?? { name: 'x-none', value: '' };
      const body = {
        ids,
        type: 'person',
        event,
        subscription_id: 9,
        updated_attributes: {},
        ...(event !== 'delete' && { timestamp: new Date(now()).toISOString() }),
        tributary_token: 'unused',
        ...more,
      };
      return { headers: { [name]: value }, body: JSON.stringify(body) };
    },
  };
}

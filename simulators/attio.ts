// The simulated Attio workspace: people without a time of change, in lists without a cursor; merges into a third record that take a
// while; three kinds of nothing. https://docs.attio.com/rest-api
import { createHmac, randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type AttioOptions = {
  now: () => number;
  accessToken: string;
  /** In place of the token: whether a request with this `Authorization` is let in. */
  isLive?: (authorization: string | undefined) => boolean;
  webhookSecret?: string;
  /** Calls in a second. Default: no limit. */
  perSecond?: number;
  /** Answers in place of Attio's own. */
  faults?: (path: string) => Response | undefined;
};

type Value = { [name: string]: unknown };
export type Person = {
  id: { workspace_id: string; object_id: string; record_id: string };
  created_at: string;
  values: { [slug: string]: Value[] };
};

export const objectId = '97052eb9-e65e-443f-a297-f2d9a4a7f795';
export const workspaceId = '14beef7a-99f7-4534-a87e-70b564330a4c';
const mergeMs = 20_000;
const kinds = {
  name: 'personal-name',
  email_addresses: 'email-address',
  phone_numbers: 'phone-number',
  primary_location: 'location',
  job_title: 'text',
  description: 'text',
  tier: 'select',
  created_by: 'actor-reference',
};
type Slug = keyof typeof kinds;

export function createAttioSimulator(options: AttioOptions) {
  const { now } = options;
  const app = new Hono();
  const people = new Map<string, Person>();
  /** IDs of new records whose merge is under way, and until when. */
  const merging = new Map<string, number>();
  const calls = options.perSecond
    ? new QuotaWindows([{ name: 'second', requests: options.perSecond, seconds: 1 }])
    : null;
  const state = { queries: 0, refused: 0 };
  let serial = 0;

  const stamp = (at = now()) => new Date(at).toISOString().replace('Z', '000000Z');
  const failure = (c: Context, status: 400 | 401 | 404 | 429, code: string) =>
    c.json({ status_code: status, type: 'invalid_request_error', code, message: `It says ${code}` }, status);

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    const given = c.req.header('authorization');
    if (!(options.isLive?.(given) ?? given === `Bearer ${options.accessToken}`))
      return failure(c, 401, 'unauthorized');
    if (calls?.admit(now()).admitted === false) {
      state.refused += 1;
      c.header('Retry-After', new Date(Math.floor(now() / 1000) * 1000 + 1000).toUTCString());
      return failure(c, 429, 'rate_limit_exceeded');
    }
    return next();
  });

  app.get('/objects/people', (c) => c.json({ data: { id: { object_id: objectId }, api_slug: 'people' } }));

  app.get('/objects/people/attributes', (c) =>
    c.json({ data: Object.entries(kinds).map(([api_slug, type]) => ({ api_slug, title: api_slug, type })) }),
  );

  app.post('/objects/people/records/query', async (c) => {
    state.queries += 1;
    const { filter, sorts, limit = 500, offset = 0 } = await c.req.json();
    if (limit > 500) return failure(c, 400, 'validation_type');
    const ids: string[] | undefined = filter?.record_id?.$in;
    const since = Date.parse(filter?.created_at?.$gte ?? '1970-01-01T00:00:00Z');
    const found = [...people.values()]
      .filter(({ id }) => !merging.has(id.record_id) || merging.get(id.record_id)! <= now())
      .filter(({ id }) => ids === undefined || ids.includes(id.record_id))
      .filter(({ created_at }) => Date.parse(created_at) >= since)
      .sort((a, b) => (sorts && a.created_at !== b.created_at ? (a.created_at < b.created_at ? -1 : 1) : 0));
    c.header('x-accurate-at', stamp());
    c.header('x-attio-record-query-score', '108');
    return c.json({ data: found.slice(offset, offset + limit) });
  });

  app.get('/objects/people/records/:id', (c) => {
    const id = c.req.param('id');
    if ((merging.get(id) ?? 0) > now()) return failure(c, 404, 'merge_in_progress');
    const person = people.get(id);
    return person ? c.json({ data: person }) : failure(c, 404, 'not_found');
  });

  app.notFound((c) => failure(c, 404, 'endpoint_not_found'));

  const value = (slug: Slug, content: Value): Value => ({
    active_from: stamp(),
    active_until: null,
    created_by_actor: { type: 'api-token', id: 'a' },
    attribute_type: kinds[slug],
    ...content,
  });
  const email = (address: string) =>
    value('email_addresses', { email_address: address.toLowerCase(), original_email_address: address });

  /** Every other one is made by the mailbox: without a name. */
  function create(at = now()): Person {
    serial += 1;
    const isMember = serial % 2 === 1;
    const record_id = randomUUID();
    const person: Person = {
      id: { workspace_id: workspaceId, object_id: objectId, record_id },
      created_at: stamp(at),
      values: {
        name: isMember
          ? [value('name', { first_name: `Person${serial}`, last_name: '', full_name: `Person${serial}` })]
          : [],
        email_addresses: [email(`P${serial}@Example.com`), email(`other${serial}@example.com`)],
        phone_numbers: [],
        primary_location: [],
        job_title: [],
        description: [],
        tier: [],
        created_by: [
          value('created_by', {
            referenced_actor_type: isMember ? 'workspace-member' : 'system',
            referenced_actor_id: null,
          }),
        ],
      },
    };
    for (const list of Object.values(person.values)) for (const one of list) one['active_from'] = stamp(at);
    people.set(record_id, person);
    return person;
  }

  return {
    app,
    people,
    state,
    create,
    /** Null removes the values, and nothing says when. */
    set: (id: string, slug: Slug, content: Value | null) => {
      people.get(id)!.values[slug] = content ? [value(slug, content)] : [];
    },
    remove: (id: string) => people.delete(id),
    /** Both go, and a third comes, which cannot be read for a while. */
    merge(one: string, other: string): string {
      const { id } = create();
      people.get(id.record_id)!.values = { ...people.get(other)!.values, ...people.get(one)!.values };
      merging.set(id.record_id, now() + mergeMs);
      people.delete(one);
      people.delete(other);
      return id.record_id;
    },
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create(now() - Math.floor((count - 1 - i) / 20) * 1000);
    },
    ids: (): string[] => [...people.keys()],
    event: (event_type: string, record_id: string, more: object = {}, object = objectId) => ({
      event_type,
      id: { workspace_id: workspaceId, object_id: object, record_id },
      actor: { type: 'system', id: null },
      ...more,
    }),
    /** The key is the secret as text, although it looks like hex. */
    pushed(...events: object[]) {
      const body = JSON.stringify({ webhook_id: 'w', events });
      const signature = createHmac('sha256', options.webhookSecret ?? '')
        .update(body)
        .digest('hex');
      return { headers: { 'Attio-Signature': signature, 'Idempotency-Key': randomUUID() }, body };
    },
  };
}

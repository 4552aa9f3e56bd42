// The simulated project of commercetools: customers whose queries lag behind single reads, deleted for good; messages that may be
// off and are forgotten; and no list beyond 10,000 rows. https://docs.commercetools.com/api/projects/customers
import { createHash, randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import type { Customer } from './commercetools/customer.ts';
import { PredicateError, predicateOf } from './commercetools/predicate.ts';
import { messageOf } from './commercetools/push.ts';

export type CommercetoolsOptions = {
  now: () => number;
  projectKey?: string;
  /** Whether a request with this `Authorization` is let in. */
  isLive: (authorization: string | undefined) => boolean;
  /** How long queries lag, milliseconds. Default: 0. */
  lagMs?: number;
  /** Whether messages are kept, and the token may see them. Default: neither. */
  messages?: boolean;
  /** Answers in place of the project's own. */
  faults?: (path: string) => Response | undefined;
};

type Message = ReturnType<typeof messageOf>;
type State = { at: number; customer: Customer | null };

const maxLimit = 500;
const maxOffset = 10_000;
const messageMs = 15 * 86_400_000;

export function createCommercetoolsSimulator(options: CommercetoolsOptions) {
  const { now, projectKey = 'acme', lagMs = 0 } = options;
  const app = new Hono();
  /** Every state of every customer, the newest last. */
  const states = new Map<string, State[]>();
  const messages: Message[] = [];
  const state = { calls: 0, serial: 0 };

  const failure = (c: Context, status: 400 | 401 | 403 | 404, code: string, message: string) =>
    c.json({ statusCode: status, message, errors: [{ code, message }] }, status);

  app.use(async (c, next) => {
    state.calls += 1;
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    c.header('x-correlation-id', `projects-${randomUUID()}`);
    if (!options.isLive(c.req.header('authorization')))
      return failure(c, 401, 'invalid_token', 'invalid_token');
    if (c.req.path.split('/')[1] !== projectKey)
      return failure(c, 403, 'insufficient_scope', 'Insufficient scope.');
    return next();
  });

  app.get('/:project/customers', (c) => {
    const seen = [...states.values()].map((history) => seenAt(history, now() - lagMs));
    return list(c, seen.filter((customer) => customer !== null).map(shown));
  });

  app.get('/:project/messages', (c) => {
    if (!options.messages) return failure(c, 403, 'insufficient_scope', 'Insufficient scope. view_messages');
    return list(
      c,
      messages.filter(({ createdAt }) => {
        const age = now() - Date.parse(createdAt);
        return age >= lagMs && age <= messageMs;
      }),
    );
  });

  /** Strongly consistent. */
  app.get('/:project/customers/:id', (c) => {
    const id = c.req.param('id');
    const customer = states.get(id)?.at(-1)?.customer;
    if (!customer) return failure(c, 404, 'ResourceNotFound', `The Resource with ID '${id}' was not found.`);
    return c.json(shown(customer));
  });

  app.notFound((c) => failure(c, 404, 'ResourceNotFound', `URI not found: ${c.req.path}`));

  function list(c: Context, rows: readonly { [name: string]: unknown }[]): Response {
    const url = new URL(c.req.url);
    const number = (name: string, usual: number) => Number(url.searchParams.get(name) ?? usual);
    const [limit, offset] = [number('limit', 20), number('offset', 0)];
    if (!(limit >= 0 && limit <= maxLimit) || !(offset >= 0 && offset <= maxOffset))
      return failure(c, 400, 'InvalidInput', 'Malformed parameter: limit or offset is out of range');
    const variables = Object.fromEntries(
      [...url.searchParams].flatMap(([name, value]) =>
        name.startsWith('var.') ? [[name.slice(4), value]] : [],
      ),
    );
    try {
      const predicates = url.searchParams.getAll('where').map((text) => predicateOf(text, variables));
      const sorts = url.searchParams.getAll('sort').map((one) => one.split(' '));
      const found = rows
        .filter((row) => predicates.every((predicate) => predicate(row)))
        .sort((a, b) => {
          for (const [field = 'id', direction = 'asc'] of [...sorts, ['id']]) {
            const [x, y] = [String(a[field]), String(b[field])];
            if (x !== y) return (x < y ? -1 : 1) * (direction === 'desc' ? -1 : 1);
          }
          return 0;
        });
      const results = found.slice(offset, offset + limit);
      const total = predicates.length > 0 ? Math.min(found.length, maxOffset) : found.length;
      const counted = url.searchParams.get('withTotal') === 'false' ? {} : { total };
      return c.json({ limit, offset, count: results.length, ...counted, results });
    } catch (error) {
      if (error instanceof PredicateError) return failure(c, 400, 'InvalidInput', error.message);
      throw error;
    }
  }

  /** A masked password in each answer, and fields that no document names. */
  function shown(customer: Customer) {
    const { version, lastModifiedAt } = customer;
    const isPlatformClient = { isPlatformClient: false, clientId: 'client' };
    return {
      ...customer,
      password: '****aGg=',
      versionModifiedAt: lastModifiedAt,
      lastMessageSequenceNumber: version,
      createdBy: isPlatformClient,
      lastModifiedBy: isPlatformClient,
    };
  }

  function seenAt(history: readonly State[], at: number): Customer | null {
    return history.findLast((one) => one.at <= at)?.customer ?? null;
  }

  function write(id: string, customer: Customer | null): void {
    states.set(id, [...(states.get(id) ?? []), { at: now(), customer }]);
  }

  const stamp = () => new Date(now()).toISOString();

  function create(values: { [name: string]: unknown } = {}): Customer {
    state.serial += 1;
    const customer: Customer = {
      id: uuid(state.serial),
      version: 1,
      createdAt: stamp(),
      lastModifiedAt: stamp(),
      email: `P${state.serial}@example.com`,
      firstName: `Person ${state.serial}`,
      addresses: [],
      shippingAddressIds: [],
      billingAddressIds: [],
      stores: [],
      isEmailVerified: false,
      authenticationMode: 'Password',
      ...values,
    };
    write(customer.id, customer);
    return customer;
  }

  /** `undefined` takes a field away. Versions may jump. */
  function change(id: string, values: { [name: string]: unknown }): Customer {
    const before = states.get(id)!.at(-1)!.customer!;
    const customer = { ...before, ...values, version: before.version + 2, lastModifiedAt: stamp() };
    write(id, customer);
    return customer;
  }

  function remove(id: string): void {
    const customer = states.get(id)!.at(-1)!.customer!;
    write(id, null);
    const about = { projectKey, createdAt: stamp(), payload: { email: customer.email } };
    if (options.messages) messages.push(messageOf('CustomerDeleted', customer, about));
  }

  return {
    app,
    state,
    messages,
    projectKey,
    create,
    change,
    remove,
    customer: (id: string) => states.get(id)?.at(-1)?.customer ?? null,
    /** Ten of each millisecond. */
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) {
        const at = now() - 3_600_000 - Math.floor(i / 10);
        const { id } = create({ lastModifiedAt: new Date(at).toISOString() });
        states.get(id)![0]!.at = at;
      }
    },
    ids: (): string[] =>
      [...states].flatMap(([id, history]) => (history.at(-1)!.customer === null ? [] : [id])),
  };
}

/** In no order of time. */
function uuid(serial: number): string {
  const hex = createHash('sha256').update(String(serial)).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

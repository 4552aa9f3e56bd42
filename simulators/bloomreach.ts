// The simulated Bloomreach project: all customers in one positional answer, single ones by attributes in the order of the request, and
// a scenario that sends customers one at a time or in batches of texts. Writes show up late. Facts: the vendor's client and its pages.
import { type Context, Hono, type MiddlewareHandler } from 'hono';

export interface BloomreachOptions {
  now: () => number;
  projectToken: string;
  apiKeyId: string;
  apiSecret: string;
  /** How long after a write reads show what was before it. Default: 0. */
  visibleAfterMs?: number;
  /** Properties that the key has no right to. */
  forbidden?: readonly string[];
  /** How an unknown customer is answered. Default: `404`. */
  unknown?: '404' | 'nulls';
  /** How the key is told that it may not set properties. Default: it may. */
  denies?: '403' | '400' | 'each';
  /** Why the command for a customer fails. */
  writeFault?: (registered: string) => string | undefined;
  /** Answers in place of Bloomreach's own. */
  faults?: (path: string) => Response | undefined;
}

export interface Customer {
  /** None: anonymous. */
  registered: string | null;
  cookies: string[];
  properties: { [name: string]: unknown };
}

interface Command {
  data: { customer_ids?: { [id: string]: string }; properties?: Customer['properties'] };
}

const maxCommands = 50;

type Attribute = { type: 'id'; id: string } | { type: 'property'; property: string };

/** After these a scenario sends nothing more to the customers who entered together. */
const stops = [400, 404, 410, 412, 413, 418];

export function createBloomreachSimulator(options: BloomreachOptions) {
  const { now, projectToken, apiKeyId, apiSecret, visibleAfterMs = 0, forbidden = [] } = options;
  const app = new Hono();
  const customers: { at: number; customer: Customer }[][] = [];
  const state = { exports: 0, reads: 0, batches: 0, cutsOff: false };
  const basic = `Basic ${Buffer.from(`${apiKeyId}:${apiSecret}`).toString('base64')}`;
  let serial = 0;

  const failure = (c: Context, status: 401 | 403 | 404, message: string) =>
    c.json({ errors: [message], success: false }, status);

  const forProject: MiddlewareHandler = async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    if (c.req.header('authorization') !== basic) return failure(c, 401, 'unauthorized');
    if (c.req.param('token') !== projectToken) return failure(c, 404, 'project does not exist');
    return next();
  };
  app.use('/data/v2/projects/:token/*', forProject);
  app.use('/track/v2/projects/:token/*', forProject);

  /** A success although commands fail; a customer who does not exist is created; null empties a property (guessed). */
  app.post('/track/v2/projects/:token/batch', async (c) => {
    const { denies } = options;
    if (denies === '400') return c.json({ success: false, error: 'Could not authenticate' }, 400);
    if (denies === '403') return failure(c, 403, 'not authorized to update specified customer properties');
    const { commands = [] } = (await c.req.json()) as { commands?: Command[] };
    if (commands.length === 0) return c.json({ success: false, message: 'No commands' }, 400);
    if (commands.length > maxCommands) return c.json({ success: false, message: 'Too many commands' }, 400);
    state.batches += 1;
    const startedAt = now() / 1000;
    const results = commands.map(({ data: { customer_ids: ids, properties = {} } }) => {
      const registered = ids?.['registered'];
      if (denies === 'each')
        return { success: false, errors: ['not authorized to update specified customer properties'] };
      if (registered === undefined)
        return { success: false, errors: ['At least one id should be specified.'] };
      const fault = options.writeFault?.(registered);
      if (fault !== undefined) return { success: false, errors: [fault] };
      if (!statesOf(registered))
        customers.push([{ at: now(), customer: { registered, cookies: [], properties: {} } }]);
      change(registered, properties);
      return { success: true };
    });
    return c.json({ success: true, start_time: startedAt, end_time: startedAt + 0.01, results });
  });

  app.post('/data/v2/projects/:token/customers/export', async (c) => {
    const { format, attributes } = await c.req.json();
    if (format !== 'native_json') return failure(c, 403, 'unknown format');
    state.exports += 1;
    const all = visible();
    const names = [...new Set(all.flatMap(({ properties }) => Object.keys(properties)))];
    const fields: Attribute[] =
      attributes?.type === 'some'
        ? attributes.list
        : [
            { type: 'id', id: 'registered' },
            { type: 'id', id: 'cookie' },
            ...names.map((property) => ({ type: 'property' as const, property })),
          ];
    const data = all.map((customer) => fields.map((field) => shown(customer, field)));
    const text = JSON.stringify({ success: true, fields, data });
    if (!state.cutsOff) return c.body(text, 200, { 'content-type': 'application/json' });
    state.cutsOff = false;
    return c.body(text.slice(0, Math.floor(text.length * 0.8)));
  });

  app.post('/data/v2/projects/:token/customers/attributes', async (c) => {
    const { customer_ids: ids, attributes } = await c.req.json();
    state.reads += 1;
    const found = visible().find(({ registered }) => registered === ids?.registered);
    if (!found && options.unknown !== 'nulls') return failure(c, 404, 'customer does not exist');
    const results = (attributes as Attribute[]).map((attribute) =>
      attribute.type === 'property' && forbidden.includes(attribute.property)
        ? { success: false, error: 'no permission' }
        : { success: true, value: found ? shown(found, attribute) : null },
    );
    return c.json({ results, success: true });
  });

  function shown({ registered, cookies, properties }: Customer, attribute: Attribute): unknown {
    if (attribute.type === 'property') return properties[attribute.property] ?? null;
    return attribute.id === 'registered' ? registered : cookies;
  }

  function visible(): Customer[] {
    const until = now() - visibleAfterMs;
    return customers.flatMap((states) => states.findLast(({ at }) => at <= until)?.customer ?? []);
  }

  function create(
    properties: Customer['properties'] = {},
    registered: string | null = `shop-${serial + 1}`,
  ): Customer {
    serial += 1;
    const customer = {
      registered,
      cookies: [`cookie-${serial}`, `cookie-of-a-phone-${serial}`],
      properties: { first_name: 'Person', last_name: String(serial), ...properties },
    };
    customers.push([{ at: now(), customer }]);
    return customer;
  }

  function statesOf(registered: string) {
    return customers.find((states) => states.at(-1)!.customer.registered === registered)!;
  }

  function change(registered: string, properties: Customer['properties']): void {
    const states = statesOf(registered);
    const { customer } = states.at(-1)!;
    const changed = { ...customer, properties: { ...customer.properties, ...properties } };
    states.push({ at: now(), customer: changed });
  }

  return {
    app,
    state,
    create,
    change,
    /** As it is, whether it is visible yet or not. */
    get: (registered: string): Customer | undefined => statesOf(registered)?.at(-1)?.customer,
    get size(): number {
      return customers.length;
    },
    /** What is left of the customer is anonymous. */
    anonymize(registered: string): void {
      const states = statesOf(registered);
      states.push({ at: now(), customer: { ...states.at(-1)!.customer, registered: null, properties: {} } });
    },
    /** Sends texts, each of which is what the template made of a customer, and says what became of them. */
    async scenario(
      texts: readonly string[],
      send: (body: string) => Promise<number>,
      { batch = 1 } = {},
    ): Promise<{ requests: number; stopped: boolean }> {
      let requests = 0;
      for (let from = 0; from < texts.length; from += batch) {
        const chunk = texts.slice(from, from + batch);
        const body = batch === 1 ? chunk[0]! : JSON.stringify({ customers: chunk });
        for (let tries = 0; tries < 3; tries += 1) {
          requests += 1;
          const status = await send(body);
          if (stops.includes(status)) return { requests, stopped: true };
          if (status !== 500) break;
        }
      }
      return { requests, stopped: false };
    },
  };
}

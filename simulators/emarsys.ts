// The simulated Emarsys account: errors inside successes, JSON that is called a web page, `false` for nobody, numbers for names, and
// lists by offset that move. https://dev.emarsys.com/docs/core-api-reference
import { type Context, Hono } from 'hono';
import { QuotaWindows } from './quota-windows.ts';

export type EmarsysOptions = {
  now: () => number;
  /** Whether an access token is accepted. Default: any is. */
  isLive?: (accessToken: string) => boolean;
  /** Calls in a minute. Default: no limit. */
  perMinute?: number;
  /** Answers in place of Emarsys' own. */
  faults?: (path: string) => Response | undefined;
};

export type EmarsysContact = { [field: string]: string | number | string[] | null };

/** Of a custom field. */
export const customerIdField = '12345';

export function createEmarsysSimulator(options: EmarsysOptions) {
  const { now } = options;
  const app = new Hono().basePath('/api/v3');
  const contacts = new Map<string, EmarsysContact>();
  const calls = options.perMinute
    ? new QuotaWindows([{ name: 'minute', requests: options.perMinute, seconds: 60 }])
    : null;
  const state = { refused: 0, calls: 0 };
  let serial = 138_000_000;

  /** JSON, whatever the header says. */
  const reply = (c: Context, data: unknown, replyCode = 0, replyText = 'OK') =>
    c.body(JSON.stringify({ replyCode, replyText, data }), 200, {
      'content-type': 'text/html; charset=utf-8',
    });

  app.use(async (c, next) => {
    const fault = options.faults?.(c.req.path);
    if (fault) return fault;
    const token = c.req.header('authorization')?.replace(/^Bearer /, '') ?? '';
    if (options.isLive?.(token) === false)
      return c.json({ replyCode: 1, replyText: 'Unauthorized', data: '' }, 401);
    const admission = calls?.admit(now());
    if (admission?.admitted === false) {
      state.refused += 1;
      c.header('X-RateLimit-Reset', String(Math.ceil(now() / 1000 + admission.retryAfterSeconds)));
      return c.text('You have made too many requests in too short a time.', 429);
    }
    state.calls += 1;
    return next();
  });

  app.get('/contact/query/', (c) => {
    const { return: field = '', limit = '1000', offset = '0', excludeempty } = c.req.query();
    if (!/^\d+$/.test(field)) return reply(c, '', 2004, `Invalid field: ${field}`);
    const found = [...contacts]
      .filter(([, contact]) => excludeempty !== 'true' || contact[field] != null)
      .slice(Number(offset), Number(offset) + Math.min(Number(limit), 10_000))
      .map(([id, contact]) => ({ id, [field]: contact[field] ?? null }));
    return reply(c, { errors: [], result: found });
  });

  app.post('/contact/getdata', async (c) => {
    const { keyId, keyValues, fields } = await c.req.json();
    if (keyId !== 'id' || keyValues.length > 1_000) return reply(c, '', 10_001, 'Too many keys');
    const known = keyValues.filter((id: string) => contacts.has(id));
    const errors = keyValues
      .filter((id: string) => !contacts.has(id))
      .map((key: string) => ({
        key,
        errorCode: 2008,
        errorMsg: `No contact found with the external id: id - ${key}`,
      }));
    // In no particular order.
    const result = known.toReversed().map((id: string) => {
      const named = fields.map((field: string) => [field, contacts.get(id)![field] ?? null]);
      return { ...Object.fromEntries(named), id: Number(id), uid: `u${id}` };
    });
    return reply(c, { errors, result: result.length > 0 ? result : false });
  });

  app.get('/field/translate/en', (c) =>
    reply(c, [
      { id: 1, name: 'First Name', application_type: 'shorttext', string_id: 'first_name' },
      { id: 3, name: 'Email', application_type: 'longtext', string_id: 'email' },
      { id: 12_345, name: 'Customer ID', application_type: 'shorttext', string_id: 'customer_id' },
    ]),
  );

  app.notFound((c) => c.json({ replyCode: 404, replyText: 'Not found', data: '' }, 404));

  function create(fields: EmarsysContact = {}): string {
    serial += 1;
    const id = String(serial);
    contacts.set(id, {
      '1': 'Person',
      '2': id,
      '3': `p${id}@example.com`,
      '4': null,
      '31': '1',
      [customerIdField]: `shop-${id}`,
      ...fields,
    });
    return id;
  }

  return {
    app,
    contacts,
    state,
    create,
    change: (id: string, fields: EmarsysContact) => contacts.set(id, { ...contacts.get(id), ...fields }),
    remove: (id: string) => contacts.delete(id),
    seed(count: number): void {
      for (let i = 0; i < count; i += 1) create();
    },
    ids: (): string[] => [...contacts.keys()],
  };
}

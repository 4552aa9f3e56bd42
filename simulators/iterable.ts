// A simulated Iterable project: a truth of users behind the reads of its API, and the webhooks it sends. Facts:
// reference/cep/iterable.md and Iterable's Swagger file (API 1.8). It does not know who reads it.
import { type Context, Hono } from 'hono';
import { type BulkUpdateOptions, bulkUpdate, typeOf, type UpdatedUsers } from './iterable/bulk-update.ts';
import { type ExportOptions, IterableExports } from './iterable/exports.ts';
import { QuotaWindows } from './quota-windows.ts';

export interface IterableUser {
  email: string;
  userId?: string;
  dataFields: { [name: string]: unknown };
}

export interface IterableOptions {
  /** Epoch milliseconds. */
  now?: () => number;
  apiKey?: string;
  /** What an unknown user is answered with: both have been seen, with 200. */
  unknownUser?: 'empty' | 'null';
  quotas?: boolean;
  /** How long after a write reads still show what was before it: 2 to 12 seconds were recorded. */
  visibleAfterMs?: number;
  exports?: ExportOptions;
  bulkUpdate?: BulkUpdateOptions;
  /** How times are written: with a colon in the offset, without one, or with two fractions of a second. */
  times?: 'colon' | 'plain' | 'fractions';
}

/** How the header Authorization is made of the token that a person typed (the type Basic is seen without the word too). */
export type AuthType = 'NoAuth' | 'Basic' | 'BasicWithWord' | 'OAuth2';

export interface Delivery {
  method: 'POST';
  url: string;
  headers: { [name: string]: string };
  body: Uint8Array;
}

export class IterableSimulator {
  readonly app = new Hono();
  /** Each of its own route. */
  readonly quotas = {
    users: new QuotaWindows([{ name: 'users', requests: 100, seconds: 1 }]),
    fields: new QuotaWindows([{ name: 'fields', requests: 3, seconds: 1 }]),
    exports: new QuotaWindows([{ name: 'exports', requests: 1, seconds: 1 }]),
    bulk: new QuotaWindows([{ name: 'bulk', requests: 5, seconds: 1 }]),
  };
  readonly exports: IterableExports;
  /** Run before the route: a response takes its place. */
  faults: ((request: Request) => Response | undefined) | undefined;
  readonly #now: () => number;
  readonly #options: IterableOptions;
  readonly #users = new Map<string, IterableUser>();
  /** By key, each state with the time at which it was written, the oldest first. */
  readonly #states = new Map<string, { user: IterableUser; writtenAt: number }[]>();
  /** Fields of the project that no user has to have, by name, each with its type. */
  readonly #defined: { [name: string]: string } = {};
  #lastId = 0;

  constructor(options: IterableOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.app.get('/api/users/getByEmail', (c) =>
      this.#answer(c, 'users', () => this.#byEmail(c.req.query('email') ?? '')),
    );
    this.app.get('/api/users/byUserId/:userId', (c) =>
      this.#answer(c, 'users', () => this.#found(({ userId }) => userId === c.req.param('userId'))),
    );
    this.exports = new IterableExports(this.#now, () => this.#rows(), options.exports);
    this.exports.route(this.app, (c, handler) => this.#answer(c, 'exports', handler));
    this.app.get('/api/users/getFields', (c) =>
      this.#answer(c, 'fields', () => c.json({ fields: this.#fields() })),
    );
    this.app.post('/api/users/bulkUpdate', (c) =>
      this.#answer(c, 'bulk', () => bulkUpdate(c, this.#updated(), options.bulkUpdate ?? {})),
    );
  }

  // ── The truth ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Without an e-mail, a user gets a placeholder for one. Says the key by which `update` and `remove` know them. */
  create(user: { email?: string; userId?: string }, fields: { [name: string]: unknown } = {}): string {
    this.#lastId += 1;
    const key = String(this.#lastId);
    const { userId, email = `${userId ?? key}@placeholder.email` } = user;
    this.#users.set(key, { email, ...(userId !== undefined && { userId }), dataFields: {} });
    this.update(key, { signupDate: this.#written(), ...fields });
    return key;
  }

  update(key: string, fields: { [name: string]: unknown }): void {
    const user = this.user(key);
    const dataFields = { ...user.dataFields, ...fields, profileUpdatedAt: this.#written() };
    // A field that is set to null is removed.
    const kept = Object.entries(dataFields).filter(([, value]) => value !== null);
    const state = { ...user, dataFields: { ...Object.fromEntries(kept), email: user.email } };
    this.#users.set(key, state);
    this.#states.set(key, [...(this.#states.get(key) ?? []), { user: state, writtenAt: this.#now() }]);
  }

  /** The same user by userId: it signed up now, and some fields are dropped. */
  updateEmail(key: string, email: string): void {
    this.#users.set(key, { ...this.user(key), email });
    this.update(key, { signupDate: this.#written(), regionCode: null });
  }

  remove(key: string): void {
    this.#users.delete(key);
    this.#states.delete(key);
  }

  /** As reads show them by now. */
  #visible(): IterableUser[] {
    const until = this.#now() - (this.#options.visibleAfterMs ?? 0);
    return [...this.#states.values()].flatMap(
      (states) => states.findLast(({ writtenAt }) => writtenAt <= until)?.user ?? [],
    );
  }

  #written(): string {
    return written(this.#now(), this.#options.times);
  }

  define(name: string, type: 'long' | 'string' | 'array' | 'date'): void {
    this.#defined[name] = type;
  }

  get size(): number {
    return this.#users.size;
  }

  #updated(): UpdatedUsers {
    const users = () => [...this.#users.entries()];
    return {
      fieldTypes: () => {
        const all = users().flatMap(([, { dataFields }]) => Object.entries(dataFields));
        const written = all.map(([name, value]) => [name, typeOf(value)]);
        return { ...Object.fromEntries(written), ...this.#defined };
      },
      find: ({ userId, email }) =>
        users().find(([, user]) =>
          userId === undefined ? user.email === email : user.userId === userId,
        )?.[0],
      create: (user) => this.create(user),
      update: (key, values) => this.update(key, values),
    };
  }

  user(key: string): IterableUser {
    const user = this.#users.get(key);
    if (!user) throw new Error(`the project has no user ${key}`);
    return user;
  }

  // ── What it sends ─────────────────────────────────────────────────────────────────────────────────────────────

  /** `identity`: where the user is named; both places have been seen. */
  systemWebhook(
    key: string,
    eventName: string,
    {
      identity = 'top',
      data = {},
      headers = {},
    }: {
      identity?: 'top' | 'dataFields';
      data?: { [name: string]: unknown };
      headers?: { [name: string]: string };
    } = {},
  ): Delivery {
    const { email, userId } = this.user(key);
    const who = { email, ...(userId !== undefined && { userId }) };
    const dataFields = { createdAt: this.#written(), emailListIds: [12], ...data };
    return delivery(
      identity === 'top'
        ? { ...who, eventName, dataFields }
        : { eventName, dataFields: { ...who, ...dataFields } },
      headers,
    );
  }

  /** A journey's body with its handlebars filled in: two braces escape for HTML, three do not; absent is empty. */
  journeyWebhook(key: string, body: string, headers: { [name: string]: string } = {}): Delivery {
    const { dataFields, ...top } = this.user(key);
    const values: { [name: string]: unknown } = { ...dataFields, ...top };
    const filled = body.replaceAll(/\{\{(\{)?(\w+)\}?\}\}/g, (_, raw: string | undefined, name: string) => {
      const text = String(values[name] ?? '');
      return raw === undefined ? escaped(text) : text;
    });
    return delivery(filled, headers);
  }

  // ── Its API ───────────────────────────────────────────────────────────────────────────────────────────────────

  #answer<Answer extends Response | Promise<Response>>(
    c: Context,
    quota: 'users' | 'fields' | 'exports' | 'bulk',
    handler: () => Answer,
  ): Answer | Response {
    const fault = this.faults?.(c.req.raw);
    if (fault) return fault;
    const { apiKey, quotas = true } = this.#options;
    if (apiKey !== undefined && c.req.header('api-key') !== apiKey) {
      return c.json({ msg: 'Invalid API key', code: 'BadApiKey', params: null }, 401);
    }
    if (quotas && !this.quotas[quota].admit(this.#now()).admitted) {
      return c.json({ msg: 'Too many requests', code: 'RateLimitExceeded', params: null }, 429);
    }
    return handler();
  }

  #byEmail(email: string): Response {
    if (!email.includes('@')) {
      return Response.json(
        { msg: 'Invalid email', code: 'InvalidEmailAddressError', params: null },
        { status: 400 },
      );
    }
    return this.#found((user) => user.email.toLowerCase() === email.toLowerCase());
  }

  #found(fits: (user: IterableUser) => boolean): Response {
    const user = this.#visible().find(fits);
    if (user) return Response.json({ user });
    return Response.json(this.#options.unknownUser === 'null' ? { user: null } : {});
  }

  /** As exports show them: with a key that reads do not show, and the fields beside it. */
  #rows(): { row: object; changedAt: number }[] {
    return this.#visible().map(({ dataFields, ...top }) => ({
      row: { ...dataFields, ...top, itblUserId: `itbl-${top.userId ?? top.email}` },
      changedAt: timeIn(String(dataFields['profileUpdatedAt'])),
    }));
  }

  #fields(): { [name: string]: string } {
    const names = [...this.#users.values()].flatMap(({ dataFields }) => Object.keys(dataFields));
    const named = names.map((name) => [name, /(At|Date)$/.test(name) ? 'date' : 'string']);
    return { ...Object.fromEntries(named), ...this.#defined };
  }
}

export function authorization(type: AuthType, token: string): { [name: string]: string } {
  if (type === 'NoAuth') return {};
  const words = { Basic: '', BasicWithWord: 'Basic ', OAuth2: 'OAuth2 ' };
  return { authorization: `${words[type]}${token}` };
}

/** `2022-04-19 03:33:50 +00:00`: to the second. `fractions`: `2025-12-19T22:43:34.134105.000Z`, as Estuary has met it. */
function written(time: number, form: IterableOptions['times'] = 'colon'): string {
  const iso = new Date(time).toISOString();
  if (form === 'fractions') return `${iso.slice(0, -1)}105.000Z`;
  return `${iso.slice(0, 19).replace('T', ' ')} ${form === 'plain' ? '+0000' : '+00:00'}`;
}

function timeIn(text: string): number {
  return Date.parse(text.replace(/(\.\d{3})\d*\.\d+Z$/, '$1Z').replace(/ \+00:?00$/, 'Z'));
}

function delivery(body: unknown, headers: { [name: string]: string }): Delivery {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    method: 'POST',
    url: 'https://sync.example.com/webhooks/iterable',
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(text),
  };
}

function escaped(text: string): string {
  const entities: { [letter: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#x27;',
    '`': '&#x60;',
    '=': '&#x3D;',
  };
  return text.replace(/[&<>"'`=]/g, (letter) => entities[letter]!);
}

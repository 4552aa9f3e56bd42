// A simulated Intercom workspace: a truth of contacts behind the contacts API, its search that knows days only and lags, and
// what it pushes. Facts: reference/cep/intercom.md; what is not certain there is an option here. It does not know who reads.
import { type Context, Hono } from 'hono';
import { RequestCounts } from './hubspot/request-counts.ts';
import { Contacts, type Values, type Version } from './intercom/contacts.ts';
import { type DataAttribute, DataAttributes } from './intercom/data-attributes.ts';
import { IntercomPush, type PushOptions } from './intercom/push.ts';
import { IntercomError, orderOf, predicateOf } from './intercom/search.ts';

export type { Values } from './intercom/contacts.ts';
export type { PushedRequest, PushOptions } from './intercom/push.ts';

/** Run before the route: a response takes the route's place. `Response.error()` cuts the connection. */
export type Fault = (request: Request) => Response | undefined | Promise<Response | undefined>;

export type IndexLag = number | ((id: string) => number);

export type IntercomOptions = {
  /** Epoch milliseconds. */
  now?: () => number;
  /** The only token accepted; without it any request is. */
  accessToken?: string;
  /** Calls in ten seconds, or `false`: no limit. */
  quota?: number | false;
  /** How far the workspace's day is ahead of UTC's, minutes. */
  timezoneMinutes?: number;
  /** Whether search compares days, as is documented, or seconds. */
  dateFilters?: 'days' | 'seconds';
  /** How long list and search show a contact as it was, or not at all; by ID, later writes may overtake earlier ones. */
  indexLagMs?: IndexLag;
  /** What a page cursor of search is: the last row's place in the order, or a count of rows. */
  paging?: 'keyset' | 'offset';
  /** What showing a merged contact answers. */
  readMerged?: 'gone' | 'notFound';
  /** What showing an archived contact answers. */
  readArchived?: 'notFound' | 'archived';
  /** Whether `include_merge_history` is known: older versions do not. */
  mergeHistory?: boolean;
  workspaceId?: string;
  /** Whether a write with an attribute that is not defined is refused, or taken without it. */
  unknownAttributes?: 'refused' | 'ignored';
  /** Why a contact cannot be written. */
  writeFault?: (id: string) => string | undefined;
  /** False: the app may only read. */
  mayWrite?: boolean;
  push?: PushOptions;
  faults?: Fault;
};

export function createIntercomSimulator(options: IntercomOptions = {}): IntercomSimulator {
  return new IntercomSimulator(options);
}

const maxPageSize = 150;
const windowSeconds = 10;

export class IntercomSimulator {
  readonly app = new Hono();
  /** Calls by route: `list search read unknown`. */
  readonly requests = new RequestCounts();
  readonly push: IntercomPush | undefined;
  /** May be changed at any time, as may `indexLagMs`. */
  faults: Fault | undefined;
  indexLagMs: IndexLag;
  readonly #options: IntercomOptions;
  readonly #now: () => number;
  readonly #contacts: Contacts;
  readonly #attributes: DataAttributes;
  /** `window`: the number of the present window of ten seconds, which ends on a round ten seconds (recorded). */
  readonly #quota: { limit: number; window: number; used: number } | undefined;

  constructor(options: IntercomOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.faults = options.faults;
    this.indexLagMs = options.indexLagMs ?? 0;
    this.#contacts = new Contacts(this.#now, options.workspaceId ?? 'ecahpwf5');
    this.#attributes = new DataAttributes(options.unknownAttributes ?? 'refused');
    if (options.push) this.push = new IntercomPush(options.push);
    const { quota = 1_666 } = options;
    if (quota !== false) this.#quota = { limit: quota, window: 0, used: 0 };
    this.app.get('/contacts', (c) => this.#answer('list', c, () => this.#list(c)));
    this.app.post('/contacts/search', (c) => this.#answer('search', c, () => this.#search(c)));
    this.app.get('/contacts/:id', (c) => this.#answer('read', c, () => this.#read(c)));
    this.app.put('/contacts/:id', (c) => this.#answer('write', c, () => this.#write(c)));
    this.app.get('/data_attributes', (c) =>
      this.#answer('attributes', c, () => Response.json({ type: 'list', data: this.#attributes.show() })),
    );
    this.app.notFound((c) =>
      this.#answer('unknown', c, () => {
        throw new IntercomError(404, 'not_found', 'The requested resource was not found');
      }),
    );
  }

  // -- the truth: times are epoch milliseconds, `now` by default ----------------------------------------------------

  create(values: Values, at?: number): string {
    return this.#contacts.create(values, at);
  }

  update(id: string, values: Values, at?: number): void {
    this.#contacts.update(id, values, at);
  }

  /** A custom attribute of contacts. */
  define(attribute: DataAttribute): void {
    this.#attributes.define(attribute);
  }

  archive(id: string): void {
    this.#contacts.end(id, { archived: true });
  }

  unarchive(id: string): void {
    this.#contacts.update(id, {});
  }

  remove(id: string): void {
    this.#contacts.end(id, { deleted: true });
  }

  /** A lead becomes a user of this `external_id`, and keeps its ID. */
  convert(id: string, externalId: string): void {
    this.#contacts.convert(id, externalId);
  }

  /** A lead into a user who is there already: the lead is there no more. */
  merge(leadId: string, userId: string): void {
    this.#contacts.merge(leadId, userId);
  }

  /** Adds users who last changed in the two years before yesterday. */
  seed(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const values = {
        external_id: `customer-${index}`,
        email: `person${index}@example.com`,
        name: `Person ${index}`,
      };
      this.create(values, this.#now() - 3 * 86_400_000 - ((index * 7_919_000) % (700 * 86_400_000)));
    }
  }

  /** Of contacts that are neither archived nor gone. */
  ids(): string[] {
    return this.#contacts.living().map(({ id }) => id);
  }

  /** As the API shows it. */
  get(id: string) {
    const version = this.#contacts.newest(id);
    return version && this.#contacts.show(version, false);
  }

  /** As a webhook shows it. */
  pushed(id: string) {
    const version = this.#contacts.newest(id);
    return version && this.#contacts.showPushed(version);
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  async #answer(route: string, c: Context, respond: () => Response | Promise<Response>): Promise<Response> {
    const response = (await this.faults?.(c.req.raw)) ?? (await this.#respond(c, respond));
    this.requests.count(route, response.status);
    return response;
  }

  async #respond(c: Context, respond: () => Response | Promise<Response>): Promise<Response> {
    try {
      this.#admit(c);
      return this.#withHeaders(await respond());
    } catch (error) {
      if (!(error instanceof IntercomError)) throw error;
      return this.#withHeaders(Response.json(error.body, { status: error.status, headers: error.headers }));
    }
  }

  #admit(c: Context): void {
    const { accessToken } = this.#options;
    if (accessToken && c.req.header('authorization') !== `Bearer ${accessToken}`)
      throw new IntercomError(401, 'unauthorized', 'Access Token Invalid');
    const version = c.req.header('intercom-version');
    if (version !== undefined && !/^\d\.\d+$/.test(version))
      throw new IntercomError(400, 'intercom_version_invalid', 'The requested version could not be found');
    if (!this.#quota) return;
    this.#turnWindow(this.#quota);
    if (this.#quota.used >= this.#quota.limit)
      throw new IntercomError(429, 'rate_limit_exceeded', 'Exceeded rate limit');
    this.#quota.used += 1;
  }

  #turnWindow(quota: { window: number; used: number }): void {
    const window = Math.floor(this.#now() / 1000 / windowSeconds);
    if (window === quota.window) return;
    quota.window = window;
    quota.used = 0;
  }

  #withHeaders(response: Response): Response {
    if (!this.#quota) return response;
    this.#turnWindow(this.#quota);
    const { limit, window, used } = this.#quota;
    response.headers.set('x-ratelimit-limit', String(limit));
    response.headers.set('x-ratelimit-remaining', String(limit - used));
    response.headers.set('x-ratelimit-reset', String((window + 1) * windowSeconds));
    return response;
  }

  /** The newest first, as they were created: a new one comes before the first page. It lags as search does (recorded). */
  #list(c: Context): Response {
    const size = pageSize(c.req.query('per_page'), 10);
    const after = c.req.query('starting_after');
    const rows = this.#indexed().toSorted((a, b) => (a.id < b.id ? 1 : -1));
    const rest = after === undefined ? rows : rows.filter(({ id }) => id < decoded(after));
    return this.#page(c, rest.slice(0, size), {
      size,
      total: rows.length,
      next: rest.length > size ? encoded(rest[size - 1]!.id) : null,
    });
  }

  async #search(c: Context): Promise<Response> {
    const body = (await c.req.json()) as Record<string, unknown>;
    const pagination = (body['pagination'] ?? {}) as { per_page?: number; starting_after?: string | null };
    const size = pageSize(pagination.per_page, 50);
    const fits = predicateOf(body['query'], {
      days: this.#options.dateFilters !== 'seconds',
      timezoneMinutes: this.#options.timezoneMinutes ?? 0,
    });
    const order = orderOf(body['sort']);
    const rows = this.#indexed()
      .filter((version) => fits(this.#contacts.show(version, false)))
      .sort(order);
    const { starting_after: after } = pagination;
    let begin = 0;
    if (after) {
      const last = JSON.parse(decoded(after)) as { offset: number; version: Version };
      if (this.#options.paging === 'offset') begin = last.offset;
      else {
        const next = rows.findIndex((version) => order(version, last.version) > 0);
        begin = next === -1 ? rows.length : next;
      }
    }
    const page = rows.slice(begin, begin + size);
    const more = begin + size < rows.length;
    return this.#page(c, page, {
      size,
      total: rows.length,
      next: more ? encoded(JSON.stringify({ offset: begin + size, version: page.at(-1) })) : null,
    });
  }

  /** What lists and search know by now. */
  #indexed(): Version[] {
    const lag = this.indexLagMs;
    return this.#contacts.asOf((id) => this.#now() - (typeof lag === 'number' ? lag : lag(id)));
  }

  #page(
    c: Context,
    page: readonly Version[],
    about: { size: number; total: number; next: string | null },
  ): Response {
    const { size, total, next } = about;
    return Response.json({
      type: 'list',
      data: page.map((version) => this.#contacts.show(version, this.#tellsMerges(c))),
      total_count: total,
      pages: {
        type: 'pages',
        page: 1,
        per_page: size,
        total_pages: Math.ceil(total / size),
        ...(next && { next: { per_page: size, starting_after: next } }),
      },
    });
  }

  #read(c: Context): Response {
    const id = c.req.param('id') ?? '';
    this.#refuseMerged(id);
    const version = this.#contacts.newest(id);
    if (!version || version.deleted || (version.archived && this.#options.readArchived !== 'archived'))
      throw new IntercomError(404, 'not_found', 'User Not Found');
    return Response.json({
      ...this.#contacts.show(version, this.#tellsMerges(c)),
      ...(version.archived && { archived: true }),
      enabled_push_messaging: null,
    });
  }

  #refuseMerged(id: string): void {
    const survivor = this.#contacts.survivorOf(id);
    if (survivor === undefined || this.#options.readMerged === 'notFound') return;
    throw new IntercomError(410, 'contact_merged', 'This contact has been merged', {
      link: `</contacts/${survivor}>; rel="canonical"`,
    });
  }

  /** Attributes that are not sent stay; one that is null is cleared (recorded). */
  async #write(c: Context): Promise<Response> {
    if (this.#options.mayWrite === false)
      throw new IntercomError(403, 'forbidden', 'The app lacks the permission to write users');
    const id = c.req.param('id') ?? '';
    this.#refuseMerged(id);
    const version = this.#contacts.newest(id);
    if (!version || version.deleted || version.archived)
      throw new IntercomError(404, 'not_found', 'User Not Found');
    const fault = this.#options.writeFault?.(id);
    if (fault !== undefined) throw new IntercomError(400, 'parameter_invalid', fault);
    const { custom_attributes: written = {} } = (await c.req.json()) as { custom_attributes?: Values };
    const before = (version.values['custom_attributes'] ?? {}) as Values;
    const custom_attributes = { ...before, ...this.#attributes.taken(written) };
    this.#contacts.update(id, { custom_attributes });
    return Response.json(this.get(id));
  }

  #tellsMerges(c: Context): boolean {
    return this.#options.mergeHistory !== false && c.req.query('include_merge_history') === 'true';
  }
}

function pageSize(given: string | number | undefined, usual: number): number {
  const size = Number(given ?? usual);
  if (!Number.isInteger(size) || size < 1 || size > maxPageSize)
    throw new IntercomError(400, 'parameter_invalid', 'per_page must be between 1 and 150');
  return size;
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString();
}

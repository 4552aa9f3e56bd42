// A simulated Klaviyo account: a truth of profiles behind the profiles API, and what it pushes. Facts: reference/cep/klaviyo.md;
// what is not certain there is an option here. It does not know who reads it, or what a customer is.
import { type Context, Hono } from 'hono';
import { RequestCounts } from './hubspot/request-counts.ts';
import { type ImportFault, ImportJobs } from './klaviyo/import-jobs.ts';
import { type Attributes, Profiles, type Stored } from './klaviyo/profiles.ts';
import { KlaviyoPush, type PushOptions } from './klaviyo/push.ts';
import { cursorOf, KlaviyoError, matching, RetiredError, readPage, sorted } from './klaviyo/query.ts';
import { QuotaWindows } from './quota-windows.ts';

export type { Attributes, Stored as StoredProfile } from './klaviyo/profiles.ts';
export type { PushedRequest, PushOptions } from './klaviyo/push.ts';

/** Run before the route: a response takes the route's place. `Response.error()` cuts the connection. */
export type Fault = (request: Request) => Response | undefined | Promise<Response | undefined>;

export type KlaviyoOptions = {
  /** Epoch milliseconds. */
  now?: () => number;
  /** The only key accepted; without it any request is. */
  apiKey?: string;
  /** Per second and per minute; `false`: none. */
  quotas?: { burst: number; steady: number } | false;
  /** Digits of a second in times: examples show none, the text six. */
  fractionDigits?: 0 | 3 | 6;
  /** How finely the filter compares times. */
  filterPrecision?: 'exact' | 'seconds';
  /** What a request for one ID or by a filter does with an ID of another shape. */
  strangeIds?: 'notFound' | 'refused';
  /** How long a page cursor is known, seconds; absent: for good. How long Klaviyo knows one is not told. */
  cursorSeconds?: number;
  push?: PushOptions;
  faults?: Fault;
  /** How long an import job takes, milliseconds. Default: 2,000. */
  jobMs?: number;
  /** Why a profile cannot be written: of one as a 400, of an import as an error of the job. */
  writeFault?: ImportFault;
  /** False: the key may not write. */
  mayWrite?: boolean;
  /** Whether Klaviyo no longer serves a revision. Default: it serves all. */
  isRetired?: (revision: string) => boolean;
  /** Told of each profile as it is after a write. */
  onWrite?: (profile: Stored) => void;
};

export function createKlaviyoSimulator(options: KlaviyoOptions = {}): KlaviyoSimulator {
  return new KlaviyoSimulator(options);
}

interface WriteBody {
  data: {
    id?: string;
    attributes?: Attributes;
    meta?: { patch_properties?: { unset?: string[] } };
  };
}

const steadySeconds = 60;
const maxPageSize = 100;
const knownParameters =
  /^(filter|sort|include|page\[(size|cursor)\]|(additional-)?fields\[(profile|push-token|conversation)\])$/;

export class KlaviyoSimulator {
  readonly app = new Hono();
  /** Calls by route: `list read unknown`. */
  readonly requests = new RequestCounts();
  readonly push: KlaviyoPush | undefined;
  faults: Fault | undefined;
  readonly #options: KlaviyoOptions;
  readonly #now: () => number;
  readonly #profiles: Profiles;
  readonly #quotas: QuotaWindows | undefined;
  readonly #jobs: ImportJobs;

  constructor(options: KlaviyoOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.faults = options.faults;
    this.#profiles = new Profiles(this.#now, options.fractionDigits ?? 0, options.onWrite);
    this.#jobs = new ImportJobs({
      profiles: this.#profiles,
      now: this.#now,
      takesMs: options.jobMs ?? 2_000,
      fault: options.writeFault ?? (() => undefined),
    });
    if (options.push) this.push = new KlaviyoPush(options.push, (id) => this.get(id));
    const { quotas = { burst: 75, steady: 700 } } = options;
    if (quotas !== false) {
      this.#quotas = new QuotaWindows([
        { name: 'burst', requests: quotas.burst, seconds: 1 },
        { name: 'steady', requests: quotas.steady, seconds: steadySeconds },
      ]);
    }
    this.app.get('/api/profiles', (c) => this.#answer('list', c, () => this.#list(c)));
    this.app.get('/api/profiles/:id', (c) => this.#answer('read', c, () => this.#read(c.req.param('id'))));
    this.app.patch('/api/profiles/:id', (c) =>
      this.#write('update', c, (body) => this.#patch(c.req.param('id'), body)),
    );
    this.app.post('/api/profile-import', (c) => this.#write('import', c, (body) => this.#import(body)));
    this.app.post('/api/profile-bulk-import-jobs', (c) => this.#write('job', c, (body) => this.#begin(body)));
    this.app.get('/api/profile-bulk-import-jobs/:id', (c) =>
      this.#answer('job read', c, () => this.#job(this.#jobs.show(c.req.param('id')))),
    );
    this.app.get('/api/profile-bulk-import-jobs/:id/import-errors', (c) =>
      this.#answer('job errors', c, () => this.#job(this.#jobs.errors(c.req.param('id')))),
    );
    this.app.notFound((c) =>
      this.#answer('unknown', c, () => {
        throw new KlaviyoError(404, 'not_found', 'The path does not exist.');
      }),
    );
  }

  // -- the truth: times are epoch milliseconds, `now` by default ----------------------------------------------------

  create(attributes: Attributes, at?: number): string {
    return this.#profiles.create(attributes, at);
  }

  update(id: string, attributes: Attributes, at?: number): void {
    this.#profiles.update(id, attributes, at);
  }

  /** Does again, without telling `onWrite`, what `onWrite` was told. */
  replay(profile: Stored): void {
    this.#profiles.restore(profile);
  }

  /** For privacy: it is found no more. */
  remove(id: string): void {
    this.#profiles.remove(id);
  }

  /** `from` is found no more; what `into` lacked it has. */
  merge(from: string, into: string): void {
    this.#profiles.merge(from, into);
  }

  /** Adds people who were last updated in the two years before now. */
  seed(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const attributes = {
        external_id: `customer-${index}`,
        email: `person${index}@example.com`,
        first_name: `First${index}`,
        last_name: `Last${index}`,
      };
      this.create(attributes, this.#now() - 86_400_000 - ((index * 7_919_000) % (700 * 86_400_000)));
    }
  }

  ids(): string[] {
    return this.#profiles.all().map(({ id }) => id);
  }

  /** As the API shows it without additional fields. */
  get(id: string) {
    const found = this.#profiles.find(id);
    return found && this.#profiles.show(found, []);
  }

  /** Import jobs that are due are done. */
  settle(): void {
    this.#jobs.settle();
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  async #answer(route: string, c: Context, respond: () => Response): Promise<Response> {
    const response = (await this.faults?.(c.req.raw)) ?? this.#respond(c, respond);
    this.requests.count(route, response.status);
    return response;
  }

  #respond(c: Context, respond: () => Response): Response {
    try {
      this.#admit(c);
      return this.#withHeaders(respond());
    } catch (error) {
      if (!(error instanceof KlaviyoError)) throw error;
      const response = Response.json(error.body, { status: error.status, headers: error.headers });
      return error.status === 429 ? response : this.#withHeaders(response);
    }
  }

  #admit(c: Context): void {
    const { apiKey } = this.#options;
    if (apiKey && c.req.header('authorization') !== `Klaviyo-API-Key ${apiKey}`)
      throw new KlaviyoError(401, 'not_authenticated', 'Missing or invalid private key.');
    if (!/^20\d\d-\d\d-\d\d(\.\w+)?$/.test(c.req.header('revision') ?? ''))
      throw new KlaviyoError(400, 'invalid', 'The request has no valid revision header.');
    if (this.#options.isRetired?.(c.req.header('revision')!)) throw new RetiredError();
    const admission = this.#quotas?.admit(this.#now());
    if (admission && !admission.admitted) {
      throw new KlaviyoError(429, 'throttled', 'Request was throttled.', {
        'retry-after': String(Math.ceil(admission.retryAfterSeconds)),
      });
    }
  }

  #withHeaders(response: Response): Response {
    if (!this.#quotas) return response;
    const { burst } = this.#quotas.remaining(this.#now());
    const { windows } = this.#quotas;
    const listed = windows.map(({ requests, seconds }) => `${requests};w=${seconds}`).join(', ');
    response.headers.set('ratelimit-limit', `${windows[0]!.requests}, ${listed}`);
    response.headers.set('ratelimit-remaining', String(burst));
    response.headers.set('ratelimit-reset', '0');
    return response;
  }

  #list(c: Context): Response {
    const query = c.req.query();
    const strange = Object.keys(query).find((name) => !knownParameters.test(name));
    if (strange !== undefined) throw new KlaviyoError(400, 'invalid', `'${strange}' is not a parameter.`);
    const size = Number(query['page[size]'] ?? 20);
    if (!Number.isInteger(size) || size < 1 || size > maxPageSize)
      throw new KlaviyoError(400, 'invalid', 'Page size must be an integer between 1 and 100.');
    const options = {
      filterPrecision: this.#options.filterPrecision ?? 'exact',
      strangeIds: this.#options.strangeIds ?? 'refused',
    };
    const rows = sorted(matching(this.#profiles.all(), query['filter'], options), query['sort'] ?? 'created');
    const oldest = this.#now() - (this.#options.cursorSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    const { page, last, more } = readPage(rows, size, query['page[cursor]'], oldest);
    const url = new URL(c.req.url);
    if (more) url.searchParams.set('page[cursor]', cursorOf(last, this.#now()));
    return this.#json({
      data: page.map(({ value }) => sparse(this.#profiles.show(value, additionalIn(query)), query)),
      links: { self: c.req.url, first: null, prev: null, next: more ? url.href : null },
    });
  }

  #read(id: string | undefined): Response {
    const found = this.#profiles.find(id ?? '');
    if (!found) throw new KlaviyoError(404, 'not_found', 'A profile with this id does not exist.');
    return this.#json({ data: this.#profiles.show(found, []) });
  }

  async #write(route: string, c: Context, respond: (body: WriteBody) => Response): Promise<Response> {
    const text = await c.req.raw.clone().text();
    return this.#answer(route, c, () => {
      if (this.#options.mayWrite === false)
        throw new KlaviyoError(403, 'permission_denied', 'The key lacks the scope profiles:write.');
      if (!/^application\/(vnd\.api\+)?json/.test(c.req.header('content-type') ?? ''))
        throw new KlaviyoError(415, 'unsupported', 'Unsupported media type.');
      return respond(JSON.parse(text) as WriteBody);
    });
  }

  #patch(id: string, { data }: WriteBody): Response {
    if (!this.#profiles.find(id))
      throw new KlaviyoError(404, 'not_found', 'A profile with this id does not exist.');
    if (data.id !== id) throw new KlaviyoError(400, 'invalid', 'The id in the body is another one.');
    this.#refuse(data);
    this.#profiles.patch(id, data.attributes ?? {}, data.meta?.patch_properties?.unset);
    return this.#json({ data: this.get(id) });
  }

  #import({ data }: WriteBody): Response {
    this.#refuse(data);
    const before = this.ids().length;
    const id = this.#profiles.upsert(data.id, data.attributes ?? {});
    return this.#json({ data: this.get(id) }, this.ids().length > before ? 201 : 200);
  }

  #begin({ data }: WriteBody): Response {
    const profiles = data.attributes?.['profiles'] as { data?: WriteBody['data'][] } | undefined;
    const rows = profiles?.data ?? [];
    if (rows.length === 0 || rows.length > 10_000)
      throw new KlaviyoError(400, 'invalid', 'A job has between 1 and 10000 profiles.');
    return this.#json({ data: this.#jobs.begin(rows) }, 202);
  }

  #job(found: unknown): Response {
    if (found === undefined) throw new KlaviyoError(404, 'not_found', 'The job does not exist.');
    return this.#json({ data: found, links: { next: null } });
  }

  #refuse(data: WriteBody['data']): void {
    const fault = this.#options.writeFault?.(data);
    if (fault !== undefined) throw new KlaviyoError(400, 'invalid', fault);
  }

  #json(body: unknown, status = 200): Response {
    return Response.json(body, { status, headers: { 'content-type': 'application/vnd.api+json' } });
  }
}

/** With `fields[profile]` only these attributes, as in JSON:API. */
function sparse<Resource extends { attributes: object }>(
  resource: Resource,
  query: Record<string, string>,
): Resource {
  const names = query['fields[profile]']?.split(',');
  if (names === undefined) return resource;
  const attributes = Object.entries(resource.attributes).filter(([name]) => names.includes(name));
  return { ...resource, attributes: Object.fromEntries(attributes) };
}

function additionalIn(query: Record<string, string>): string[] {
  const names = (query['additional-fields[profile]'] ?? '').split(',').filter(Boolean);
  if (names.some((name) => !['subscriptions', 'predictive_analytics'].includes(name)))
    throw new KlaviyoError(400, 'invalid', 'An additional field does not exist.');
  return names;
}

// A simulated HubSpot account: a truth of contacts behind HubSpot's contacts API, with its quotas, its search index that
// lags and its 10,000-result cap. Facts: reference/crm/hubspot.md. It does not know who reads it, or what a customer is.
import { type Context, Hono } from 'hono';
import { Companies } from './hubspot/companies.ts';
import { type Change, type Contact, Contacts, toId, type Values } from './hubspot/contacts.ts';
import { HubSpotError, unauthenticated } from './hubspot/errors.ts';
import { HubSpotJournal, type JournalOptions } from './hubspot/journal.ts';
import { person, personDefinitions, personProperties, randomOf, whole } from './hubspot/people.ts';
import { Properties, type PropertyDefinition, type PropertyDraft } from './hubspot/properties.ts';
import { HubSpotPush, type PushOptions } from './hubspot/push.ts';
import { type Plan, planQuotas, QuotaMeter, type Quotas } from './hubspot/quotas.ts';
import { RequestCounts } from './hubspot/request-counts.ts';
import { type Account, type Handler, routes } from './hubspot/routes.ts';
import { type IndexLag, SearchIndex } from './hubspot/search-index.ts';

export type { Change, Contact, Values } from './hubspot/contacts.ts';
export type { PropertyDraft } from './hubspot/properties.ts';
export type { PushedRequest, PushOptions } from './hubspot/push.ts';

/**
 * Run before the route. A response takes the route's place and spends no quota; `Response.error()` cuts the connection
 * when served by `serve`. `next` runs the route: a write may take effect and its answer be lost. Clone a request to read
 * its body.
 */
export type Fault = (
  request: Request,
  next: () => Promise<Response>,
) => Response | undefined | Promise<Response | undefined>;

export type HubSpotOptions = {
  /** Epoch milliseconds. */
  now?: () => number;
  /** The only token accepted; without it any request is. */
  accessToken?: string;
  plan?: Plan;
  /** Replaces parts of the plan's quotas; `false`: none at all. */
  quotas?: Partial<Quotas> | false;
  /** How long the search index lags behind the truth; a function of the ID lets later writes overtake earlier ones. */
  indexLagMs?: IndexLag;
  portalId?: number;
  firstId?: number;
  /** The ID a merge leaves: a new one, or as older merges did the primary's. */
  survivorId?: 'new' | 'primary';
  /** What reading a merged contact's ID gives: the reference has seen both. */
  readMerged?: 'survivor' | 'notFound';
  /** Above it, as counted in the path and query, requests get 414. Where exactly is unverified. */
  maxUrlCharacters?: number;
  /** Told of every write but those of `seed`: the contact as it then is, and what was done, as webhooks name it. */
  onWrite?: (contact: Contact, change: Change) => void;
  /** An app that is told of those writes by webhook: see `push`. */
  push?: PushOptions;
  /** An app that reads those writes in its webhook journal: see `journal`. */
  journal?: JournalOptions;
  faults?: Fault;
};

export type HubSpotSnapshot = {
  nextId: number;
  mergedInto: [from: number, to: number][];
  properties: PropertyDefinition[];
  contacts: Contact[];
};

export function createHubSpotSimulator(options: HubSpotOptions = {}): HubSpotSimulator {
  return new HubSpotSimulator(options);
}

export class HubSpotSimulator {
  readonly app = new Hono();
  /** Calls by route: `list search batchRead batchUpdate read create update archive merge gdprDelete properties companyBatchRead companyProperties account unknown`. */
  readonly requests = new RequestCounts();
  readonly quotas: QuotaMeter | undefined;
  /** Contacts name theirs in `associatedcompanyid`. No snapshot has them. */
  readonly companies = new Companies();
  /** What waits to be sent by webhook; there where the options say so. */
  readonly push: HubSpotPush | undefined;
  /** The app's webhook journal; there where the options say so. */
  readonly journal: HubSpotJournal | undefined;
  /** May be changed at any time, as may `accessToken` and `indexLagMs`. */
  faults: Fault | undefined;
  accessToken: string | undefined;
  readonly #now: () => number;
  readonly #maxUrlCharacters: number;
  readonly #properties = new Properties();
  readonly #index: SearchIndex;
  readonly #contacts: Contacts;

  constructor(options: HubSpotOptions) {
    this.#now = options.now ?? Date.now;
    this.accessToken = options.accessToken;
    this.faults = options.faults;
    this.#maxUrlCharacters = options.maxUrlCharacters ?? 16_000;
    if (options.quotas !== false) {
      this.quotas = new QuotaMeter({ ...planQuotas[options.plan ?? 'professional'], ...options.quotas });
    }
    const portalId = options.portalId ?? 62_515;
    const { push, journal, onWrite } = options;
    if (push) this.push = new HubSpotPush(push, portalId);
    if (journal) {
      this.journal = new HubSpotJournal(journal, { portalId, now: this.#now });
      this.app.route('/', this.journal.app);
    }
    this.#index = new SearchIndex(options.indexLagMs ?? 0);
    this.#contacts = new Contacts({
      properties: this.#properties,
      now: this.#now,
      firstId: options.firstId ?? 951,
      survivorId: options.survivorId ?? 'new',
      onWrite:
        push || journal
          ? (contact, change) => {
              onWrite?.(contact, change);
              this.push?.note(contact, change);
              this.journal?.note(contact, change);
            }
          : onWrite,
      onVersion: (id, version, atMs) => this.#index.note(id, version, atMs),
    });
    this.#route({
      contacts: this.#contacts,
      companies: this.companies,
      properties: this.#properties,
      index: this.#index,
      now: this.#now,
      portalId,
      readMerged: options.readMerged ?? 'survivor',
    });
  }

  // -- the truth: times are epoch milliseconds, `now` by default ----------------------------------------------------

  create(properties: Values, at?: number): string {
    return String(this.#contacts.create(properties, at).id);
  }

  update(id: string, properties: Values, at?: number): void {
    this.#contacts.update(toId(id), properties, at);
  }

  archive(id: string, at?: number): void {
    this.#contacts.archive(toId(id), at);
  }

  /** With `touch: false`, `lastmodifieddate` stays as it was. */
  restore(id: string, at?: number, options: { touch?: boolean } = {}): void {
    this.#contacts.restore(toId(id), at, options.touch);
  }

  /** The survivor's ID. */
  merge(primaryId: string, otherId: string, at?: number): string {
    return String(this.#contacts.merge(toId(primaryId), toId(otherId), at).id);
  }

  gdprDelete(id: string, at?: number): void {
    this.#contacts.erase(toId(id), at);
  }

  /** Gives these contacts, or the first so many live ones, one and the same `lastmodifieddate`; says which. */
  stamp(which: number | Iterable<string>, at?: number): string[] {
    const ids =
      typeof which === 'number'
        ? this.#contacts.page(-1, which, false).map(({ id }) => id)
        : [...which].map(toId);
    const atMs = at ?? this.#now();
    for (const id of ids) this.#contacts.update(id, {}, atMs);
    return ids.map(String);
  }

  /** Adds `count` people, the same for the same seed, created and changed in the two years before `until`. */
  seed(count: number, seedNumber = 1, until: number = this.#now()): void {
    for (const draft of personDefinitions) this.define(draft);
    const columns = personProperties.map((name) => this.#properties.columnFor(name));
    const row = (index: number) => (id: number) => {
      const random = randomOf(seedNumber, index);
      const updatedAtMs = until - whole(random, 1, 2 * 365 * 86_400_000);
      const createdAtMs = updatedAtMs - (random() < 0.5 ? 0 : whole(random, 0, 365 * 86_400_000));
      const found = person(random, id, until);
      const values: (string | null)[] = [];
      for (const [i, column] of columns.entries()) {
        while (values.length <= column) values.push(null);
        values[column] = found[i]!;
      }
      return { createdAtMs, updatedAtMs, archivedAtMs: 0, values };
    };
    const rows = function* () {
      for (let index = 0; index < count; index += 1) yield row(index);
    };
    this.#index.add(this.#contacts.append(rows()));
  }

  define(draft: PropertyDraft): void {
    this.#properties.define(draft);
    this.#contacts.definitionsChanged();
  }

  /** With every property that has a value; archived ones too. */
  get(id: string): Contact | undefined {
    const version = this.#contacts.find(toId(id));
    return version && this.#contacts.show(version);
  }

  /** By ID; archived ones too. */
  *contacts(): IterableIterator<Contact> {
    for (const version of this.#contacts) yield this.#contacts.show(version);
  }

  /** Contacts in the truth, archived ones included. */
  get size(): number {
    return this.#contacts.size;
  }

  get indexLagMs(): IndexLag {
    return this.#index.lagMs;
  }

  set indexLagMs(lagMs: IndexLag) {
    this.#index.lagMs = lagMs;
  }

  // -- what survives a restart --------------------------------------------------------------------------------------

  /** Plain JSON. Quotas, counts and what the index did not know yet are not in it. */
  snapshot(): HubSpotSnapshot {
    return {
      ...this.#contacts.numbering,
      properties: this.#properties.list(),
      contacts: [...this.contacts()],
    };
  }

  restoreSnapshot(snapshot: HubSpotSnapshot): void {
    this.#properties.load(snapshot.properties);
    this.#contacts.reset(snapshot);
    for (const contact of snapshot.contacts) this.#contacts.load(contact);
    this.#index.clear();
    this.#index.add([...this.#contacts].filter((version) => version.archivedAtMs === 0));
  }

  /** Does again, without telling `onWrite`, what `onWrite` was told. */
  replay(contact: Contact, change: Change): void {
    this.#contacts.load(contact, change);
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  #route(account: Account): void {
    for (const { name, method, paths, handler } of routes) {
      for (const path of paths) this.app[method](path, (c) => this.#answer(name, c, handler, account));
    }
    const unknown: Handler = () => {
      throw new HubSpotError(404, 'Resource not found', {});
    };
    this.app.notFound((c) => this.#answer('unknown', c, unknown, account));
  }

  async #answer(name: string, c: Context, handler: Handler, account: Account): Promise<Response> {
    const next = () => this.#respond(name, c, handler, account);
    const response = (await this.faults?.(c.req.raw, next)) ?? (await next());
    this.requests.count(name, response.status);
    return response;
  }

  async #respond(name: string, c: Context, handler: Handler, account: Account): Promise<Response> {
    const { pathname, search } = new URL(c.req.url);
    if (pathname.length + search.length > this.#maxUrlCharacters) {
      // The web server before the API answers this one, not in JSON.
      return c.html('<html><body><h1>414 Request-URI Too Large</h1></body></html>', 414);
    }
    try {
      if (this.accessToken && c.req.header('authorization') !== `Bearer ${this.accessToken}`)
        throw unauthenticated();
      this.quotas?.spend(name === 'search' ? 'search' : 'other', this.#now());
      const response = await handler(c, account);
      return this.#withHeaders(name, response);
    } catch (error) {
      if (!(error instanceof HubSpotError)) throw error;
      return this.#withHeaders(name, Response.json(error.body, { status: error.status }));
    }
  }

  #withHeaders(name: string, response: Response): Response {
    if (!this.quotas) return response;
    const headers = this.quotas.headers(name === 'search' ? 'search' : 'other', this.#now());
    for (const [header, value] of Object.entries(headers)) response.headers.set(header, value);
    return response;
  }
}

// A simulated Customer.io workspace: its people behind the App API, its reporting webhook and the webhook actions of its
// campaigns. Facts: reference/cep/customerio.md. It does not know who reads it, or what a customer is.

import { type Context, Hono } from 'hono';
import { PeopleExports } from './customerio/exports.ts';
import type { CustomerIoOptions, Fault } from './customerio/options.ts';
import { type Attributes, People, type Person, type Written } from './customerio/people.ts';
import { Pushes, type PushRequest } from './customerio/pushes.ts';
import { Track } from './customerio/track.ts';
import { QuotaWindows } from './quota-windows.ts';

export type { PushRequest } from './customerio/pushes.ts';

export class CustomerIoSimulator {
  readonly app = new Hono();
  /** Every request, as `GET /v1/customers/x/attributes?…`. */
  readonly requests: string[] = [];
  readonly quotas: QuotaWindows | undefined;
  readonly exports: PeopleExports;
  /** Only where the options give its credentials. */
  readonly track: Track | undefined;
  faults: Fault | undefined;
  readonly options: CustomerIoOptions;
  readonly #now: () => number;
  readonly #people: People;
  readonly #pushes: Pushes;

  constructor(options: CustomerIoOptions = {}) {
    this.options = options;
    this.#now = options.now ?? Date.now;
    this.faults = options.faults;
    if (options.quota !== false)
      this.quotas = new QuotaWindows([options.quota ?? { name: 'app', requests: 10, seconds: 1 }]);
    this.#people = new People(this.#now);
    this.#pushes = new Pushes(this.#now, options);
    this.app.get('/v1/customers/:id/attributes', (c) => this.#answer(c, () => this.#one(c)));
    this.app.post('/v1/customers/attributes', (c) => this.#answer(c, () => this.#batch(c)));
    this.app.post('/v1/customers', (c) => this.#answer(c, () => this.#search(c)));
    this.exports = new PeopleExports(
      this.#now,
      () => this.#people.all(),
      (segment, person) => this.#isIn(segment, person),
      options.exports,
    );
    this.exports.route(this.app, (c, respond) => this.#answer(c, respond), errors);
    if (options.track) this.track = new Track(this.#now, this.#people, options.track);
    this.track?.route(this.app);
    this.app.notFound((c) => this.#answer(c, async () => c.text('404 page not found', 404)));
  }

  // -- the truth ----------------------------------------------------------------------------------------------------

  /** The cio_id. `id` and `email` are attributes like any other. */
  identify(attributes: Written): string {
    return this.#people.identify(attributes).cioId;
  }

  /** Of one person, as they are now; undefined where there is none. */
  attributes(cioId: string): Attributes | undefined {
    this.track?.settle();
    return this.#people.find('cio_id', cioId)?.values;
  }

  get size(): number {
    this.track?.settle();
    return this.#people.all().length;
  }

  set(cioId: string, attributes: Written): void {
    this.#people.set(cioId, attributes);
  }

  subscribe(cioId: string, subscribed: boolean, channel = 'customer'): void {
    const person = this.#people.set(cioId, { unsubscribed: !subscribed });
    this.#pushes.customer(person, subscribed ? 'subscribed' : 'unsubscribed', channel);
  }

  /** Through a message: the event looks to be about that message. */
  unsubscribeByEmail(cioId: string): void {
    this.#pushes.message(this.#people.set(cioId, { unsubscribed: true }), 'unsubscribed');
  }

  prefer(cioId: string, topics: { [topic: string]: boolean }, channel = 'customer'): void {
    this.#pushes.preferences(this.#people.set(cioId, {}), topics, channel);
  }

  /** What became of a message: `sent`, `delivered`, `opened` and so on. */
  message(cioId: string, metric: string): void {
    this.#pushes.message(this.#people.get(cioId), metric);
  }

  /** Nothing is pushed. */
  remove(cioId: string): void {
    this.#people.remove(cioId);
  }

  /** The other one goes, with its IDs; nothing is pushed. */
  merge(primaryCioId: string, otherCioId: string): void {
    this.#people.remove(otherCioId);
    this.#people.set(primaryCioId, { merged_from: otherCioId });
  }

  /** A campaign's webhook action: the template is filled in with attributes. */
  journey(cioId: string, template: string): void {
    this.#pushes.journey(this.#people.get(cioId), template);
  }

  // -- webhooks -----------------------------------------------------------------------------------------------------

  /** What was sent since this was last asked. */
  sent(): PushRequest[] {
    return this.#pushes.take();
  }

  /**
   * Sends what waits, one after the other. A call that is not answered with 2xx holds up all behind it for an hour. `send`
   * gives the status.
   */
  deliver(send: (request: PushRequest) => Promise<number>): Promise<void> {
    return this.#pushes.deliver(send);
  }

  /** A body of any kind, signed as one of the two products does. */
  push(body: string, product: 'reporting' | 'journeys' = 'reporting'): PushRequest {
    return this.#pushes.sign(body, product);
  }

  /** The same once more, signed anew or as it was. */
  retry(request: PushRequest, how: 'stamped anew' | 'as it was'): PushRequest {
    return how === 'as it was' ? request : this.#pushes.sign(request.body, request.product);
  }

  // -- requests -----------------------------------------------------------------------------------------------------

  async #answer(c: Context, respond: () => Promise<Response>): Promise<Response> {
    const { pathname, search } = new URL(c.req.url);
    this.requests.push(`${c.req.method} ${pathname}${search}`);
    const fault = this.faults?.(c.req.raw);
    if (fault) return fault;
    this.track?.settle();
    const { appKey } = this.options;
    if (appKey !== undefined && c.req.header('authorization') !== `Bearer ${appKey}`)
      return errors(401, 'unauthorized');
    if (this.quotas && !this.quotas.admit(this.#now()).admitted) return errors(429, 'too many requests');
    return respond();
  }

  async #one(c: Context): Promise<Response> {
    const person = this.#people.find(c.req.query('id_type') ?? 'id', c.req.param('id') ?? '');
    return person
      ? Response.json({ customer: this.#show(person) })
      : errors(404, 'not found (reference 01J9Z4V3)');
  }

  async #batch(c: Context): Promise<Response> {
    const { ids } = (await c.req.json()) as { ids?: unknown };
    if (!Array.isArray(ids) || ids.length < 1 || ids.length > 100) return errors(400, 'ids: 1 to 100');
    const found = ids.flatMap((id) => this.#people.find(c.req.query('id_type') ?? 'id', String(id)) ?? []);
    return Response.json({ customers: found.map((person) => ({ customer: this.#show(person) })) });
  }

  async #search(c: Context): Promise<Response> {
    const limit = Number(c.req.query('limit') ?? 50);
    const identifiers = this.#people
      .all()
      .slice(0, limit)
      .map(({ cioId, values }) => ({
        id: values['id'] ?? null,
        email: values['email'] ?? null,
        cio_id: cioId,
      }));
    return Response.json({ identifiers, ids: identifiers.map(({ id }) => id ?? ''), next: '' });
  }

  #isIn(segment: number, { setAt }: Person): boolean {
    const { changedSegment } = this.options;
    if (changedSegment?.id !== segment) return false;
    return Math.max(...Object.values(setAt)) >= this.#now() - changedSegment.hours * 3_600_000;
  }

  /** Attributes are texts, each with the time it was set. */
  #show({ cioId, createdAt, values, setAt }: Person): object {
    const ownId = !this.options.withoutCioIds && { cio_id: cioId };
    const attributes = Object.entries({ ...values, ...ownId }).map(([name, value]) => [name, String(value)]);
    const known = { ...setAt, ...(ownId && { cio_id: createdAt }) };
    const times = Object.entries(known).map(([name, time]) => [name, Math.floor(time / 1000)]);
    return {
      id: values['id'] ?? '',
      identifiers: { id: values['id'] ?? null, email: values['email'] ?? null, ...ownId },
      attributes: Object.fromEntries(attributes),
      ...(!this.options.withoutTimestamps && { timestamps: Object.fromEntries(times) }),
      unsubscribed: values['unsubscribed'] === true,
      devices: [],
    };
  }
}

function errors(status: number, detail: string): Response {
  return Response.json({ errors: [{ status: String(status), detail }] }, { status });
}

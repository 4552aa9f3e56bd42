// The Track API of a simulated workspace: batches of updates under credentials of their own, judged by place, and processed after the
// answer. Facts: reference/cep/customerio.md, section 8, and docs.customer.io, "Track API v2".
import type { Context, Hono } from 'hono';
import { type QuotaWindow, QuotaWindows } from '../quota-windows.ts';
import type { People, Written } from './people.ts';

export interface TrackOptions {
  siteId: string;
  apiKey: string;
  /** How long after the answer an update takes effect, milliseconds. Default: 0. */
  takesMs?: number;
  /** Default: a hundred in a second; `false`: none. */
  quota?: QuotaWindow | false;
  /** Why an update of the person with these identifiers is not taken. */
  fault?: (identifiers: Identifiers) => string | undefined;
}

type Identifiers = { [kind: string]: string };

interface Update {
  type?: string;
  action?: string;
  identifiers?: Identifiers;
  attributes?: Written & { _update?: boolean };
}

interface TrackError {
  batch_index: number;
  reason: string;
  field: string;
  message: string;
}

const maxBytes = 500_000;
const maxUpdateBytes = 32_000;

export class Track {
  readonly quotas: QuotaWindows | undefined;
  readonly #now: () => number;
  readonly #people: People;
  readonly #options: TrackOptions;
  #waiting: { at: number; update: Update }[] = [];

  constructor(now: () => number, people: People, options: TrackOptions) {
    this.#now = now;
    this.#people = people;
    this.#options = options;
    const { quota = { name: 'track', requests: 100, seconds: 1 } } = options;
    if (quota !== false) this.quotas = new QuotaWindows([quota]);
  }

  route(app: Hono): void {
    app.post('/api/v2/batch', (c) => this.#batch(c));
  }

  /** Carries out what is due by now. */
  settle(): void {
    const due = this.#waiting.filter(({ at }) => at <= this.#now());
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now());
    for (const { update } of due) this.#apply(update);
  }

  async #batch(c: Context): Promise<Response> {
    const { siteId, apiKey, takesMs = 0 } = this.#options;
    const basic = `Basic ${Buffer.from(`${siteId}:${apiKey}`).toString('base64')}`;
    if (c.req.header('authorization') !== basic)
      return c.json({ errors: [{ reason: 'unauthorized', message: 'Unauthorized request' }] }, 401);
    if (this.quotas && !this.quotas.admit(this.#now()).admitted)
      return c.json({ errors: [{ reason: 'rate_limited', message: 'too many requests' }] }, 429);
    const text = await c.req.text();
    const { batch = [] } = JSON.parse(text) as { batch?: Update[] };
    if (Buffer.byteLength(text) >= maxBytes || batch.length === 0)
      return c.json({ errors: [{ reason: 'invalid', field: 'batch', message: 'too large, or empty' }] }, 400);
    const errors = batch.flatMap((update, index) => this.#errorsOf(update, index));
    for (const [index, update] of batch.entries())
      if (!errors.some((error) => error.batch_index === index))
        this.#waiting.push({ at: this.#now() + takesMs, update });
    this.settle();
    if (errors.length === 0) return c.json({});
    return c.json({ errors }, errors.length === batch.length ? 400 : 207);
  }

  #errorsOf(update: Update, index: number): TrackError[] {
    const error = (field: string, message: string) => [
      { batch_index: index, reason: 'invalid', field, message },
    ];
    const { type, action, identifiers = {} } = update;
    if (type !== 'person' || action !== 'identify') return error('type', 'not an update of a person');
    if (Object.keys(identifiers).length !== 1) return error('identifiers', 'exactly one is required');
    if (Buffer.byteLength(JSON.stringify(update)) >= maxUpdateBytes) return error('attributes', 'too large');
    const fault = this.#options.fault?.(identifiers);
    return fault === undefined ? [] : error('attributes', fault);
  }

  /** What fails now is in the activity log only. */
  #apply({ identifiers = {}, attributes = {} }: Update): void {
    const [[kind, id] = ['id', '']] = Object.entries(identifiers);
    const { _update: updatesOnly = false, ...values } = attributes;
    const known = this.#people.find(kind, id);
    const email = values['email'];
    const owner = typeof email === 'string' ? this.#people.find('email', email) : undefined;
    const emptied = Object.entries(values).map(([name, value]) => [name, value === '' ? null : value]);
    const written = Object.fromEntries(emptied) as Written;
    if (known) {
      if (owner && owner !== known) return;
      this.#people.set(known.cioId, written);
    } else if (!updatesOnly && kind !== 'cio_id') {
      // A known address under an unknown ID: the person is renamed.
      if (owner) this.#people.set(owner.cioId, { ...written, [kind]: id });
      else this.#people.identify({ [kind]: id, ...written });
    }
  }
}

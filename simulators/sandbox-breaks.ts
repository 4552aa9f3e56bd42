// Ways to hurt the sandbox, so that a person can watch what Tributary makes of it: each is something that vendors, networks and people
// really do. Those that last end by themselves. It does not know Tributary.
import { Hono } from 'hono';
import type { HubSpotSimulator } from './hubspot.ts';
import type { Fault, VoucherifySimulator } from './voucherify.ts';

export interface Break {
  /** What happens, as a sentence. */
  says: string;
  /** What to watch for, as a sentence. */
  watch: string;
}

/** A break that changes what vendors answer, for as long as it lasts. */
type Lasting = 'rate-limit' | 'outage' | 'lost-answers' | 'slow';

const lasting: { readonly [name in Lasting]: Break } = {
  'rate-limit': {
    says: 'Voucherify answers 429 with a Retry-After of five seconds.',
    watch:
      'Deliveries wait for as long as they are told, nobody becomes a dead letter, and the share of the quota that is used shrinks.',
  },
  outage: {
    says: 'Voucherify answers 503.',
    watch:
      'The circuit opens, changes go on being read and wait, and one request tries now and then whether it is over.',
  },
  'lost-answers': {
    says: 'Every third answer of Voucherify is lost after the request was carried out.',
    watch: 'What is in doubt is looked up or sent again whole, and the verification finds no difference.',
  },
  slow: {
    says: 'HubSpot takes four seconds for each answer.',
    watch: 'Runs take longer, and webhooks go first.',
  },
};

const sudden = {
  'blank-fields': {
    says: 'Three of ten contacts at HubSpot lose their city, as after an import gone wrong.',
    watch: 'The breaker holds the change until you release or refuse it: tributary holds list.',
  },
  'delete-many': {
    says: 'Three of ten contacts at HubSpot are deleted.',
    watch:
      'They are confirmed one by one before anything is believed; customers are kept unless the configuration says otherwise.',
  },
  tamper: {
    says: 'Another program changes a customer at Voucherify.',
    watch: 'tributary verify names the customer and both values; tributary verify --heal sends ours again.',
  },
} as const satisfies { [name: string]: Break };

export const breaks: { readonly [name: string]: Break } = { ...lasting, ...sudden };

const slowMs = 4_000;

export class Breaks {
  readonly #hubspot: HubSpotSimulator;
  readonly #voucherify: VoucherifySimulator;
  readonly #now: () => number;
  /** When each that lasts is over, epoch milliseconds. */
  readonly #until = new Map<Lasting, number>();
  #requests = 0;

  constructor(vendors: { hubspot: HubSpotSimulator; voucherify: VoucherifySimulator; now?: () => number }) {
    this.#hubspot = vendors.hubspot;
    this.#voucherify = vendors.voucherify;
    this.#now = vendors.now ?? Date.now;
  }

  /** Begins it. Returns what happens, or null where there is no such break. */
  begin(name: string, seconds: number): ({ name: string; until: number | null } & Break) | null {
    const known = breaks[name];
    if (!known) return null;
    if (!Object.hasOwn(lasting, name)) {
      this.#strike(name as keyof typeof sudden);
      return { name, until: null, ...known };
    }
    const until = this.#now() + seconds * 1000;
    this.#until.set(name as Lasting, until);
    return { name, until, ...known };
  }

  /** What stands in Voucherify's way now. */
  readonly voucherifyFault = (): Fault => {
    this.#requests += 1;
    if (this.#lasts('rate-limit'))
      return Response.json(
        { code: 429, key: 'too_many_requests' },
        { status: 429, headers: { 'retry-after': '5' } },
      );
    if (this.#lasts('outage')) return new Response('Service Unavailable', { status: 503 });
    return this.#lasts('lost-answers') && this.#requests % 3 === 0 ? 'apply-then-cut' : undefined;
  };

  readonly hubspotFault = async (): Promise<undefined> => {
    if (this.#lasts('slow')) await new Promise((resolve) => setTimeout(resolve, slowMs));
  };

  #lasts(name: Lasting): boolean {
    return (this.#until.get(name) ?? 0) > this.#now();
  }

  #strike(name: keyof typeof sudden): void {
    const contacts = [...this.#hubspot.contacts()].filter(({ archived }) => !archived);
    const some = contacts.filter((_, index) => index % 10 < 3).map(({ id }) => id);
    if (name === 'blank-fields') for (const id of some) this.#hubspot.update(id, { city: '' });
    else if (name === 'delete-many') for (const id of some) this.#hubspot.archive(id);
    else {
      const [first] = contacts;
      if (first)
        this.#voucherify.upsert({ source_id: first.id, metadata: { company: 'Changed by another program' } });
    }
  }
}

/** `POST /NAME?seconds=30` begins a break, `GET /` lists them. For a loopback port. */
export function breaksApp(made: Breaks): Hono {
  return new Hono()
    .get('/', (c) => c.json(breaks))
    .post('/:name', (c) => {
      const seconds = Number(c.req.query('seconds') ?? 30);
      // A page in a browser must not reach it.
      if (c.req.header('origin') !== undefined) return c.json({ error: 'not for pages' }, 403);
      const begun = made.begin(c.req.param('name'), Number.isFinite(seconds) ? Math.min(seconds, 600) : 30);
      return begun ? c.json(begun) : c.json({ error: 'unknown', breaks: Object.keys(breaks) }, 404);
    });
}

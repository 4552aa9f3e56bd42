// Ways to hurt the sandbox, so that a person can watch what Tributary makes of it: each is something that vendors, networks and people
// really do. Those that last end by themselves. It does not know Tributary.
import { setTimeout as delay } from 'node:timers/promises';
import { Hono } from 'hono';
import type { HubSpotSimulator } from '../hubspot.ts';
import type { Fault, VoucherifySimulator } from '../voucherify.ts';

export interface Break {
  /** Its name for a person. */
  title: string;
  /** What happens, as a sentence. */
  says: string;
  /** What to watch for, as a sentence. */
  watch: string;
  /** How it mends, as a sentence. */
  mends: string;
  /** The page that shows it. */
  page: string;
}

/** A break that changes what vendors answer, for as long as it lasts. */
type Lasting = 'rate-limit' | 'outage' | 'lost-answers' | 'slow' | 'lost-webhooks';

const lasting: { readonly [name in Lasting]: Break } = {
  'rate-limit': {
    title: 'Storm of 429s',
    says: 'Voucherify answers every call with 429 and a Retry-After of five seconds.',
    watch:
      'Deliveries wait as long as they are told to. Nobody becomes a dead letter, and the share of the quota that is used shrinks.',
    mends: 'By itself: after the storm what waits is sent, and the share recovers over some minutes.',
    page: '/deliveries',
  },
  outage: {
    title: 'Outage',
    says: 'Voucherify answers every call with 503.',
    watch:
      'The circuit opens. Changes are still read and wait, and one request tries now and then whether the outage is over.',
    mends:
      'By itself: the first trial that succeeds closes the circuit, and the newest state of each customer is sent once.',
    page: '/deliveries',
  },
  'lost-answers': {
    title: 'Lost answers',
    says: 'Every third answer of Voucherify is lost after the request was carried out.',
    watch: 'What is in doubt is looked up or sent again whole.',
    mends: 'By itself: afterwards "tributary verify" finds no difference and no customer twice.',
    page: '/deliveries',
  },
  slow: {
    title: 'Slow vendor',
    says: 'HubSpot takes four seconds for each answer.',
    watch: 'Runs of HubSpot take longer. Klaviyo, Segment and the deliveries go on at their own pace.',
    mends: 'By itself: the next run is quick again.',
    page: '/runs',
  },
  'lost-webhooks': {
    title: 'Lost webhooks',
    says: 'The webhooks of HubSpot and Klaviyo are lost on the way.',
    watch:
      'Changes arrive later: the next poll finds them. The share of changes that a webhook showed first falls.',
    mends: 'By itself: nothing is missing once the poll has run.',
    page: '/sources',
  },
};

const sudden = {
  'blank-fields': {
    title: 'Mass blanking',
    says: 'Three of ten contacts at HubSpot lose their city, as after an import gone wrong.',
    watch: 'After the first 30 the breaker holds the others, and Voucherify keeps their cities.',
    mends:
      'By your decision: "tributary holds release --all" sends the loss, "tributary holds refuse --all" keeps what Voucherify has.',
    page: '/problems?show=holds',
  },
  'delete-many': {
    title: 'Mass deletion',
    says: 'Three of ten contacts at HubSpot are deleted.',
    watch: 'Each deletion is confirmed before it is believed. No customer is deleted at Voucherify.',
    mends:
      'Nothing has to be mended: customers are kept unless the configuration says otherwise (onOrphaned).',
    page: '/customers',
  },
  tamper: {
    title: 'Tampered customer',
    says: 'Another program changes a customer at Voucherify.',
    watch: 'The webhook of Voucherify reports it, and the customer is listed with both values.',
    mends: 'By "tributary verify --heal", or the button Heal: our value is sent again.',
    page: '/problems?show=drift',
  },
  'kill-worker': {
    title: 'Killed worker',
    says: 'The worker is killed (SIGKILL) in the middle of its work, and started again a second later.',
    watch:
      'This page is away for some seconds. The run that was under way goes on where its last page was committed.',
    mends:
      'By itself: leases run out, webhooks that were not answered are sent again, and nothing is done twice.',
    page: '/runs',
  },
} as const satisfies { [name: string]: Break };

export const breaks: { readonly [name: string]: Break } = { ...lasting, ...sudden };

const isLasting = (name: string): name is Lasting => Object.hasOwn(lasting, name);

export interface ListedBreak extends Break {
  name: string;
  /** It lasts for a while and then ends. */
  lasts: boolean;
  /** When it ends, where it lasts now. */
  until: string | null;
}

const slowMs = 4_000;

export interface Breakable {
  hubspot: HubSpotSimulator;
  voucherify: VoucherifySimulator;
  /** Kills who reads and writes the vendors. Default: there is nobody. */
  kill?: () => void;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Default: the machine's own. */
  sleep?: (milliseconds: number) => Promise<void>;
}

export class Breaks {
  readonly #broken: Breakable;
  readonly #now: () => number;
  /** When each that lasts is over, epoch milliseconds. */
  readonly #until = new Map<Lasting, number>();
  #requests = 0;

  constructor(broken: Breakable) {
    this.#broken = broken;
    this.#now = broken.now ?? Date.now;
  }

  /** Begins it. Returns what happens, or null where there is no such break. */
  begin(name: string, seconds: number): ListedBreak | null {
    if (!Object.hasOwn(breaks, name)) return null;
    if (isLasting(name)) this.#until.set(name, this.#now() + seconds * 1000);
    else this.#strike(name as keyof typeof sudden);
    return this.#listed(name);
  }

  list(): ListedBreak[] {
    return Object.keys(breaks).map((name) => this.#listed(name));
  }

  #listed(name: string): ListedBreak {
    const ends = isLasting(name) && this.lasts(name) ? this.#until.get(name)! : null;
    const until = ends === null ? null : new Date(ends).toISOString();
    return { name, ...breaks[name]!, lasts: isLasting(name), until };
  }

  /** What stands in Voucherify's way now. */
  readonly voucherifyFault = (): Fault => {
    this.#requests += 1;
    if (this.lasts('rate-limit'))
      return Response.json(
        { code: 429, key: 'too_many_requests' },
        { status: 429, headers: { 'retry-after': '5' } },
      );
    if (this.lasts('outage')) return new Response('Service Unavailable', { status: 503 });
    return this.lasts('lost-answers') && this.#requests % 3 === 0 ? 'apply-then-cut' : undefined;
  };

  readonly hubspotFault = async (): Promise<undefined> => {
    if (this.lasts('slow')) await (this.#broken.sleep ?? delay)(slowMs);
  };

  lasts(name: Lasting): boolean {
    return (this.#until.get(name) ?? 0) > this.#now();
  }

  #strike(name: keyof typeof sudden): void {
    const { hubspot, voucherify, kill } = this.#broken;
    const contacts = [...hubspot.contacts()].filter(({ archived }) => !archived);
    const some = contacts.filter((_, index) => index % 10 < 3).map(({ id }) => id);
    // Nobody whom another break strikes.
    const bystander = contacts.find((_, index) => index % 10 === 5);
    switch (name) {
      case 'blank-fields':
        for (const id of some) hubspot.update(id, { city: '' });
        break;
      case 'delete-many':
        for (const id of some) hubspot.archive(id);
        break;
      case 'tamper':
        if (bystander)
          voucherify.upsert({
            source_id: bystander.id,
            metadata: { company: 'Changed by another program' },
          });
        break;
      case 'kill-worker':
        kill?.();
    }
  }
}

/** What stands beside the breaks: a vendor of the sandbox, and how many people it has. */
export interface Vendor {
  name: string;
  url: string;
  /** How it takes part, as a sentence. */
  says: string;
  people: number;
  /** What it calls them. */
  noun: string;
}

/** `GET /` says how the sandbox is, `POST /breaks/NAME?seconds=30` begins a break. For a loopback port. */
export function controlApp(made: Breaks, world: { vendors: () => Vendor[]; config: object }): Hono {
  return new Hono()
    .use(async (c, next) => {
      // A page in a browser must not reach it.
      if (c.req.header('origin') !== undefined) return c.json({ error: 'not for pages' }, 403);
      return next();
    })
    .get('/', (c) => c.json({ vendors: world.vendors(), breaks: made.list() }))
    .get('/config', (c) => c.json(world.config))
    .post('/breaks/:name', (c) => {
      const seconds = Number(c.req.query('seconds') ?? 30);
      const begun = made.begin(c.req.param('name'), Number.isFinite(seconds) ? Math.min(seconds, 600) : 30);
      return begun ? c.json(begun) : c.json({ error: 'unknown', breaks: Object.keys(breaks) }, 404);
    });
}

// The world's process as those who measure see it: where the vendors are, what they were asked, what they hold. It does
// not know how they are simulated.
import type { Plan } from './plans.ts';
import { spawnScript } from './processes.ts';

export interface WorldAddress {
  hubspot: string;
  voucherify: string;
  control: string;
}

/** Calls by vendor and route. */
export interface Requests {
  [route: string]: number;
}

export interface Verdict {
  contacts: number;
  customers: number;
  /** Customers that differ from their contact, or have none. */
  differences: number;
  /** Contacts without a customer. They are among the differences. */
  missing: number;
  /** Customers beyond one for each contact. */
  duplicated: number;
  examples: string[];
}

const defaultLatencyMs = 20;
/** A script that does not ask what became of its bulk calls ends before they are done. */
const settleDeadlineMs = 120_000;

export class Vendors {
  readonly address: WorldAddress;
  readonly #end: () => Promise<void>;

  private constructor(address: WorldAddress, end: () => Promise<void>) {
    this.address = address;
    this.#end = end;
  }

  /**
   * A fresh world: so many contacts, no customers. Without a plan, Voucherify has no limits. `isReplayed`: HubSpot answers a GET request
   * as it did before, so that it must not change.
   */
  static async start(
    contacts: number,
    latencyMs = defaultLatencyMs,
    { plan, isReplayed = false }: { plan?: Plan | undefined; isReplayed?: boolean } = {},
  ): Promise<Vendors> {
    // A million contacts at both vendors take 4 GB.
    const flags = ['--max-old-space-size=12288'];
    const args = [String(contacts), String(latencyMs), plan ?? '', isReplayed ? 'replayed' : ''];
    const script = spawnScript('world.ts', args, { flags });
    const address = JSON.parse(await script.line) as WorldAddress;
    return new Vendors(address, async () => {
      script.child.kill();
      await script.exit;
    });
  }

  /** Gives every so many contacts another company; returns how many changed. */
  async change(every: number): Promise<number> {
    const { changed } = (await this.#ask(`/changes?every=${every}`, 'POST')) as { changed: number };
    return changed;
  }

  /** Lets this share of the calls to Voucherify fail from now on. */
  async failing(share: number): Promise<void> {
    await this.#ask(`/failing?share=${share}`, 'POST');
  }

  /** How many customers there are. */
  async customers(): Promise<number> {
    const { customers } = (await this.#ask('/customers')) as { customers: number };
    return customers;
  }

  async verdict(): Promise<Verdict> {
    return (await this.#ask('/verdict')) as Verdict;
  }

  async requests(): Promise<Requests> {
    return (await this.#ask('/requests')) as Requests;
  }

  /** What was asked since. */
  async requestsSince(before: Requests): Promise<Requests> {
    const now = Object.entries(await this.requests());
    return Object.fromEntries(
      now
        .map(([route, calls]) => [route, calls - (before[route] ?? 0)] as const)
        .filter(([, calls]) => calls > 0),
    );
  }

  /** Throws unless Voucherify holds what HubSpot holds: now, or once the bulk calls that were accepted are done. */
  async verify(who: string, when: 'now' | 'settled'): Promise<void> {
    const deadline = Date.now() + (when === 'settled' ? settleDeadlineMs : 0);
    for (;;) {
      const verdict = await this.verdict();
      if (verdict.differences === 0 && verdict.customers === verdict.contacts) return;
      if (Date.now() >= deadline) {
        throw new Error(
          `${who}: Voucherify holds ${verdict.customers} customers for ${verdict.contacts} contacts, and ${verdict.differences} differ: ${verdict.examples.join('; ')}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  end(): Promise<void> {
    return this.#end();
  }

  async #ask(path: string, method = 'GET'): Promise<unknown> {
    const response = await fetch(`${this.address.control}${path}`, { method });
    if (!response.ok) throw new Error(`The world answered ${response.status} to ${path}.`);
    return response.json();
  }
}

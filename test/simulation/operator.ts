// What the person of a simulation does with Tributary, by its API, and what must hold while they look at it.
import type { Agenda } from './agenda.ts';
import type { PersonEvent } from './history.ts';
import type { Person } from './person.ts';
import type { Vendors } from './vendors.ts';

export interface OperatorDeps {
  agenda: Agenda;
  person: Person;
  vendors: Vendors;
  /** Starts all workers anew with another mapping. */
  configure(variant: number): void;
}

interface Holds {
  holds: { id: number; sourceId: string; change: string }[];
}

interface Undos {
  undos: { run: { id: number }; standing: { values: number; customers: number }; withheld: number }[];
}

const source = '/api/sources/hubspot';
const pinnedField = 'metadata.loyalty_points';

export class Operator {
  readonly #deps: OperatorDeps;
  /** What did not hold when it was looked at. */
  readonly faults: string[] = [];

  constructor(deps: OperatorDeps) {
    this.#deps = deps;
  }

  async does(event: PersonEvent): Promise<void> {
    const { agenda, person, vendors } = this.#deps;
    switch (event.kind) {
      case 'full':
        return void (await person.asks('POST', `${source}/sync`, { mode: 'full' }));
      case 'pause':
        await person.asks('POST', `${source}/pause`, {});
        await person.pause(event.forMs);
        return void (await person.asks('POST', `${source}/resume`, {}));
      case 'rewind': {
        const to = new Date(agenda.now - event.backMs).toISOString();
        return void (await person.asks('POST', `${source}/rewind`, { to }));
      }
      case 'erase': {
        const id = vendors.customer(event.contact);
        const { status } = await person.asks('DELETE', `/api/customers/${id}`, {});
        if (status === 202) vendors.erased.add(id);
        return;
      }
      case 'verify':
        return void (await person.asks('POST', '/api/verify', { heal: event.heal }));
      case 'retry':
        return void (await person.asks('POST', '/api/dead-letters/retry', {}));
      case 'remap':
        return this.#deps.configure(event.variant);
      case 'pin':
        return this.#pin(vendors.customer(event.contact), event.value);
      case 'replay':
        return void (await person.asks('POST', '/api/inbox/replay', { source: event.source }));
      case 'undo':
        return this.#undo(event);
      case 'release':
        await this.#release();
    }
  }

  /** Releases what is held and withdraws every undo. True where there was neither. */
  async letsGo(): Promise<boolean> {
    const held = await this.#release();
    const undone = await this.#withdraw();
    return held + undone === 0;
  }

  async #pin(id: string, value: number | null): Promise<void> {
    const { person, vendors } = this.#deps;
    const path = `/api/customers/${id}/pins/${pinnedField}`;
    const { status } =
      value === null ? await person.asks('DELETE', path) : await person.asks('PUT', path, { value });
    // 404: there is no such customer, or no such pin.
    if (value === null && (status === 200 || status === 404)) vendors.pinned.delete(id);
    else if (status === 200) vendors.pinned.set(id, value!);
  }

  async #undo({ back, created }: { back: number; created: boolean }): Promise<void> {
    const { person } = this.#deps;
    const { body } = await person.asks('GET', '/api/runs?source=hubspot&limit=20');
    const ended = (body as { runs: { id: number; state: string }[] }).runs.filter(
      ({ state }) => state === 'finished',
    );
    const run = ended[back % ended.length];
    if (run) await person.asks('POST', `/api/runs/${run.id}/undo`, { created });
  }

  /** Whoever is held has not been deleted. Returns how many holds there were. */
  async #release(): Promise<number> {
    const { person, vendors } = this.#deps;
    const { body } = await person.asks('GET', '/api/holds?limit=200');
    const { holds } = body as Holds;
    for (const { sourceId, change } of holds)
      if (change === 'deleted' && !vendors.voucherify.bySourceId(sourceId))
        this.faults.push(`customer ${sourceId} is held, and was deleted`);
    if (holds.length > 0) await person.asks('POST', '/api/holds/release', { ids: holds.map(({ id }) => id) });
    return holds.length;
  }

  /** Returns how many undos kept anything. */
  async #withdraw(): Promise<number> {
    const { person } = this.#deps;
    const { body } = await person.asks('GET', '/api/undos?limit=200');
    const kept = (body as Undos).undos.filter(
      ({ standing, withheld }) => standing.values + standing.customers + withheld > 0,
    );
    for (const { run } of kept) await person.asks('POST', `/api/runs/${run.id}/undo`, {});
    return kept.length;
  }
}

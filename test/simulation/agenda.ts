// What happens next in a simulation, and the only time there is in it. Everything that takes time is an entry: one entry runs
// after the other, each until nothing of this process can go on without the next. It does not know what the entries do.

export interface Entry {
  run: (() => unknown) | null;
}

interface Placed extends Entry {
  at: number;
  order: number;
}

export class Agenda {
  #now: number;
  #order = 0;
  /** Events of the world, by which it is known how long everything may stand still. */
  readonly #world = new Heap();
  readonly #machines = new Heap();

  constructor(now: number) {
    this.#now = now;
  }

  /** Epoch milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** At this moment something happens in the world. */
  at(moment: number, run: () => unknown): Entry {
    return this.#place(this.#world, moment, run);
  }

  /** So many milliseconds from now a machine has waited for it. */
  after(milliseconds: number, run: () => unknown): Entry {
    return this.#place(this.#machines, this.#now + Math.max(milliseconds, 0), run);
  }

  cancel(entry: Entry): void {
    entry.run = null;
  }

  /** When the next thing of the world happens; null where nothing is to come. */
  get nextOfWorld(): number | null {
    return this.#world.first?.at ?? null;
  }

  /** All machines stand still until this moment: what they waited for comes then. */
  suspendUntil(moment: number): void {
    this.#now = Math.max(this.#now, moment);
  }

  /** Runs the next entry; false where there is none, or none until `end`: then it is that moment. */
  async step(end: number): Promise<boolean> {
    const [world, machine] = [this.#world.first, this.#machines.first];
    const isOfWorld = world !== undefined && (machine === undefined || isBefore(world, machine));
    const next = isOfWorld ? world : machine;
    if (next === undefined || next.at > end) {
      this.#now = Math.max(this.#now, end);
      return false;
    }
    const entry = (isOfWorld ? this.#world : this.#machines).take()!;
    this.#now = Math.max(this.#now, entry.at);
    await entry.run?.();
    await quiet();
    return true;
  }

  #place(heap: Heap, at: number, run: () => unknown): Entry {
    const entry = { at, order: this.#order++, run };
    heap.add(entry);
    return entry;
  }
}

/** Resolves when all promises of this process that can go on have: nothing in it waits for the outside. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The earliest first; of those of one moment the one that was added first. Cancelled ones are passed over. */
class Heap {
  readonly #all: Placed[] = [];

  get first(): Placed | undefined {
    while (this.#all.length > 0 && this.#all[0]!.run === null) this.#remove();
    return this.#all[0];
  }

  add(entry: Placed): void {
    const all = this.#all;
    let place = all.length;
    all.push(entry);
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (isBefore(all[above]!, entry)) break;
      all[place] = all[above]!;
      place = above;
    }
    all[place] = entry;
  }

  take(): Placed | undefined {
    const first = this.first;
    if (first) this.#remove();
    return first;
  }

  #remove(): void {
    const all = this.#all;
    const last = all.pop()!;
    if (all.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= all.length) break;
      if (below + 1 < all.length && isBefore(all[below + 1]!, all[below]!)) below += 1;
      if (isBefore(last, all[below]!)) break;
      all[place] = all[below]!;
      place = below;
    }
    all[place] = last;
  }
}

function isBefore(one: Placed, other: Placed): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

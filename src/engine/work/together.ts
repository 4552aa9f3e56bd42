// Work that many callers ask for at once, done together: calls that arrive during a round join the next one. It knows nothing of
// what is done.

/** Does work for one item as part of a round of all that wait. A round that fails is done again item by item. */
export class Together<Item> {
  readonly #work: (items: readonly Item[]) => Promise<void>;
  #waiting: { item: Item; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #isGoing = false;

  constructor(work: (items: readonly Item[]) => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when the item's round has ended, rejects where the work fails for this item alone. */
  add(item: Item): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ item, resolve, reject });
    if (!this.#isGoing) void this.#go();
    return promise;
  }

  async #go(): Promise<void> {
    this.#isGoing = true;
    // Those who come in this very turn are in the first round.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const round = this.#waiting;
      this.#waiting = [];
      try {
        await this.#work(round.map(({ item }) => item));
        for (const { resolve } of round) resolve();
      } catch (error) {
        if (round.length === 1) round[0]!.reject(error);
        else for (const one of round) await this.#work([one.item]).then(one.resolve, one.reject);
      }
    }
    this.#isGoing = false;
  }
}

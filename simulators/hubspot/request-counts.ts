// How often each route was called and what it answered: a few numbers per route, however many calls.

export class RequestCounts {
  readonly #routes = new Map<string, Map<number, number>>();

  count(route: string, status: number): void {
    const statuses = this.#routes.get(route) ?? new Map<number, number>();
    this.#routes.set(route, statuses);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  /** Calls of one route, or of all; a connection that was cut counts as status 0. */
  calls(route?: string): number {
    return this.#sum(route, () => true);
  }

  status(status: number, route?: string): number {
    return this.#sum(route, (answered) => answered === status);
  }

  toJSON(): Record<string, { calls: number; byStatus: Record<number, number> }> {
    const entries = [...this.#routes].map(
      ([route, statuses]) =>
        [route, { calls: this.calls(route), byStatus: Object.fromEntries(statuses) }] as const,
    );
    return Object.fromEntries(entries);
  }

  reset(): void {
    this.#routes.clear();
  }

  #sum(route: string | undefined, counts: (status: number) => boolean): number {
    let sum = 0;
    for (const [name, statuses] of this.#routes) {
      if (route !== undefined && name !== route) continue;
      for (const [status, calls] of statuses) if (counts(status)) sum += calls;
    }
    return sum;
  }
}

// The death of one process at one point of its work. Points are counted from the moment that it is given to a machine: one before
// each thing that outlasts a process, and one after it and before its answer. It does not know what these things are.

export class Death {
  readonly #point: number;
  #passed = 0;
  #at: string | null = null;

  /** `point`: 1 is the first. */
  constructor(point: number) {
    this.#point = point;
  }

  /** How many points were passed or met. */
  get points(): number {
    return this.#passed;
  }

  /** Where it was met: `before POST /v1/customers`. Null: nowhere yet. */
  get at(): string | null {
    return this.#at;
  }

  /** Such a thing is about to be done. Null: the process outlives it. */
  meets(what: string): 'before' | 'after' | null {
    for (const when of ['before', 'after'] as const) {
      if (this.#at !== null) return null;
      this.#passed += 1;
      if (this.#passed !== this.#point) continue;
      this.#at = `${when} ${what.replaceAll(/\s+/g, ' ').trim().slice(0, 80)}`;
      return when;
    }
    return null;
  }
}

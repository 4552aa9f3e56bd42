// The truth of a workspace: its people, by their own and by Customer.io's IDs. It knows no requests.

export type Attributes = { [name: string]: string | number | boolean };
/** What a write says: null takes the attribute away. */
export type Written = { [name: string]: string | number | boolean | null };

export interface Person {
  readonly cioId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  values: Attributes;
  /** When each attribute was set, epoch milliseconds. */
  setAt: { [name: string]: number };
}

export class People {
  readonly #now: () => number;
  readonly #people = new Map<string, Person>();
  #next = 1;

  constructor(now: () => number) {
    this.#now = now;
  }

  identify(attributes: Written): Person {
    const cioId = `d9c106${this.#next.toString(16).padStart(6, '0')}`;
    this.#next += 1;
    this.#people.set(cioId, { cioId, createdAt: this.#now(), values: {}, setAt: {} });
    return this.set(cioId, { created_at: Math.floor(this.#now() / 1000), ...attributes });
  }

  /** A removed attribute leaves no trace: its time goes too (recorded). */
  set(cioId: string, attributes: Written): Person {
    const person = this.get(cioId);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null) {
        delete person.values[name];
        delete person.setAt[name];
        continue;
      }
      person.values[name] = value;
      person.setAt[name] = this.#now();
    }
    return person;
  }

  remove(cioId: string): void {
    this.#people.delete(this.get(cioId).cioId);
  }

  get(cioId: string): Person {
    const person = this.#people.get(cioId);
    if (!person) throw new Error(`the workspace has nobody ${cioId}`);
    return person;
  }

  find(type: string, id: string): Person | undefined {
    if (type === 'cio_id') return this.#people.get(id);
    return this.all().find(({ values }) => values[type] !== undefined && String(values[type]) === id);
  }

  all(): Person[] {
    return [...this.#people.values()];
  }
}

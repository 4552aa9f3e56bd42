// How many customers go into one bulk call: half as many after one that was too large or never answered, fewer after one
// that took long, then a little more with each that was taken. Pure; each process learns for itself.

/** Never fewer, whatever happens: below that bulk is worth nothing. */
const fewest = 10;
/** Of the most there may be, with each full call that was taken. */
const growth = 1 / 20;
/** Full calls taken in a row before a size that was refused is tried again. */
const calmCalls = 40;
/** An action that takes longer than this keeps what is behind it waiting. */
const longActionMs = 600_000;

export class BatchSize {
  readonly #most: number;
  #records: number;
  /** The least number that was too large. */
  #tooLarge = Number.POSITIVE_INFINITY;
  #calm = 0;

  constructor(most: number) {
    this.#most = most;
    this.#records = most;
  }

  /** At most so many customers in the next call. */
  get records(): number {
    return this.#records;
  }

  /** A call of so many was refused for its size. */
  tooLarge(sent: number): void {
    this.#tooLarge = Math.min(this.#tooLarge, sent);
    this.#halve(sent);
  }

  /** A call of so many was not answered in time. */
  timedOut(sent: number): void {
    this.#halve(sent);
  }

  /** The destination has said how many it takes. */
  limitedTo(records: number): void {
    this.#tooLarge = Math.min(this.#tooLarge, records + 1);
    this.#calm = 0;
    this.#records = Math.max(Math.min(this.#records, records), 1);
  }

  /** An action of so many has ended after so long. */
  took(sent: number, milliseconds: number): void {
    if (milliseconds <= longActionMs || sent < this.#records) return;
    this.#calm = 0;
    const share = Math.floor((sent * longActionMs) / milliseconds);
    this.#records = Math.min(this.#records, Math.max(share, Math.min(fewest, this.#most)));
  }

  #halve(sent: number): void {
    this.#calm = 0;
    this.#records = Math.max(Math.floor(Math.min(this.#records, sent) / 2), Math.min(fewest, this.#most));
  }

  /** A call of so many was taken. One that was not full says nothing of larger ones. */
  taken(sent: number): void {
    if (sent < this.#records) return;
    this.#calm += 1;
    if (this.#calm > calmCalls) this.#tooLarge = Number.POSITIVE_INFINITY;
    const grown = this.#records + Math.max(1, Math.floor(this.#most * growth));
    const ceiling = Math.max(Math.min(this.#most, this.#tooLarge - 1), this.#records);
    this.#records = Math.min(grown, ceiling);
  }
}

// So many a second and no more, with a second's worth at once. Of one process: it guards this server, not the vendor's
// quota. It knows no request.

export class RateCeiling {
  readonly perSecond: number;
  #left: number;
  #at = 0;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
    this.#left = perSecond;
  }

  /** 0 where there is room, and it is taken; else after how many whole seconds to come again. `now`: epoch milliseconds. */
  enter(now: number): number {
    const gained = (Math.max(now - this.#at, 0) / 1000) * this.perSecond;
    this.#left = Math.min(this.#left + gained, Math.max(this.perSecond, 1));
    this.#at = now;
    if (this.#left < 1) return Math.max(1, Math.ceil((1 - this.#left) / this.perSecond));
    this.#left -= 1;
    return 0;
  }
}

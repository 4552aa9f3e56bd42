// So many a second and no more, with a second's worth at once unless it says otherwise. Of one process: it guards this server, not
// the vendor's quota. It knows no request.

export class RateCeiling {
  readonly perSecond: number;
  readonly #burst: number;
  #left: number;
  #at = 0;

  /** `burst`: how many may come at once. */
  constructor(perSecond: number, burst = Math.max(perSecond, 1)) {
    this.perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
  }

  /** 0 where there is room, and it is taken; else after how many whole seconds to come again. `now`: epoch milliseconds. */
  enter(now: number): number {
    const gained = (Math.max(now - this.#at, 0) / 1000) * this.perSecond;
    this.#left = Math.min(this.#left + gained, this.#burst);
    this.#at = now;
    if (this.#left < 1) return Math.max(1, Math.ceil((1 - this.#left) / this.perSecond));
    this.#left -= 1;
    return 0;
  }
}

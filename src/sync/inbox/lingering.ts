// When a record that webhooks name is read: at once, but what is told of it within moments of that is read for together. It
// knows no vendor, and nothing of other processes: each of them may read a record once more.

/** A record is not read more often for what webhooks say of it. */
const lingerMs = 400;

export class Lingering {
  /** When each record is read for what was told of it last, the earliest first. */
  readonly #readAt = new Map<string, number>();

  /** How long to wait before the record is read for what is told of it now, milliseconds. */
  waitMs(record: readonly string[], now: number): number {
    this.#forget(now);
    const key = JSON.stringify(record);
    const last = this.#readAt.get(key);
    if (last !== undefined && last > now) return Math.min(last - now, lingerMs);
    const readAt = last === undefined ? now : last + lingerMs;
    this.#readAt.delete(key);
    this.#readAt.set(key, readAt);
    return readAt - now;
  }

  #forget(now: number): void {
    for (const [key, readAt] of this.#readAt) {
      // A clock that was set back must not keep anything for ever.
      if (readAt + lingerMs > now && readAt <= now + lingerMs) return;
      this.#readAt.delete(key);
    }
  }
}

// Admits a limited number of callers at a time: better lanes go first, each lane gets its minimum share, and a place is held
// until it is left. It does not know what the places are for.
import { LaneQueue } from './lane-queue.ts';
import type { Lane } from './lanes.ts';

export class PrioritySemaphore {
  /** What admits each of those who wait. A place that is held is a number and nothing else: a window may hold a million. */
  readonly #queue = new LaneQueue<() => void>();
  #places: number;
  #inside = 0;

  constructor(places = 0) {
    this.#places = places;
  }

  /** The number of callers that hold a place. */
  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Changes how many may be inside. Those who are stay, even where they are more. */
  resize(places: number): void {
    this.#places = places;
    this.#admit();
  }

  /**
   * Resolves once the caller has a place, which it holds until it calls `leave`; rejects with the signal's reason when that
   * is aborted before. `entered` is called in the same turn as the place is given, before anyone else can be let in.
   */
  enter(lane: Lane, signal?: AbortSignal, entered?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const admit = () => {
        signal?.removeEventListener('abort', abort);
        entered?.();
        resolve();
      };
      const abort = () => {
        this.#queue.remove(lane, admit);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#queue.add(lane, admit);
      this.#admit();
    });
  }

  /** So many callers leave their places. */
  leave(callers = 1): void {
    this.#inside -= callers;
    this.#admit();
  }

  #admit(): void {
    while (this.#inside < this.#places) {
      const admit = this.#queue.take();
      if (!admit) return;
      this.#inside += 1;
      admit();
    }
  }
}

// Admits a limited number of callers at a time: better lanes go first, each lane gets its minimum share, and a place is held
// until it is left. It does not know what the places are for.
import PQueue from 'p-queue';
import { LaneQueue, type Place } from './lane-queue.ts';
import type { Lane } from './lanes.ts';

export class PrioritySemaphore {
  /** Paused while there is no place at all: p-queue knows no concurrency of 0. */
  readonly #queue = new PQueue<LaneQueue, Place>({
    concurrency: 1,
    autoStart: false,
    queueClass: LaneQueue,
  });

  constructor(places = 0) {
    this.resize(places);
  }

  /** The number of callers that hold a place. */
  get inside(): number {
    return this.#queue.pending;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Changes how many may be inside. Those who are stay, even where they are more. */
  resize(places: number): void {
    if (places < 1) {
      this.#queue.pause();
      return;
    }
    this.#queue.concurrency = places;
    this.#queue.start();
  }

  /**
   * Resolves with the way out once there is a place, or rejects with the signal's reason when it is aborted before.
   * `entered` is called in the same turn as the place is given, before anyone else can be let in.
   */
  enter(lane: Lane, signal?: AbortSignal, entered?: () => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      // p-queue would free the place of a task whose signal is aborted later, so it sees the signal only while it waits.
      const waiting = new AbortController();
      const abort = () => waiting.abort(signal?.reason);
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', abort, { once: true });
      const stay = () => {
        signal?.removeEventListener('abort', abort);
        const { promise, resolve: leave } = Promise.withResolvers<void>();
        entered?.();
        resolve(leave);
        return promise;
      };
      this.#queue.add(stay, { lane, signal: waiting.signal }).catch((error) => {
        signal?.removeEventListener('abort', abort);
        reject(error);
      });
    });
  }
}

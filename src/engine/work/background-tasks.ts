// Work that goes on beside whoever began it, so much of it at once. It knows nothing of what is done.
import PQueue from 'p-queue';

export class BackgroundTasks {
  readonly #queue: PQueue;

  constructor(most: number) {
    this.#queue = new PQueue({ concurrency: most });
  }

  /** Begins `work`, or as soon as some other has ended. What it throws is its own affair. */
  begin(work: () => Promise<void>): void {
    void this.#queue.add(work);
  }

  /** Resolves when nothing that was begun waits for a place. */
  async room(): Promise<void> {
    await this.#queue.onSizeLessThan(1);
  }

  /** Resolves when all that was begun has ended. */
  async over(): Promise<void> {
    await this.#queue.onIdle();
  }
}

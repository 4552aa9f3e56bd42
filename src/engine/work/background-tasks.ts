// Tasks that run while their caller goes on, a limited number at a time. It knows nothing of what they do.
import PQueue from 'p-queue';

export class BackgroundTasks {
  readonly #queue: PQueue;

  constructor(most: number) {
    this.#queue = new PQueue({ concurrency: most });
  }

  /** Starts `work` now, or as soon as another task has ended. `work` handles its own errors. */
  start(work: () => Promise<void>): void {
    void this.#queue.add(work);
  }

  /** Resolves when no started task waits for a place. */
  async ready(): Promise<void> {
    await this.#queue.onSizeLessThan(1);
  }

  /** Resolves when every started task has ended. */
  async idle(): Promise<void> {
    await this.#queue.onIdle();
  }
}

// Workers of one database share its work: where they are set up differently, what is done depends on who does it. It
// compares and tells; it changes nothing.
import { differingParts, type Fingerprint } from '../config/fingerprint.ts';
import type { Log } from '../engine/log/log.ts';
import type { WorkerRegistry } from '../engine/work/worker-registry.ts';

export interface DifferingWorker {
  host: string;
  pid: number;
  version: string;
  /** What differs: `version`, `destination`, `sources.NAME`, `merge` … */
  parts: string[];
}

export function differingSentence({ host, pid, parts }: DifferingWorker): string {
  return `The worker ${pid} on ${host} works on this database with another configuration: ${parts.join(', ')} ${parts.length === 1 ? 'differs' : 'differ'}. Results depend on which worker does the work: use the same configuration and version for all.`;
}

export class DifferingWorkers {
  readonly #log: Log;
  readonly #setup: { version: string; configuration: Fingerprint };
  #found: DifferingWorker[] = [];

  constructor({ log, setup }: { log: Log; setup: { version: string; configuration: Fingerprint } }) {
    this.#log = log;
    this.#setup = setup;
  }

  /** The other workers that are set up in another way than this one. */
  get found(): readonly DifferingWorker[] {
    return this.#found;
  }

  async compare(registry: WorkerRegistry | null): Promise<void> {
    const { version, configuration } = this.#setup;
    const differing = ((await registry?.peers()) ?? []).flatMap(({ host, pid, setup }) => {
      if (setup === null) return [];
      const parts = [
        ...(setup.version === version ? [] : ['version']),
        ...differingParts(configuration, setup.configuration),
      ];
      return parts.length > 0 ? [{ host, pid, version: setup.version, parts }] : [];
    });
    const [before, now] = [this.#found, differing].map((all) => JSON.stringify(all));
    this.#found = differing;
    if (before === now) return;
    for (const worker of differing) this.#log.warn(differingSentence(worker));
    if (differing.length === 0)
      this.#log.info('all workers of this database have the same configuration again');
  }
}

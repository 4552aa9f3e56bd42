// What is compared: something that brings contacts to Voucherify, as whoever runs it sees it. It does not know what is made of it.
import type { Plan } from '../plans.ts';
import type { WorldAddress } from '../vendors.ts';
import { ProcessTree, type TreeOptions } from './process-tree.ts';

/** What it says of a sync: its exit code, its answer, the state of its run. */
export interface Said {
  success: boolean;
  words: string;
}

export interface Peer {
  name: string;
  version: string;
  /** It runs all the time and is told to sync; a script is started for each sync. */
  isService: boolean;
  /** A new one in which nothing was ever synced. Set as a good user of that plan sets it, or for a project without limits. */
  make(world: WorldAddress, plan: Plan | null): Promise<Installed>;
}

export interface Installed {
  processes: Processes;
  /** Until it can be told to sync. */
  start(): Promise<void>;
  /** One sync, until it says that it is done. Rejects where it cannot be asked. */
  sync(mode: 'incremental' | 'full'): Promise<Said>;
  /** CPU of its database server so far; null where it has none, or it cannot be told. */
  databaseCpuSeconds(): Promise<number | null>;
  /** Removes what it kept. */
  end(): Promise<void>;
}

/** The processes of one, one tree after the other. */
export class Processes {
  readonly #trees: ProcessTree[] = [];

  start(command: string, args: readonly string[], options?: TreeOptions): ProcessTree {
    const tree = new ProcessTree(command, args, options);
    this.#trees.push(tree);
    return tree;
  }

  get cpuSeconds(): number {
    return this.#trees.reduce((sum, tree) => sum + tree.cpuSeconds, 0);
  }

  /** Since the last time that it was asked for. */
  takePeakMegabytes(): number {
    return Math.max(0, ...this.#trees.map((tree) => tree.takePeakMegabytes()));
  }

  async kill(): Promise<void> {
    for (const tree of this.#trees) tree.kill();
    await Promise.all(this.#trees.map((tree) => tree.exit));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#trees.map((tree) => tree.stop()));
  }
}

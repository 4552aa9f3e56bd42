// The crash matrix: each scenario with a death at each of its points, one after the other, until it ends without reaching one. It does
// not know what a scenario does.

import type { MatrixDatabases } from './databases.ts';
import { Death } from './death.ts';
import type { Scenario } from './scenarios.ts';
import { World } from './world.ts';

export interface Failure {
  point: number;
  /** Where the worker died. */
  at: string;
  faults: string[];
  /** What happened last. */
  lines: readonly string[];
}

export interface Row {
  scenario: string;
  /** Deaths that were died. */
  deaths: number;
  /** Points of a run that nobody died in, as far as they are known. */
  points: number | null;
  failures: Failure[];
  /** Of CPU. */
  milliseconds: number;
}

/** So many points apart everything is checked, and not only what is quick. */
const thoroughEvery = 20;

/** `points`: which ones, instead of 1, 2, 3 … to the last; a function is told the last of a run that nobody dies in. */
export async function matrixOf(
  scenario: Scenario,
  on: MatrixDatabases,
  { seed, points }: { seed: number; points?: readonly number[] | ((last: number) => readonly number[]) },
): Promise<Row> {
  const begun = process.cpuUsage();
  const failures: Failure[] = [];
  let [deaths, last] = [0, null as number | null];
  const rounds = new Rounds(scenario, on, seed);
  const run = async (point: number, isThorough: boolean): Promise<Death> => {
    const { death, faults, lines } = await rounds.next(point, isThorough);
    if (death.at !== null) deaths += 1;
    if (faults.length > 0) failures.push({ point, at: death.at ?? 'without a death', faults, lines });
    return death;
  };
  try {
    if (points) {
      if (typeof points === 'function') last = (await run(Number.POSITIVE_INFINITY, true)).points;
      const some = typeof points === 'function' ? points(last!) : points;
      for (const [index, point] of some.entries()) await run(point, index === some.length - 1);
    } else
      for (let point = 1; last === null; point += 1) {
        const death = await run(point, point % thoroughEvery === 1);
        if (death.at === null) last = death.points;
      }
  } finally {
    await rounds.end();
  }
  const { user, system } = process.cpuUsage(begun);
  const milliseconds = Math.round((user + system) / 1000);
  return { scenario: scenario.name, deaths, points: last, failures, milliseconds };
}

/** One round after the other in one world, until one fails: the next has a world of its own. */
class Rounds {
  readonly #scenario: Scenario;
  readonly #on: MatrixDatabases;
  readonly #seed: number;
  #world: World | null = null;
  #round = 0;

  constructor(scenario: Scenario, on: MatrixDatabases, seed: number) {
    this.#scenario = scenario;
    this.#on = on;
    this.#seed = seed;
  }

  async next(point: number, isThorough: boolean) {
    const scenario = this.#scenario;
    if (scenario.isFresh) await this.end();
    const death = new Death(point);
    const world = this.#world ?? (await this.#begin(scenario.isFresh ? death : null));
    const round = this.#round++;
    const faults = await this.#carryOut(world, round, death, isThorough).catch((error: Error) => [
      error.stack ?? error.message,
    ]);
    const { lines } = world;
    if (faults.length > 0) await this.end();
    return { death, faults, lines };
  }

  async end(): Promise<void> {
    await this.#world?.end();
    this.#world = null;
  }

  async #begin(death: Death | null): Promise<World> {
    const { choices, begin } = this.#scenario;
    const database = await this.#on.empty();
    const world = new World(database, { seed: this.#seed, choices: { ...choices } });
    this.#world = world;
    begin(world);
    if (death) world.arm(death, { next: true });
    await world.start();
    if (death === null) await world.untilRest();
    return world;
  }

  async #carryOut(world: World, round: number, death: Death, isThorough: boolean): Promise<string[]> {
    const { isFresh, isOfNext, prepare, act, maxWrites = 2, faults } = this.#scenario;
    await prepare?.(world, round);
    if (!isFresh) {
      await world.untilRest();
      world.forgetWrites();
      world.arm(death, { next: isOfNext ?? false });
    }
    await act(world, round);
    await world.untilRest();
    world.arm(null);
    const found = await world.faults({ maxWrites, isThorough });
    return [...found, ...((await faults?.(world, round)) ?? [])];
  }
}

// Sources that the configuration renames or does not name any more: found at the start, told of, and withdrawn by a
// person.
import type { Connector } from '../connector.ts';
import type { Database } from '../db/database.ts';
import type { Clock } from '../engine/clock.ts';
import type { Log } from '../engine/log/log.ts';
import type { Rules } from '../sync/intake/rules.ts';
import {
  describeVanished,
  noteDefinitions,
  renameSources,
  vanishedSentence,
  vanishedSources,
  withdrawSource,
} from '../sync/pull/vanished.ts';

export interface VanishedDeps {
  database: Database;
  clock: Clock;
  log: Log;
  rules: Rules;
  /** Those that stored records may be of. */
  connectors: readonly Connector[];
}

export class VanishedSources {
  readonly #deps: VanishedDeps;

  constructor(deps: VanishedDeps) {
    this.#deps = deps;
  }

  /**
   * Finds the sources that the configuration does not name any more: until a person decides, their records speak as
   * they did.
   */
  async find(): Promise<void> {
    const { database, rules, connectors } = this.#deps;
    rules.setVanished(await vanishedSources(database, rules, connectors));
  }

  /** Gives renamed sources their new names, keeps the rules of all, and tells of those that have vanished. */
  async note(): Promise<void> {
    const { database, rules, clock, log } = this.#deps;
    const { renamed, refused, unknown } = await database.transaction((tx) => renameSources(tx, rules));
    for (const [from, to] of renamed)
      log.info({ source: to, renamedFrom: from }, 'the source was renamed and keeps all its records');
    for (const [from, to] of refused)
      log.warn(
        { source: to, renamedFrom: from },
        'renamedFrom names a source, but this one has records of its own, so the two remain separate',
      );
    for (const [from, to] of unknown)
      log.warn(
        { source: to, renamedFrom: from },
        'nothing is stored of the source that renamedFrom names, nor of this one, so nothing was moved',
      );
    await noteDefinitions(database, rules, clock.now());
    await this.find();
    for (const vanished of await describeVanished(database, rules))
      log.warn({ source: vanished.name }, vanishedSentence(vanished));
  }

  /** A person's word that a source is gone for good. False where none has vanished. */
  async withdraw(source: string): Promise<boolean> {
    const { database, rules, clock } = this.#deps;
    if (!(await withdrawSource(database, rules, source, clock.now()))) return false;
    await this.find();
    return true;
  }
}

// The destination as it is written to: its account, and its settings with what a probe or the
// first writes showed laid over. It asks nobody.
import type { Config } from '../config.ts';
import type { ProbeAnswers } from '../connector/probe.ts';
import type { WritesQuestion } from '../connector.ts';
import type { Database } from '../db/database.ts';
import type { Sending } from '../sync/deliver/difference.ts';
import { addTraits, type ProvenTraits, provenTraits, settingsWith } from '../tables/traits.ts';

export class DestinationSettings {
  readonly #config: Config;
  readonly #database: Database;
  #traits: ProvenTraits | null = null;
  #proven: unknown;

  constructor(config: Config, database: Database) {
    this.#config = config;
    this.#database = database;
    this.#proven = config.destination.settings;
  }

  /** Whose traits are proven. */
  get account(): string {
    const { connector, settings } = this.#config.destination;
    return connector.api!(settings).account;
  }

  /** Reads what was found out of the destination, by whatever process, and goes by it from now on. */
  async learnTraits(): Promise<void> {
    const { connector, settings } = this.#config.destination;
    this.#traits = await provenTraits(this.#database, this.account);
    this.#proven = settingsWith(connector.destination!, settings, this.#traits);
  }

  /** What is known of how the destination behaves. */
  get answers(): ProbeAnswers {
    return this.#traits?.answers ?? {};
  }

  /** What the first writes would show. */
  get openQuestions(): WritesQuestion[] {
    const { connector, settings } = this.#config.destination;
    return connector.destination!.learned?.open(settings, this.answers) ?? [];
  }

  /** Keeps what ordinary work has shown, and goes by it from now on. */
  async keepAnswers(answers: ProbeAnswers): Promise<void> {
    await addTraits(this.#database, this.account, answers);
    await this.learnTraits();
  }

  /** Settings of a destination, perhaps another than ours, with what was proven of its account laid over. */
  settingsOf({ connector, settings }: Config['destination']): unknown {
    const isOurs = connector.api!(settings).account === this.account;
    return settingsWith(connector.destination!, settings, isOurs ? this.#traits : null);
  }

  /** Where customers go, as previews need to know it. */
  get sending(): Sending {
    const { destination, onOrphaned } = this.#config;
    return { destination: destination.connector.destination!, settings: this.#proven, onOrphaned };
  }
}

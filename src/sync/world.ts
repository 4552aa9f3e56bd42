// All that ingest must know beside rows: every source with its mapping, and how their contributions are merged.
import type { Fields, MetadataSchema } from '../connector.ts';
import {
  type Contribution,
  compileMerge,
  explainMerge,
  type MergeConfig,
  type MergePolicy,
  merge,
} from '../customer/merge.ts';
import type { StandingRecord } from './records.ts';
import { type MetadataRules, Source, type SourceConfig } from './source.ts';

/** What of a configuration decides how records become customers. */
export interface WorldConfig {
  sources: readonly SourceConfig[];
  merge: MergeConfig;
  unknownMetadata: MetadataRules['unknownMetadata'] | null;
}

export class World {
  readonly #config: WorldConfig;
  readonly #policy: MergePolicy;
  #schema: MetadataSchema | null = null;
  #sources = new Map<string, Source>();

  constructor(config: WorldConfig, schema: MetadataSchema | null = null) {
    this.#config = config;
    this.#policy = compileMerge(
      config.merge,
      config.sources.map((source) => source.name),
    );
    this.schema = schema;
  }

  get schema(): MetadataSchema | null {
    return this.#schema;
  }

  /** From now on values are typed by this schema. */
  set schema(schema: MetadataSchema | null) {
    const { sources, unknownMetadata } = this.#config;
    this.#schema = schema;
    const rules = { schema, ...(unknownMetadata && { unknownMetadata }) };
    this.#sources = new Map(sources.map((source) => [source.name, new Source(source, rules)]));
  }

  get sources(): Source[] {
    return [...this.#sources.values()];
  }

  source(name: string): Source | undefined {
    return this.#sources.get(name);
  }

  /** What each of these records contributes. Records of a source no longer configured say nothing. */
  contributions(records: readonly StandingRecord[]): Contribution[] {
    return records.flatMap((record) => {
      const source = this.#sources.get(record.source);
      if (!source) return [];
      const { stream, recordId, changedAt } = record;
      const { fields, faults } = source.contribute(record.body);
      // Of a field that fails now its last good value stands.
      if (record.good)
        for (const { field } of faults)
          if (Object.hasOwn(record.good, field)) fields[field] = record.good[field]!;
      return [{ source: record.source, stream, recordId, changedAt, fields }];
    });
  }

  /** One customer's fields from the records that speak of it and the values pinned by hand. */
  fold = (records: readonly StandingRecord[], pins: Fields): Fields =>
    merge(this.contributions(records), this.#policy, pins);

  /** The same with every reason. */
  explain(records: readonly StandingRecord[], pins: Fields) {
    return explainMerge(this.contributions(records), this.#policy, pins);
  }
}

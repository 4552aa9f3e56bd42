// All that ingest must know beside rows: every source with its mapping, and how their contributions are merged.
import type { Fields, MetadataSchema } from '../connector.ts';
import { compileMerge, type MergeConfig, type MergePolicy, merge } from '../customer/merge.ts';
import type { StandingRecord } from './records.ts';
import { Source, type SourceConfig } from './source.ts';

export class World {
  readonly #configs: readonly SourceConfig[];
  readonly #mergeConfig: MergeConfig;
  #sources: Map<string, Source>;
  #policy: MergePolicy;
  #schema: MetadataSchema | null;

  constructor(configs: readonly SourceConfig[], mergeConfig: MergeConfig, schema: MetadataSchema | null = null) {
    this.#configs = configs;
    this.#mergeConfig = mergeConfig;
    this.#schema = schema;
    this.#sources = new Map(configs.map((config) => [config.name, new Source(config, schema)]));
    this.#policy = compileMerge(mergeConfig, configs.map((config) => config.name));
  }

  get schema(): MetadataSchema | null {
    return this.#schema;
  }

  /** From now on values are typed by this schema. */
  set schema(schema: MetadataSchema | null) {
    this.#schema = schema;
    this.#sources = new Map(this.#configs.map((config) => [config.name, new Source(config, schema)]));
    this.#policy = compileMerge(this.#mergeConfig, this.#configs.map((config) => config.name));
  }

  get sources(): Source[] {
    return [...this.#sources.values()];
  }

  source(name: string): Source | undefined {
    return this.#sources.get(name);
  }

  /** One customer's fields from the records that speak of it. Records of a source no longer configured say nothing. */
  fold = (records: readonly StandingRecord[]): Fields =>
    merge(
      records.flatMap((record) => {
        const source = this.#sources.get(record.source);
        if (!source) return [];
        const { stream, recordId, changedAt } = record;
        return [{ source: record.source, stream, recordId, changedAt, fields: source.contribute(record.body).fields }];
      }),
      this.#policy,
    );
}

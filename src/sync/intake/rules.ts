// All that ingest must know beside rows: every source with its mapping, and how their contributions are merged.
import type { Fields, Json, MetadataSchema } from '../../connector.ts';
import { fieldFault, metadataKey } from '../../customer/fields.ts';
import {
  type Contribution,
  compileMerge,
  explainMerge,
  type MergeConfig,
  type MergePolicy,
  merge,
} from '../../customer/merge.ts';
import { Breaker, type BreakerLimits, type OrphanPolicy } from '../../tables/breaker.ts';
import type { SizedSegment } from '../../tables/destination-segments.ts';
import type { StandingRecord } from '../../tables/records.ts';
import type { Suppressions } from '../../tables/suppressions.ts';
import { type MetadataRules, readerOf, Source, type SourceConfig } from './source.ts';

/** What of a configuration decides how records become customers. */
export interface RulesConfig {
  sources: readonly SourceConfig[];
  merge: MergeConfig;
  unknownMetadata: MetadataRules['unknownMetadata'] | null;
  /** Absent: nothing is ever held. */
  breaker?: BreakerLimits;
  onOrphaned?: OrphanPolicy;
  /** Sources that are permanently gone. Their contributions are withdrawn. */
  removedSources?: readonly string[];
}

/** A source that the configuration does not name any more, and whose records still speak. */
export interface VanishedSource {
  name: string;
  /** Fields that its mapping names. */
  fields: string[];
  /** Its rules cannot be applied: its customers are not folded until a person decides. */
  frozen: boolean;
}

/** The destination's segments as far as they are known. `readAt`: null where they were never read; `fault`: why not, the last time. */
export interface KnownSegments {
  segments: readonly SizedSegment[];
  readAt: number | null;
  fault: string | null;
}

export class Rules {
  /** Null: nothing is ever held. */
  readonly breaker: Breaker | null;
  /** Whom no source brings back. Null: nobody was ever erased here. */
  suppressions: Suppressions | null = null;
  segments: KnownSegments = { segments: [], readAt: null, fault: null };
  readonly #config: RulesConfig;
  #policy: MergePolicy;
  #schema: MetadataSchema | null = null;
  #schemaIsKnown = true;
  #sources = new Map<string, Source>();
  #vanished: readonly { name: string; position: number; config: SourceConfig | null }[] = [];
  /** Those whose records can be mapped. */
  #vanishedSources = new Map<string, Source>();
  #frozen: ReadonlySet<string> = new Set();

  constructor(config: RulesConfig, schema: MetadataSchema | null = null) {
    this.#config = config;
    this.breaker = config.breaker ? new Breaker(config.breaker, config.onOrphaned ?? 'keep') : null;
    this.#policy = compileMerge(
      config.merge,
      config.sources.map((source) => source.name),
    );
    this.schema = schema;
  }

  get config(): RulesConfig {
    return this.#config;
  }

  get schema(): MetadataSchema | null {
    return this.#schema;
  }

  /** False while values cannot be typed: no record is taken in, and no customer is folded. */
  get schemaIsKnown(): boolean {
    return this.#schemaIsKnown;
  }

  /** There is a schema that is still to be read. */
  awaitSchema(): void {
    this.#schemaIsKnown = false;
  }

  /** From now on values are typed by this schema. */
  set schema(schema: MetadataSchema | null) {
    const { sources } = this.#config;
    this.#schema = schema;
    this.#schemaIsKnown = true;
    this.#sources = new Map(sources.map((source) => [source.name, new Source(source, this.#rules)]));
    this.#makeVanished();
  }

  /** Sources whose records speak though the configuration does not name them. */
  get vanished(): VanishedSource[] {
    return this.#vanished.map(({ name }) => ({
      name,
      fields: Object.keys(this.#vanishedSources.get(name)?.mapping ?? {}),
      frozen: this.#frozen.has(name),
    }));
  }

  setVanished(vanished: readonly { name: string; position: number; config: SourceConfig | null }[]): void {
    this.#vanished = vanished;
    const names = this.#config.sources.map(({ name }) => name);
    // Merges may go by the order of sources: each stands where it stood.
    for (const { name, position } of vanished.toSorted((a, b) => a.position - b.position))
      names.splice(position, 0, name);
    this.#policy = compileMerge(this.#config.merge, names);
    this.#makeVanished();
  }

  #makeVanished(): void {
    const known = this.#vanished.flatMap(({ config }) => (config ? [config] : []));
    this.#vanishedSources = new Map(known.map((config) => [config.name, new Source(config, this.#rules)]));
    this.#frozen = new Set(this.#vanished.filter(({ config }) => config === null).map(({ name }) => name));
  }

  get #rules(): MetadataRules {
    const { unknownMetadata } = this.#config;
    return { schema: this.#schema, ...(unknownMetadata && { unknownMetadata }) };
  }

  get sources(): Source[] {
    return [...this.#sources.values()];
  }

  source(name: string): Source | undefined {
    return this.#sources.get(name);
  }

  /** Whether some mapping supplies the field. */
  owns = (field: string): boolean =>
    [...this.#sources.values(), ...this.#vanishedSources.values()].some((source) =>
      Object.hasOwn(source.mapping, field),
    );

  /** What each of these records contributes. Records of a source that was withdrawn say nothing. */
  contributions(records: readonly StandingRecord[]): Contribution[] {
    return records.flatMap((record) => {
      const source = this.#sources.get(record.source) ?? this.#vanishedSources.get(record.source);
      if (!source) return [];
      const { stream, recordId, changedAt } = record;
      const { fields, faults, ignored } = record.said ?? source.contribute(record.body);
      // Of a field that fails now, or of which nothing is said, its last good value stands.
      if (record.good)
        for (const field of [...faults.map((fault) => fault.field), ...ignored])
          if (Object.hasOwn(record.good, field)) fields[field] = record.good[field]!;
      return [{ source: record.source, stream, recordId, changedAt, fields }];
    });
  }

  /**
   * One customer's fields from the records that speak of it and the values pinned by hand. Null where they cannot be
   * told, because the rules of a vanished source or the metadata schema are not known: the customer stays as it is.
   */
  fold = (records: readonly StandingRecord[], pins: Fields): Fields | null =>
    !this.#schemaIsKnown || (this.#frozen.size > 0 && records.some(({ source }) => this.#frozen.has(source)))
      ? null
      : merge(this.contributions(records), this.#policy, pins);

  /**
   * A value set by hand, normalised and typed as a mapped one of that field would be: by the mapping of the first source
   * in the field's order that has one. A fault is one sentence.
   */
  typed(field: string, value: Json): { value: Json } | { fault: string } {
    const fault = fieldFault(field);
    if (fault !== null) return { fault };
    if (!this.#schemaIsKnown && metadataKey(field) !== null)
      return { fault: `${field} cannot be typed: the metadata schema of the destination is not known yet.` };
    const reader = this.#policy
      .rule(field)
      .order.map((name) => this.#sources.get(name)?.reader(field))
      .find((found) => found !== undefined);
    const { fields, faults } = (reader ?? readerOf(field, 'value', this.#rules)).contribute({ value });
    if (faults[0]) return { fault: faults[0].reason };
    if (Object.hasOwn(fields, field)) return { value: fields[field]! };
    return { fault: `${field} is never sent: the metadata schema does not define it.` };
  }

  /** The same with every reason. */
  explain(records: readonly StandingRecord[], pins: Fields) {
    return explainMerge(this.contributions(records), this.#policy, pins);
  }
}

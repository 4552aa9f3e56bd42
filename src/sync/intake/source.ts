// One configured source as the path needs it: its connector, its rules, and its mapping made ready. It knows no rows.
import { isPulled } from '../../connector/source.ts';
import type { Webhook } from '../../connector/webhook.ts';
import type {
  ApiDescription,
  Change,
  ColumnPlan,
  Connector,
  Journal,
  Json,
  JsonObject,
  Locale,
  Mapping,
  MappingEntry,
  PhoneRule,
  RelationDescription,
  Stream,
} from '../../connector.ts';
import type { IdentityOf } from '../../customer/composing.ts';
import type { RawValue } from '../../customer/explain.ts';
import { type CompiledMapping, compileMapping, type MappingOptions } from '../../customer/mapping.ts';
import type { BodyRules } from '../../engine/webhook/body.ts';
import type { WrittenBack } from './echo.ts';

/** What is done with a record of which one value fails its type: leave that field out, or refuse the record. */
export type BadValuePolicy = 'quarantine' | 'reject';

/** Values of a record's properties that let it in; a record that has none of them is filtered. */
export type Filter = { readonly [property: string]: Json } | ((body: JsonObject) => boolean);

export interface SourceConfig {
  name: string;
  connector: Connector;
  /** The connector's own settings, checked. */
  settings: unknown;
  /** Path null: the connector's default. `lowerCase` absent: only where the path ends in an e-mail address. */
  sourceId: { path: string | null; policy: 'sticky' | 'follow'; lowerCase?: boolean };
  /** Null: the connector's default. */
  mapping: Mapping | null;
  filter: Filter | null;
  /** Properties asked for beyond those that the mapping uses. */
  extraProperties: readonly string[];
  /** Null: a row written for us is refused whole, and of another file only the value is left out. */
  badValues: BadValuePolicy | null;
  /** How its values are written: as configured, else with the unit of time that the connector declares. */
  locale?: Locale;
  /** Absent: `valid`. */
  phones?: PhoneRule | undefined;
  schedule: string | null;
  /** When everything is read, not only what changed. */
  fullSchedule?: string | null;
  timezone: string;
  /** What its requests may be. */
  webhook: WebhookLimits;
  /** A person whom the vendor erased for privacy's sake: their record is deleted, or they are forgotten everywhere. */
  privacyDeletions: 'delete' | 'erase';
  /** The name that it had before: what is stored under that one is its own. */
  renamedFrom?: string | null;
  /** What flows back to its vendor. Absent: nothing. */
  writeBack?: WriteBackConfig;
}

/** What flows back to the vendor of a source. */
export interface WriteBackConfig {
  /** By the vendor's name of an attribute: the path of the fact that it holds. */
  fields: { readonly [attribute: string]: string };
  /** People whom the vendor does not know are created there. */
  create: boolean;
  /** Nothing is written: what would be is shown. */
  dryRun: boolean;
}

export interface WebhookLimits {
  /** Null: as the connector says, else 1 MiB. */
  maxBodyBytes: number | null;
  /** More a second are answered 429. */
  requestsPerSecond: number;
  /** For how long opened requests are kept, days. */
  keepDays: number;
  /** How their bodies are read. */
  reading: BodyRules;
}

/** How values of metadata are typed and which keys go on. */
export type MetadataRules = Pick<MappingOptions, 'schema' | 'unknownMetadata'>;

export interface FieldFault {
  field: string;
  reason: string;
}

/** A source, ready to map. Made anew when the metadata schema changes. */
export class Source {
  readonly config: SourceConfig;
  readonly name: string;
  readonly streams: readonly Stream<unknown>[];
  readonly description: ApiDescription | null;
  /** Null where no database is read. */
  readonly relation: RelationDescription | null;
  /** Null where the vendor does not push. */
  readonly webhook: Webhook<Change> | null;
  /** Null where none is read. */
  readonly journal: Journal<unknown> | null;
  /** What is written back to its vendor; null where nothing is. */
  readonly writtenBack: WrittenBack | null;
  /** What to ask the vendor for. */
  readonly properties: readonly string[];
  readonly #rules: MappingOptions;
  readonly #compiled: CompiledMapping;
  readonly #sourceIdPath: string;
  /** What it reads of a body is not known by name, or nothing is asked for by name. */
  readonly #keepsAll: boolean;
  /** For connectors whose defaults depend on the columns found. */
  readonly #byColumns = new Map<string, ByColumns>();

  constructor(config: SourceConfig, rules: MetadataRules) {
    this.config = config;
    this.name = config.name;
    const { streams = [], streamsFor } = config.connector.source ?? {};
    this.streams = streamsFor?.(config.settings) ?? streams;
    this.description = config.connector.api?.(config.settings) ?? null;
    this.relation = config.connector.relation?.(config.settings) ?? null;
    this.webhook = config.connector.source?.webhook?.(config.settings) ?? null;
    this.journal = config.connector.source?.journal?.(config.settings) ?? null;
    this.writtenBack = writtenBackTo(config);
    this.#rules = { ...rules, locale: config.locale, phones: config.phones };
    this.#compiled = compileMapping(config.mapping ?? config.connector.source?.mapping ?? {}, this.#rules);
    this.#sourceIdPath = config.sourceId.path ?? config.connector.source?.sourceId ?? 'id';
    const paths = [this.#sourceIdPath, ...filterPaths(config.filter)].map(
      (path) => path.split(/[.[]/)[0] ?? path,
    );
    this.#keepsAll =
      !this.isAsked ||
      (config.mapping === null && config.connector.source?.mappingFor !== undefined) ||
      [config.filter, ...Object.values(config.mapping ?? config.connector.source?.mapping ?? {})].some(
        (entry) => typeof entry === 'function',
      );
    this.properties = [...new Set([...this.#compiled.properties, ...paths, ...config.extraProperties])];
  }

  /** False where records come from files or are pushed, so that none is there to be asked for. */
  get isAsked(): boolean {
    return this.description !== null || this.relation !== null;
  }

  /** False where the vendor only pushes. */
  get canPull(): boolean {
    return this.streams.some(isPulled);
  }

  /** True where requests of its webhooks can be let in. */
  get hearsWebhooks(): boolean {
    return this.webhook !== null && this.webhook.authentication.length > 0;
  }

  get mapping(): Mapping {
    return this.config.mapping ?? this.config.connector.source?.mapping ?? {};
  }

  /** Changes when the same records would give other contributions. */
  get fingerprint(): string {
    return this.#compiled.fingerprint;
  }

  /** The same of the mapping that reads this body. */
  fingerprintFor(body: JsonObject): string {
    return this.#ofColumns(body).mapping.fingerprint;
  }

  /** True where a body may leave a field as it was (`onNull: "ignore"`). */
  get hasSilentFields(): boolean {
    return this.#compiled.hasSilentFields;
  }

  /** Reads one value as a mapped one of this field; undefined where neither configuration nor connector maps the field. */
  reader(field: string): CompiledMapping | undefined {
    const { mapping, connector } = this.config;
    const entries = mapping ?? connector.source?.mapping ?? {};
    return Object.hasOwn(entries, field) ? readerOf(field, entries[field]!, this.#rules) : undefined;
  }

  /** What one record's body says of its customer. */
  contribute(body: JsonObject): ReturnType<CompiledMapping['contribute']> {
    return this.#ofColumns(body).mapping.contribute(body);
  }

  /** The paths that a field is read from in this body; none where a function gives it. */
  pathsOf(field: string, body: JsonObject): readonly string[] {
    return this.#ofColumns(body).mapping.paths.get(field) ?? [];
  }

  /** What this body holds of a field, and what is done to it; null where the mapping does not name the field. */
  rawOf(field: string, body: JsonObject): RawValue | null {
    return this.#ofColumns(body).mapping.rawOf(field, body);
  }

  /** The path of the source ID in this body. */
  sourceIdPath(body: JsonObject): string {
    return this.#ofColumns(body).sourceIdPath;
  }

  /** True where the vendor made up the source ID that this body names, so that it does not stick. */
  isProvisional(stream: string, body: JsonObject): boolean {
    return this.stream(stream)?.isProvisional?.(this.config.settings, body) ?? false;
  }

  /** Paths of the objects in a body that always name everything they hold; `''` is the body itself. */
  exhaustive(stream: string): readonly string[] {
    const paths = this.stream(stream)?.exhaustive ?? [];
    return typeof paths === 'function' ? paths(this.config.settings) : paths;
  }

  /** False where an absent property of this stream's records has been removed, whichever it is. */
  keepsAbsent(stream: string): boolean {
    return !this.exhaustive(stream).includes('');
  }

  /**
   * True where a property that a new body does not name is kept as it was. One that is asked of an API no more is not:
   * nothing would bring it up to date.
   */
  isKept(property: string): boolean {
    return this.#keepsAll || this.properties.includes(property);
  }

  /** How exact the clock of this stream's records is. */
  clock(stream: string): NonNullable<Stream<unknown>['clock']> {
    return this.stream(stream)?.clock ?? 'millisecond';
  }

  stream(name: string): Stream<unknown> | undefined {
    return this.streams.find((stream) => stream.name === name);
  }

  /** What is done with this record when one value fails. */
  badValues(body: JsonObject): BadValuePolicy {
    const { badValues } = this.config;
    return badValues ?? (this.#ofColumns(body).isOwn ? 'reject' : 'quarantine');
  }

  /** What the default mapping makes of these columns; null where the configuration has a mapping or the source reads no files. */
  planOf(columns: readonly string[]): ColumnPlan | null {
    const { connector, settings, mapping } = this.config;
    return mapping ? null : (connector.source?.columnsFor?.(settings, columns) ?? null);
  }

  /** Tells properties that are one under several names; null where there are none, or the configuration names them. */
  get identityOf(): IdentityOf | null {
    const { connector, mapping } = this.config;
    return mapping ? null : (connector.source?.identityOf ?? null);
  }

  /** The path of the source ID in a body with these columns. */
  sourceIdOf(columns: readonly string[]): string {
    const { connector, settings, sourceId } = this.config;
    return sourceId.path ?? connector.source?.sourceIdFor?.(settings, columns) ?? this.#sourceIdPath;
  }

  /** What the filter looks at; a function tells nothing. */
  get filterProperties(): readonly string[] {
    return filterPaths(this.config.filter);
  }

  /** Why this body is left out, or null. */
  filtered(stream: string, body: JsonObject): string | null {
    const { filter, settings } = this.config;
    const leftOut = this.stream(stream)?.leftOut?.(settings, body) ?? null;
    if (leftOut !== null) return leftOut;
    if (filter === null) return null;
    if (typeof filter === 'function') return filter(body) ? null : 'left out by the filter function';
    for (const [property, allowed] of Object.entries(filter)) {
      const found = body[property] ?? null;
      const values = Array.isArray(allowed) ? allowed : [allowed];
      if (!values.includes(found as never))
        return `left out by the filter: ${property} is ${JSON.stringify(found)}`;
    }
    return null;
  }

  #ofColumns(body: JsonObject): ByColumns {
    const { connector, settings, mapping } = this.config;
    const { mappingFor, columnsFor, sourceIdFor } = connector.source ?? {};
    if (!mappingFor && !columnsFor && !sourceIdFor)
      return { mapping: this.#compiled, sourceIdPath: this.#sourceIdPath, isOwn: true };
    const columns = Object.keys(body);
    const key = columns.join('\n');
    let found = this.#byColumns.get(key);
    if (!found) {
      if (this.#byColumns.size > 100) this.#byColumns.clear();
      const plan = this.planOf(columns);
      const made = plan?.mapping ?? (mapping ? undefined : mappingFor?.(settings, columns));
      found = {
        mapping: made ? compileMapping(made, this.#rules) : this.#compiled,
        sourceIdPath: this.sourceIdOf(columns),
        isOwn: plan?.isOwn ?? true,
      };
      this.#byColumns.set(key, found);
    }
    return found;
  }
}

/** The mapping of a body `{value}` to one field, by all that an entry says of a value. */
export function readerOf(field: string, entry: MappingEntry, rules: MappingOptions): CompiledMapping {
  const options = typeof entry === 'object' && 'from' in entry ? entry : {};
  return compileMapping({ [field]: { ...options, from: 'value', onNull: 'clear' } }, rules);
}

/** What bodies with the same columns have in common. */
interface ByColumns {
  mapping: CompiledMapping;
  sourceIdPath: string;
  isOwn: boolean;
}

function filterPaths(filter: Filter | null): string[] {
  return filter && typeof filter === 'object' ? Object.keys(filter) : [];
}

function writtenBackTo({ name, connector, writeBack }: SourceConfig): WrittenBack | null {
  const { writer } = connector;
  if (!writer || !writeBack) return null;
  const attributes = Object.keys(writeBack.fields);
  return {
    target: { source: name, stream: writer.stream, create: writeBack.create },
    attributes,
    paths: attributes.map((attribute) => writer.bodyPath(attribute)),
    moved: writer.movedByWrites,
    isOwnChange: (item) => writer.isOwnChange?.(item, attributes) ?? false,
  };
}

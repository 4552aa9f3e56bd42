// One configured source as the path needs it: its connector, its rules, and its mapping made ready. It knows no rows.
import type { ApiDescription, Connector, Fields, Json, JsonObject, Mapping, MetadataSchema, Stream } from '../connector.ts';
import { type CompiledMapping, compileMapping } from '../customer/mapping.ts';

/** What is done with a record of which one value fails its type: leave that field out, or refuse the record. */
export type BadValuePolicy = 'quarantine' | 'reject';

/** Values of a record's properties that let it in; a record that has none of them is filtered. */
export type Filter = { readonly [property: string]: Json } | ((body: JsonObject) => boolean);

export interface SourceConfig {
  name: string;
  connector: Connector;
  /** The connector's own settings, checked. */
  settings: unknown;
  sourceId: { path: string; policy: 'sticky' | 'follow'; lowerCase: boolean };
  /** Null: the connector's default. */
  mapping: Mapping | null;
  filter: Filter | null;
  /** Properties asked for beyond those that the mapping uses. */
  keep: readonly string[];
  badValues: BadValuePolicy;
  schedule: string | null;
  timezone: string;
}

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
  /** What to ask the vendor for. */
  readonly properties: readonly string[];
  readonly #schema: MetadataSchema | null;
  readonly #compiled: CompiledMapping;
  /** For connectors whose mapping depends on the columns found. */
  readonly #byColumns = new Map<string, CompiledMapping>();

  constructor(config: SourceConfig, schema: MetadataSchema | null) {
    this.config = config;
    this.name = config.name;
    this.streams = config.connector.source?.streams ?? [];
    this.description = config.connector.api?.(config.settings) ?? null;
    this.#schema = schema;
    this.#compiled = compileMapping(config.mapping ?? config.connector.source?.mapping ?? {}, { schema });
    const paths = [config.sourceId.path, ...filterPaths(config.filter)].map((path) => path.split(/[.[]/)[0] ?? path);
    this.properties = [...new Set([...this.#compiled.properties, ...paths, ...config.keep])];
  }

  /** Changes when the same records would give other contributions. */
  get fingerprint(): string {
    return this.#compiled.fingerprint;
  }

  /** What one record's body says of its customer. */
  contribute(body: JsonObject): { fields: Fields; faults: FieldFault[] } {
    return this.#mappingOf(body).contribute(body);
  }

  /** Why this body is left out, or null. */
  filtered(body: JsonObject): string | null {
    const { filter } = this.config;
    if (filter === null) return null;
    if (typeof filter === 'function') return filter(body) ? null : 'left out by the filter function';
    for (const [property, allowed] of Object.entries(filter)) {
      const found = body[property] ?? null;
      const values = Array.isArray(allowed) ? allowed : [allowed];
      if (!values.includes(found as never)) return `left out by the filter: ${property} is ${JSON.stringify(found)}`;
    }
    return null;
  }

  #mappingOf(body: JsonObject): CompiledMapping {
    const mappingFor = this.config.connector.source?.mappingFor;
    if (!mappingFor || this.config.mapping) return this.#compiled;
    const columns = Object.keys(body);
    const key = columns.join('\n');
    let compiled = this.#byColumns.get(key);
    if (!compiled) {
      if (this.#byColumns.size > 100) this.#byColumns.clear();
      compiled = compileMapping(mappingFor(this.config.settings as never, columns), { schema: this.#schema });
      this.#byColumns.set(key, compiled);
    }
    return compiled;
  }
}

function filterPaths(filter: Filter | null): string[] {
  return filter && typeof filter === 'object' ? Object.keys(filter) : [];
}

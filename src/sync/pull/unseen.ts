// What a mapping names and no record of a reading has: noted once, with the name that was probably meant. It knows no rows.
import type { Json, JsonObject, MappingEntry, Note, SourceRecord } from '../../connector.ts';
import { nearestName } from '../../customer/nearest.ts';
import { pathReader } from '../../customer/path.ts';
import type { Source } from '../intake/source.ts';

/** So many names of properties are looked at for the one that was meant. */
const maxNames = 2000;

export class UnseenProperties {
  readonly #source: Source;
  /** By path: the fields that are read from it. */
  readonly #unseen: Map<string, string[]>;
  readonly #names = new Set<string>();
  #records = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#unseen = pathsOf(source);
  }

  /** Looks at records of a page. Cheap once every path was seen. */
  look(records: readonly SourceRecord[]): void {
    for (const { deleted, body } of records) {
      if (deleted) continue;
      this.#records += 1;
      for (const path of this.#unseen.keys())
        if (pathReader(path)(body) !== undefined) this.#unseen.delete(path);
      if (this.#unseen.size > 0 && this.#names.size < maxNames) addNames(this.#names, body);
    }
  }

  /** Paths that no record had, none where there was no record. */
  get paths(): string[] {
    return this.#records === 0 ? [] : [...this.#unseen.keys()];
  }

  /** What a person is told of one of these paths. `known`: the names that there are; absent: those of the records. */
  note(path: string, known: Iterable<string> = this.#names): Note {
    const meant = nearestName(path, known);
    const hint = meant === null ? '' : ` (did you mean "${meant}"?)`;
    const fields = this.#unseen.get(path)!.join(', ');
    return {
      code: 'missing_property',
      message: `sources.${this.#source.name} reads ${fields} from "${path}", which no record of this run has${hint}.`,
      count: 1,
    };
  }
}

/** Of the configured mapping and source ID: what a connector's own defaults name may be absent from everybody. */
function pathsOf(source: Source): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  const add = (path: string, field: string) => paths.set(path, [...(paths.get(path) ?? []), field]);
  const { mapping, sourceId } = source.config;
  for (const [field, entry] of Object.entries(mapping ?? {}))
    for (const path of pathsIn(entry)) add(path, field);
  if (sourceId.path !== null) add(sourceId.path, 'the source ID');
  return paths;
}

function pathsIn(entry: MappingEntry): readonly string[] {
  if (typeof entry === 'function') return [];
  const from = typeof entry === 'object' && 'from' in entry ? entry.from : entry;
  return typeof from === 'string' ? [from] : from;
}

/** Names of properties, and of those of its objects as paths. */
function addNames(names: Set<string>, body: JsonObject): void {
  for (const [name, value] of Object.entries(body)) {
    names.add(name);
    if (isObject(value)) for (const below of Object.keys(value)) names.add(`${name}.${below}`);
  }
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

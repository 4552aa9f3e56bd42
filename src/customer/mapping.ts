// A mapping, compiled: the body of a record into the fields it contributes to a customer. It knows no vendor and no other
// record, and reads each body without changing it.
import { createHash, hash } from 'node:crypto';
import { dateFormFault, twinForms } from '../connector/date-form.ts';
import { localeOver } from '../connector/locale.ts';
import { isTimezone } from '../connector/zone.ts';
import type {
  Fields,
  Json,
  JsonObject,
  Locale,
  Mapping,
  MappingEntry,
  MetadataDefinition,
  MetadataSchema,
  PhoneRule,
} from '../connector.ts';
import type { RawValue } from './explain.ts';
import { fieldFault, metadataKey } from './fields.ts';
import {
  brief,
  type Checked,
  canonicalJson,
  cleanJson,
  faultOf,
  maxDepth,
  sameJson,
  shown,
  trimmed,
} from './json.ts';
import { checkMetadata } from './metadata.ts';
import { defaultNormaliser, defaultSeparator, normalise, normalisers, type Reading } from './normalise.ts';
import { howRead, normalisationWords } from './normalise-words.ts';
import { type PathReader, pathProperty, pathReader } from './path.ts';
import { isRegion } from './phone.ts';

/** Raised when the same mapping and body come to give other fields, so that stored records are mapped again. */
const mappingVersion = 3;

/** A value that failed its type or rule. Its field is left out; the rest of the record goes on. */
export interface FieldFault {
  field: string;
  /** One sentence: what was found and what is allowed. */
  reason: string;
  /** What was found, cut where it is long. */
  value: Json;
  /** The same for equal values, cut or not. */
  print: string;
}

export interface MappingOptions {
  schema?: MetadataSchema | null;
  /**
   * A metadata key that the schema does not define: sent as it is, held back as a fault, or dropped without a word.
   * Default: `hold` where the schema refuses such keys (they would have the whole customer rejected), else `send`.
   */
  unknownMetadata?: 'send' | 'hold' | 'drop';
  /** How the source's values are written, where an entry says nothing else. */
  locale?: Locale | undefined;
  /** Which telephone numbers are taken, where an entry says nothing else. */
  phones?: PhoneRule | undefined;
}

/** What one body says of its customer. */
export interface Said {
  fields: Fields;
  faults: FieldFault[];
  /** Fields that a body without a value leaves as they were (`onNull: "ignore"`), of which this one has none. */
  ignored: string[];
}

export interface CompiledMapping {
  /** The same for mappings that give the same fields; functions count by their source text. */
  fingerprint: string;
  /** Names of the body's top-level properties that are read, sorted. Functions tell nothing of what they read. */
  properties: string[];
  /** Never throws, whatever the body. */
  contribute(body: JsonObject): Said;
  /** True where `contribute` may ignore fields. */
  hasSilentFields: boolean;
  /** What the body holds of a field before anything is done to it, and what is done; null for a field that is not mapped. */
  rawOf(field: string, body: JsonObject): RawValue | null;
  /** The paths that each field is read from; none where a function gives it. */
  paths: ReadonlyMap<string, readonly string[]>;
}

/** How one field is mapped, with every default filled in. */
interface Plan {
  field: string;
  /** Null where a function gives the value. */
  from: readonly string[] | null;
  read: (body: JsonObject) => Checked | undefined;
  as: Reading;
  region: string | undefined;
  separator: string;
  phones: PhoneRule;
  locale: Locale;
  ignoreNull: boolean;
  definition: MetadataDefinition | undefined;
  unknown: 'send' | 'hold' | 'drop';
  code: string | undefined;
}

/** What is wrong with a mapping, one sentence each. */
export function mappingFaults(mapping: Mapping): { field: string; reason: string }[] {
  return Object.entries(mapping).flatMap(([field, entry]) => {
    const reason = fieldFault(field) ?? entryFault(field, entry);
    return reason === null ? [] : [{ field, reason }];
  });
}

function entryFault(field: string, entry: MappingEntry): string | null {
  if (typeof entry === 'function') return null;
  const paths = pathsOf(entry);
  if (paths.length === 0 || paths.includes('')) return `"${field}" is mapped from an empty path.`;
  if (typeof entry === 'string' || !('from' in entry)) return null;
  const { as, region, separator, phones } = entry;
  if (as !== undefined && (!Object.hasOwn(normalisers, as) || as.includes(' ')))
    return `"${field}": there is no normaliser "${as}".`;
  if (region !== undefined && !isRegion(region)) {
    return `"${field}": "${region}" is not a region: use two capital letters (ISO 3166-1), such as "PL".`;
  }
  if (separator === '') return `"${field}": the separator of a list cannot be empty.`;
  if (phones !== undefined && phones !== 'valid' && phones !== 'possible')
    return `"${field}": "phones" must be "valid" or "possible".`;
  const [inLocale] = localeFaults(localeOf(entry));
  if (inLocale) return `"${field}": ${inLocale.reason}`;
  if (metadataKey(field) === null && as !== undefined && ['number', 'boolean', 'list'].includes(as)) {
    return `"${field}" is a text: "as" can be text, email, phone, date or datetime, not ${as}.`;
  }
  return null;
}

/** The parts of an entry that say how its values are written. */
function localeOf({ unit, decimal, dates, timezone, true: yes, false: no }: Locale): Locale {
  return { unit, decimal, dates, timezone, true: yes, false: no };
}

/** What is wrong with a locale, one sentence each, and with which part of it. */
export function localeFaults(locale: Locale): { part: keyof Locale; reason: string }[] {
  const faults: { part: keyof Locale; reason: string }[] = [];
  const { unit, decimal, timezone } = locale;
  if (unit !== undefined && !['seconds', 'milliseconds', 'microseconds', 'excel'].includes(unit))
    faults.push({
      part: 'unit',
      reason: `"unit" must be "seconds", "milliseconds", "microseconds" or "excel".`,
    });
  if (decimal !== undefined && decimal !== '.' && decimal !== ',')
    faults.push({ part: 'decimal', reason: '"decimal" must be "." or ",".' });
  if (timezone !== undefined && !isTimezone(timezone))
    faults.push({
      part: 'timezone',
      reason: `"${timezone}" is not a time zone: use a name such as "Europe/Warsaw".`,
    });
  for (const form of [locale.dates ?? []].flat()) {
    const reason = dateFormFault(form);
    if (reason !== null) faults.push({ part: 'dates', reason });
  }
  const twins = twinForms([locale.dates ?? []].flat());
  if (twins !== null)
    faults.push({
      part: 'dates',
      reason: `"${twins[0]}" and "${twins[1]}" read one text as different days, so only one of them can be declared.`,
    });
  const lower = (words: readonly string[] = []) => words.map((word) => word.trim().toLowerCase());
  const both = lower(locale.true).find((word) => lower(locale.false).includes(word));
  if (both !== undefined) faults.push({ part: 'true', reason: `"${both}" cannot mean both true and false.` });
  return faults;
}

/** Throws where `mappingFaults` has something to say. */
export function compileMapping(mapping: Mapping, options: MappingOptions = {}): CompiledMapping {
  const [fault] = mappingFaults(mapping);
  if (fault) throw new Error(`The mapping cannot be used: ${fault.reason}`);
  const plans = Object.entries(mapping).map(([field, entry]) => planOf(field, entry, options));
  const steps = plans.filter((plan) => plan.unknown !== 'drop');
  const properties = steps.flatMap((plan) => plan.from ?? []).map(pathProperty);
  return {
    fingerprint: fingerprintOf(plans),
    properties: [...new Set(properties)].sort(),
    contribute(body) {
      const fields: Fields = {};
      const faults: FieldFault[] = [];
      const ignored: string[] = [];
      for (const step of steps) {
        if (contributeField(step, body, fields, faults) || !step.ignoreNull) continue;
        ignored.push(step.field);
      }
      return { fields, faults, ignored };
    },
    rawOf(field, body) {
      const plan = steps.find((step) => step.field === field);
      if (!plan) return null;
      const properties = [...(plan.from ?? [])];
      const values = properties.map((path) => pathReader(path)(body) ?? null);
      return { properties, values, done: doneTo(plan, values, body) };
    },
    hasSilentFields: steps.some((plan) => plan.ignoreNull),
    paths: new Map(steps.map((plan) => [plan.field, plan.from ?? []])),
  };
}

function planOf(field: string, entry: MappingEntry, rules: MappingOptions): Plan {
  const { schema, unknownMetadata } = rules;
  const from = typeof entry === 'function' ? null : pathsOf(entry);
  const options: Partial<DetailedEntry> = typeof entry === 'object' && 'from' in entry ? entry : {};
  const as = options.as ?? (options.region === undefined ? defaultNormaliser(field) : 'phone');
  const separator = options.separator ?? defaultSeparator;
  const key = metadataKey(field);
  const definitions = schema?.definitions ?? {};
  const definition = key !== null && Object.hasOwn(definitions, key) ? definitions[key] : undefined;
  const isUnknown = key !== null && schema != null && definition === undefined;
  return {
    field,
    from,
    read: from === null ? callerOf(entry as FunctionEntry) : readerOf(from, as === 'list' ? separator : ' '),
    as,
    region: as === 'phone' ? options.region : undefined,
    separator,
    phones: options.phones ?? rules.phones ?? 'valid',
    locale: localeOver(rules.locale ?? {}, localeOf(options)),
    ignoreNull: options.onNull === 'ignore',
    definition,
    unknown: isUnknown ? (unknownMetadata ?? (schema.definedOnly ? 'hold' : 'send')) : 'send',
    code: typeof entry === 'function' ? entry.toString() : undefined,
  };
}

type FunctionEntry = Extract<MappingEntry, (body: JsonObject) => unknown>;
type DetailedEntry = Extract<MappingEntry, { from: unknown }>;

function pathsOf(entry: Exclude<MappingEntry, FunctionEntry>): readonly string[] {
  if (typeof entry === 'string') return [entry];
  return 'from' in entry ? (typeof entry.from === 'string' ? [entry.from] : entry.from) : entry;
}

function callerOf(entry: FunctionEntry): Plan['read'] {
  return (body) => {
    try {
      const given: unknown = entry(body);
      if (given === undefined) return undefined;
      const value = cleanJson(given);
      return value === undefined ? faultOf(given, `JSON of at most ${maxDepth} levels`) : { value };
    } catch (error) {
      return {
        fault: `The function of the mapping failed: ${shown(error instanceof Error ? error.message : error)}.`,
      };
    }
  };
}

function readerOf(paths: readonly string[], joiner: string): Plan['read'] {
  const readers = paths.map(pathReader);
  const [only] = readers;
  if (readers.length > 1) return (body) => joined(readers, joiner, body);
  return (body) => {
    const value = only!(body);
    return value === undefined ? undefined : { value };
  };
}

/** The parts that are not empty, joined: undefined where all are absent, null where all that are there are empty. */
function joined(readers: readonly PathReader[], joiner: string, body: JsonObject): Checked | undefined {
  let text: string | null | undefined;
  for (const read of readers) {
    const value = read(body);
    if (value === undefined) continue;
    const part = normalise(value, 'text');
    if ('fault' in part) return faultOf(value, 'a text, to be joined with others,');
    if (part.value !== null) text = text ? `${text}${joiner}${part.value}` : String(part.value);
    else text ??= null;
  }
  return text === undefined ? undefined : { value: text };
}

/** False where the body says nothing of the field. */
function contributeField(plan: Plan, body: JsonObject, fields: Fields, faults: FieldFault[]): boolean {
  const found = plan.read(body);
  if (found === undefined) return false;
  const checked = 'fault' in found ? found : finish(plan, found.value);
  if (checked === undefined) return false;
  if ('value' in checked) fields[plan.field] = checked.value;
  else {
    const isOne = 'value' in found;
    const values = isOne ? [found.value] : (plan.from ?? []).map((path) => pathReader(path)(body) ?? null);
    const value = isOne ? brief(found.value) : null;
    faults.push({ field: plan.field, reason: checked.fault, value, print: printOf(values) });
  }
  return true;
}

function printOf(values: readonly Json[]): string {
  // Null for what is nested too deeply to be looked into.
  const text = canonicalJson(cleanJson(values) ?? null);
  return hash('sha256', text, 'base64').slice(0, 16);
}

/** A value through its normaliser, its null policy and its definition. */
function finish(plan: Plan, value: Json): Checked | undefined {
  const normal = normalisers[plan.as](value, plan);
  if ('fault' in normal) return normal;
  if (plan.ignoreNull && isNothing(normal.value)) return undefined;
  if (plan.unknown === 'hold') {
    // A null has nothing to clear: the key never was sent.
    if (normal.value === null) return undefined;
    return { fault: `Found ${shown(normal.value)} for a key that the metadata schema does not define.` };
  }
  if (!plan.definition) return normal;
  // A number is not read back from its text, whose point a locale may take for a group's.
  const typed = typeof value === 'number' && plan.as === 'text' ? value : normal.value;
  return checkMetadata(typed, plan.definition, plan.locale);
}

/** Null, and a list or an object that holds nothing: the empty text is null already. */
function isNothing(value: Json): boolean {
  if (value === null || typeof value !== 'object') return value === null;
  if (!Array.isArray(value)) return Object.keys(value).length === 0;
  return value.every((element) => element === null || (typeof element === 'string' && !trimmed(element)));
}

/** What a plan does to these values, step by step, as far as it changes them. */
function doneTo(plan: Plan, values: readonly Json[], body: JsonObject): string[] {
  const read = plan.read(body);
  if (plan.from === null || read === undefined || 'fault' in read) return [];
  const normal = normalisers[plan.as](read.value, plan);
  if ('fault' in normal) return [];
  const parts = values.filter((value) => value !== null && value !== '');
  const joined = parts.length > 1 ? ['joined'] : [];
  const done = [...joined, ...normalisationWords(plan.as, read.value, normal.value, plan)];
  if (!plan.definition) return [...new Set(done)];
  const typed = checkMetadata(normal.value, plan.definition, plan.locale);
  const isSame = 'fault' in typed || sameJson(typed.value, normal.value);
  const { type, array } = plan.definition;
  const as = `read as ${array ? 'a list of ' : ''}${type} by the metadata schema${howRead(type, normal.value, plan.locale)}`;
  return [...new Set([...done, ...(isSame ? [] : [as])])];
}

function fingerprintOf(plans: readonly Plan[]): string {
  const parts = plans
    .map(({ read, ...plan }) => plan)
    .sort((a, b) => (a.field < b.field ? -1 : 1))
    // Through JSON once, which leaves out what is undefined.
    .map((plan) => canonicalJson(JSON.parse(JSON.stringify(plan))));
  const hash = createHash('sha256').update(`${mappingVersion}\n${parts.join('\n')}`);
  return hash.digest('hex').slice(0, 16);
}

// Whether a change of a customer's fields moves it into a segment or out of one. Pure, and it guesses nothing: what cannot be
// told from our fields is unknown, also where the vendor does not document how it compares.
import type { Fields, Json, Segment, SegmentCondition, SegmentOperator } from '../connector.ts';
import { unknownValue } from './diff.ts';
import { sameJson } from './json.ts';

/** Null: it cannot be told. */
type Truth = boolean | null;

export type Movement = 'enters' | 'leaves' | 'stays' | 'unknown';

/** Both sides of a change. Null: the destination has no such customer. */
export interface Moved {
  sourceId: string;
  before: Fields | null;
  after: Fields | null;
}

/** Whether a field is supplied by us: one that is not has a value at the destination that only others know. */
export type Owns = (field: string) => boolean;

/** What of a segment's filter cannot be told from our fields, in the vendor's words; empty where all of it can. */
export function untoldOf({ type, filter }: Segment, owns: Owns): string[] {
  if (type === 'static') return [];
  if (filter === null) return ['its filter, which was not shown'];
  const untold = filter.conditions.flatMap((condition) => {
    if ('untold' in condition) return [condition.untold];
    return isOwned(condition.field, owns) ? [] : [`${condition.field}, which no mapping supplies`];
  });
  return [...new Set(untold)].sort();
}

/** The fields whose values decide on a segment. */
export function fieldsOf({ filter }: Segment): string[] {
  return (filter?.conditions ?? []).flatMap((condition) => ('field' in condition ? [condition.field] : []));
}

export function movementOf(segment: Segment, moved: Moved, owns: Owns): Movement {
  const { before, after } = moved;
  if (before === null && after === null) return 'stays';
  // No change of a field puts a customer on a list.
  if (segment.type === 'static') return 'stays';
  if (segment.filter === null) return 'unknown';
  const { junction, conditions } = segment.filter;
  const sides = conditions.map((condition) => sidesOf(condition, moved, owns));
  if (before === null || after === null) {
    const truth = joined(
      junction,
      sides.map((side) => (before === null ? side.after : side.before)),
    );
    if (truth === null) return 'unknown';
    return truth ? (before === null ? 'enters' : 'leaves') : 'stays';
  }
  return between(junction, sides);
}

interface Sides {
  before: Truth;
  after: Truth;
  /** What it reads is the same on both sides: then so is its truth, told or not. */
  same: boolean;
}

function sidesOf(condition: SegmentCondition, { sourceId, before, after }: Moved, owns: Owns): Sides {
  if ('untold' in condition) return { before: null, after: null, same: true };
  const read = (fields: Fields | null) => valueIn(fields ?? {}, condition.field, sourceId, owns);
  const [from, to] = [read(before), read(after)];
  const truth = (value: Json | undefined): Truth =>
    value === undefined ? null : holds(condition.operator, condition.values, value);
  const same = from === undefined || to === undefined ? from === to : sameJson(from, to);
  return { before: truth(from), after: truth(to), same };
}

/** Conditions that no change touches hold on both sides or on neither, so only the others move a customer. */
function between(junction: 'and' | 'or', sides: readonly Sides[]): Movement {
  const unchanged = sides.filter(({ same }) => same).map(({ before }) => before);
  const changed = sides.filter(({ same }) => !same);
  const decided = junction === 'or';
  if (changed.length === 0 || unchanged.includes(decided)) return 'stays';
  const from = joined(
    junction,
    changed.map(({ before }) => before),
  );
  const to = joined(
    junction,
    changed.map(({ after }) => after),
  );
  if (from !== null && from === to) return 'stays';
  if (from === null || to === null || unchanged.includes(null)) return 'unknown';
  return to ? 'enters' : 'leaves';
}

function joined(junction: 'and' | 'or', truths: readonly Truth[]): Truth {
  const decides = junction === 'or';
  if (truths.includes(decides)) return decides;
  return truths.includes(null) ? null : !decides;
}

function isOwned(field: string, owns: Owns): boolean {
  return field === 'source_id' || owns(field);
}

/** Undefined: it is not known. */
function valueIn(fields: Fields, field: string, sourceId: string, owns: Owns): Json | undefined {
  if (field === 'source_id') return sourceId;
  if (Object.hasOwn(fields, field)) return fields[field] === unknownValue ? undefined : fields[field]!;
  return owns(field) ? null : undefined;
}

// ── Operators ───────────────────────────────────────────────────────────────────────────────────────────────────

function holds(operator: SegmentOperator, asked: readonly Json[], value: Json): Truth {
  switch (operator) {
    case 'has_value':
    case 'has_no_value':
      // `[false]` may mean the opposite.
      if (asked.some((one) => one !== true && one !== null)) return null;
      return (value !== null) === (operator === 'has_value');
    case 'is_not':
    case 'not_in':
    case 'not_contains':
      // Whether nothing is other than something is not documented.
      return value === null ? null : not(holds(opposites[operator], asked, value));
    case 'in':
      return value === null ? false : any(asked.map((one) => equal(value, one)));
    case 'is':
      return value === null ? false : agreed(asked.map((one) => equal(value, one)));
    case 'contains':
      if (value === null) return false;
      if (Array.isArray(value)) return agreed(asked.map((one) => any(value.map((item) => equal(item, one)))));
      return agreed(asked.map((one) => part(value, one, (held, sought) => held.includes(sought))));
    case 'starts_with':
      return value === null ? false : agreed(asked.map((one) => part(value, one, (a, b) => a.startsWith(b))));
    case 'ends_with':
      return value === null ? false : agreed(asked.map((one) => part(value, one, (a, b) => a.endsWith(b))));
    case 'after':
    case 'before':
      return value === null ? false : agreed(asked.map((one) => byTime(operator, value, one)));
    default:
      return value === null ? false : agreed(asked.map((one) => byNumber(operator, value, one)));
  }
}

const opposites = { is_not: 'is', not_in: 'in', not_contains: 'contains' } as const;

function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function any(truths: readonly Truth[]): Truth {
  return joined('or', truths);
}

/** Of several values one or all may be meant: then they must say the same. */
function agreed(truths: readonly Truth[]): Truth {
  const [first = null] = truths;
  return truths.every((truth) => truth === first) ? first : null;
}

/** Two that differ in letter case, in type, or in how exact a time is may be the same to the vendor. */
function equal(value: Json, asked: Json): Truth {
  if (typeof value === 'object' || typeof asked === 'object') return null;
  if (value === asked) return true;
  const [a, b] = [String(value).toLowerCase(), String(asked).toLowerCase()];
  if (a === b || (isNumeric(value) && isNumeric(asked) && Number(value) === Number(asked))) return null;
  return isDay(a) && b.startsWith(`${a}t`) ? null : isDay(b) && a.startsWith(`${b}t`) ? null : false;
}

function part(value: Json, asked: Json, test: (held: string, sought: string) => boolean): Truth {
  if (typeof value !== 'string' || typeof asked !== 'string') return null;
  if (test(value, asked)) return true;
  return test(value.toLowerCase(), asked.toLowerCase()) ? null : false;
}

function byNumber(operator: SegmentOperator, value: Json, asked: Json): Truth {
  if (typeof value !== 'number' || !isNumeric(asked)) return null;
  const limit = Number(asked);
  if (operator === 'more_than') return value > limit;
  if (operator === 'more_than_equal') return value >= limit;
  return operator === 'less_than' ? value < limit : value <= limit;
}

function byTime(operator: 'after' | 'before', value: Json, asked: Json): Truth {
  if (typeof value !== 'string' || typeof asked !== 'string') return null;
  const [held, limit] = [Date.parse(value), Date.parse(asked)];
  if (Number.isNaN(held) || Number.isNaN(limit)) return null;
  // A day has no hour: near the limit it depends on the vendor's time zone.
  if ((isDay(value) || isDay(asked)) && Math.abs(held - limit) <= 86_400_000 * 1.5) {
    if (!(isDay(value) && isDay(asked))) return null;
  }
  return operator === 'after' ? held > limit : held < limit;
}

function isNumeric(value: Json): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
}

function isDay(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(value);
}

// The part of SOQL that readers of records use: fields, one object, conditions, an order and a limit. It knows no rows.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm

export type Row = { Id: string; [field: string]: unknown };

export interface Soql {
  /** Empty: `COUNT()`. */
  fields: string[];
  object: string;
  matches(row: Row): boolean;
  /** Ascending; without one rows come in any order. */
  order: string[];
  limit: number | null;
}

/** `code`: as answers name it. */
export class SoqlError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Test = (row: Row) => boolean;

/** `typesOf`: the fields of an object that the user may see, each with its type; null where they may not see the object. */
export function parseSoql(text: string, typesOf: (object: string) => Map<string, string> | null): Soql {
  const tokens = text.match(/[(),]|[<>!]?=|[<>]|'(?:[^'\\]|\\.)*'|[^\s(),<>!=']+/g) ?? [];
  let at = 0;
  const isNext = (word: string) => tokens[at]?.toUpperCase() === word;
  const malformed = () => new SoqlError('MALFORMED_QUERY', `unexpected token: '${tokens[at] ?? '<EOF>'}'`);
  const take = (): string => {
    const token = tokens[at];
    if (token === undefined) throw malformed();
    at += 1;
    return token;
  };
  const skip = (word: string): boolean => {
    if (isNext(word)) at += 1;
    return tokens[at - 1]?.toUpperCase() === word;
  };
  const expect = (word: string) => {
    if (!isNext(word)) throw malformed();
    at += 1;
  };
  const list = <Item>(item: () => Item): Item[] => {
    const items = [item()];
    while (isNext(',')) {
      at += 1;
      items.push(item());
    }
    return items;
  };

  expect('SELECT');
  const fields = list(take);
  const isCount = fields.length === 1 && fields[0]!.toUpperCase() === 'COUNT' && skip('(') && skip(')');
  expect('FROM');
  const object = take();
  const types = typesOf(object);
  if (!types) throw new SoqlError('INVALID_TYPE', `sObject type '${object}' is not supported.`);
  const typeOf = (field: string): string => {
    const type = types.get(field);
    if (type === undefined)
      throw new SoqlError(
        'INVALID_FIELD',
        `\n${text}\n^\nERROR at Row:1:Column:8\nNo such column '${field}' on entity '${object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name.`,
      );
    return type;
  };
  if (!isCount) for (const field of fields) typeOf(field);

  const literal = (field: string): unknown => {
    const token = take();
    const isQuoted = token.startsWith("'");
    if (typeOf(field) === 'datetime') {
      if (isQuoted || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)$/.test(token))
        throw new SoqlError(
          'INVALID_FIELD',
          `value of filter criterion for field '${field}' must be of type dateTime and should not be enclosed in quotes`,
        );
      return Date.parse(token);
    }
    if (isQuoted) return token.slice(1, -1).replaceAll(/\\(.)/g, '$1');
    if (token === 'null') return null;
    if (token === 'true' || token === 'false') return token === 'true';
    if (!Number.isNaN(Number(token))) return Number(token);
    throw malformed();
  };
  const heldBy = (row: Row, field: string): unknown => {
    const value = row[field] ?? null;
    return types.get(field) === 'datetime' ? Date.parse(String(value)) : value;
  };
  const isSame = (one: unknown, other: unknown): boolean => compare(one, other) === 0;
  const comparison = (): Test => {
    const field = take();
    typeOf(field);
    if (isNext('IN')) {
      expect('IN');
      expect('(');
      const among = list(() => literal(field));
      expect(')');
      return (row) => among.some((one) => isSame(heldBy(row, field), one));
    }
    const sign = take();
    const wanted = literal(field);
    const by = (row: Row) => compare(heldBy(row, field), wanted);
    if (sign === '=') return (row) => by(row) === 0;
    if (sign === '!=') return (row) => by(row) !== 0;
    if (sign === '>') return (row) => by(row) > 0;
    if (sign === '>=') return (row) => by(row) >= 0;
    if (sign === '<') return (row) => by(row) < 0;
    if (sign === '<=') return (row) => by(row) <= 0;
    throw malformed();
  };
  const term = (): Test => {
    if (!isNext('(')) return comparison();
    expect('(');
    const inner = condition();
    expect(')');
    return inner;
  };
  /** AND and OR do not mix without parentheses, as SOQL has it. */
  const condition = (): Test => {
    const tests = [term()];
    const word = isNext('AND') ? 'AND' : isNext('OR') ? 'OR' : null;
    while (word && isNext(word)) {
      at += 1;
      tests.push(term());
    }
    return (row) => (word === 'OR' ? tests.some((test) => test(row)) : tests.every((test) => test(row)));
  };
  const matches = isNext('WHERE') && skip('WHERE') ? condition() : () => true;
  const order = isNext('ORDER') && skip('ORDER') && skip('BY') ? list(take) : [];
  for (const field of order) typeOf(field);
  const limit = isNext('LIMIT') && skip('LIMIT') ? Number(take()) : null;
  if (at < tokens.length) throw malformed();
  return { fields: isCount ? [] : fields, object, matches, order, limit };
}

/** IDs go by their bytes: digits, then capitals, then small letters. */
export function compare(one: unknown, other: unknown): number {
  if (one === other) return 0;
  if (one === null || other === null) return one === null ? -1 : 1;
  const [a, b] = [one, other].map((value) => (isLongId(value) ? value.slice(0, 15) : value)) as [
    string,
    string,
  ];
  return a < b ? -1 : a > b ? 1 : 0;
}

function isLongId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Za-z]{18}$/.test(value);
}

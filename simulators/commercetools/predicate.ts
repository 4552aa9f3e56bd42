// Query predicates as commercetools reads them: comparisons, `in`, `and`, `or`, parentheses, texts in double quotes and variables.
// It knows no resource. https://docs.commercetools.com/api/predicates/query
type Row = { readonly [name: string]: unknown };
export type Predicate = (row: Row) => boolean;

/** 400 `InvalidInput`. */
export class PredicateError extends Error {}

/** Throws PredicateError. */
export function predicateOf(text: string, variables: { readonly [name: string]: string }): Predicate {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|:[\w.]+|[A-Za-z][\w.]*|>=|<=|<>|[=<>(),]|\S/g) ?? [];
  let at = 0;
  const next = () => tokens[at++];
  const take = (token: string) => {
    if (next() !== token) throw new PredicateError(`Malformed parameter: where: Syntax error at ${token}`);
  };
  const value = (): string => {
    const token = next() ?? '';
    if (token.startsWith('"')) return JSON.parse(token);
    const variable = token.startsWith(':') ? variables[token.slice(1)] : undefined;
    if (variable === undefined)
      throw new PredicateError(`Malformed parameter: where: Missing input value ${token}`);
    return variable;
  };
  const either = (): Predicate => {
    let left = both();
    while (tokens[at] === 'or') {
      at += 1;
      const [a, b] = [left, both()];
      left = (row) => a(row) || b(row);
    }
    return left;
  };
  const both = (): Predicate => {
    let left = one();
    while (tokens[at] === 'and') {
      at += 1;
      const [a, b] = [left, one()];
      left = (row) => a(row) && b(row);
    }
    return left;
  };
  const one = (): Predicate => {
    const field = next() ?? '';
    if (field === '(') {
      const inner = either();
      take(')');
      return inner;
    }
    if (!/^[A-Za-z][\w.]*$/.test(field)) throw new PredicateError('Malformed parameter: where: Syntax error');
    const operator = next() ?? '';
    if (operator === 'in') {
      take('(');
      const values = [value()];
      while (tokens[at] === ',') {
        at += 1;
        values.push(value());
      }
      take(')');
      return (row) => values.includes(String(row[field]));
    }
    const compare = comparisons[operator];
    if (!compare) throw new PredicateError(`Malformed parameter: where: Syntax error at ${operator}`);
    const given = value();
    return (row) => row[field] !== undefined && compare(String(row[field]), given);
  };
  const predicate = either();
  if (at !== tokens.length) throw new PredicateError('Malformed parameter: where: Syntax error');
  return predicate;
}

const comparisons: { readonly [operator: string]: (a: string, b: string) => boolean } = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
};

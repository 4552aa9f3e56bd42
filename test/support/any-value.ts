// A value that stands for any: whatever is asked of it is a value like it, once. For statements of which only the text
// matters.

/** Reads as a number and as a text, is a list of one, and has every property. */
export function anyValue(): unknown {
  const one = () => anyValue();
  const given: { [name: string]: unknown } = {
    toJSON: () => '1',
    toString: () => '1',
    valueOf: () => 1,
    toWellFormed: () => '1',
    length: 1,
    map: (each: (value: unknown, index: number) => unknown) => [each(one(), 0)],
    flatMap: (each: (value: unknown, index: number) => unknown) => [each(one(), 0)].flat(),
    filter: () => [one()],
    toSorted: () => [one()],
    slice: () => [one()],
    at: one,
    some: () => true,
    every: () => true,
    includes: () => true,
    has: () => true,
  };
  return new Proxy(function any() {}, {
    get: (_, name) => {
      if (name === Symbol.iterator) return () => [one()][Symbol.iterator]();
      if (name === Symbol.toPrimitive) return (hint: string) => (hint === 'string' ? '1' : 1);
      // It is neither a promise nor a piece of SQL.
      if (typeof name === 'symbol' || name === 'then' || name === 'getSQL') return undefined;
      return Object.hasOwn(given, name) ? given[name] : one();
    },
    apply: one,
    ownKeys: () => ['any', 'prototype'],
    getOwnPropertyDescriptor: (_, name) => ({
      configurable: name !== 'prototype',
      enumerable: name !== 'prototype',
      writable: true,
      value: one(),
    }),
  });
}

// One fault put into the product on purpose. The tests named are to find it: a test that no fault makes fail proves nothing.

export interface Mutant {
  /** What the product does with it, after "it": one is chosen by a part of this. */
  name: string;
  /** From the root. */
  file: string;
  /** Stands once in the file. */
  find: string;
  replace: string;
  /** Files of tests that are to find it, from `test/`, the likeliest first. */
  tests: readonly string[];
  /** Why no test finds it, where that is right: it changes nothing that anybody could see. */
  survives?: string;
}

/** The mutants of one file, which the same tests are to find unless another list is given. */
export function mutantsOf(
  file: string,
  tests: readonly string[],
  faults: readonly (Omit<Mutant, 'file' | 'tests'> & { tests?: readonly string[] })[],
): Mutant[] {
  return faults.map((fault) => ({ tests, ...fault, file }));
}

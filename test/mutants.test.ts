// The faults that the tests are held to can still be put in. `npm run mutants` puts them in and runs the tests.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mutants, mutated } from './mutants/all.ts';

const root = join(import.meta.dirname, '..');

it('there are a hundred of them, and each has a name of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(100);
  expect(new Set(mutants.map(({ file, name }) => `${file} ${name}`)).size).toBe(mutants.length);
});

it('each stands once where it is to be put in, and names tests that exist', () => {
  for (const mutant of mutants) {
    const text = readFileSync(join(root, mutant.file), 'utf8');
    expect(mutated(text, mutant), mutant.name).not.toBe(text);
    const missing = mutant.tests.filter((path) => !existsSync(join(root, 'test', path)));
    expect({ mutant: mutant.name, missing }).toEqual({ mutant: mutant.name, missing: [] });
  }
});

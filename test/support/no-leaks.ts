// Run before each file of tests: whatever a test prints is searched for secrets, and a test that let one out fails.
import { afterEach, expect } from 'vitest';
import { searchText, takeLeaks } from './secrets.ts';

for (const stream of [process.stdout, process.stderr]) {
  const { write } = stream;
  // Several files share a process.
  if ('isSearched' in write) continue;
  const searching = (chunk: unknown, ...rest: unknown[]) => {
    if (typeof chunk === 'string') searchText(chunk, 'what is printed');
    return Reflect.apply(write, stream, [chunk, ...rest]) as boolean;
  };
  stream.write = Object.assign(searching, { isSearched: true }) as typeof write;
}

afterEach(() => {
  expect(takeLeaks()).toEqual([]);
});

// Lines of a file `.env`, as `node:util` reads them.
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { readText } from '../config/text-file.ts';

/** Adds variables that the file does not set. The file is its owner's alone, also where others could read it before. */
export function addToEnvFile(path: string, variables: ReadonlyMap<string, string>): void {
  if (variables.size === 0) return;
  const before = existsSync(path) ? readText(path).replace(/(?<=[^\n])$/, '\n') : '';
  const lines = [...variables].map(([name, value]) => `${name}=${quoted(value)}\n`);
  // A mode counts only for a file that is created: one that exists is closed to others before it holds a key.
  if (existsSync(path)) chmodSync(path, 0o600);
  writeFileSync(path, before + lines.join(''), { mode: 0o600 });
}

/** There is no way to escape a quote: it is put in one of another kind. Undefined where all kinds are used. */
export function quoted(value: string): string | undefined {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  const quote = ["'", '"', '`'].find(
    (kind) => !value.includes(kind) && !(kind === '"' && value.includes('\\n')),
  );
  return quote && `${quote}${value}${quote}`;
}

// References in a configuration, `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}`, and what they are replaced by.
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Fault } from './faults.ts';

export type Variables = { readonly [name: string]: string | undefined };

/** What references are resolved against. `path`: of the configuration; relative paths start at its folder. */
export interface Scope {
  variables: Variables;
  path: string;
}

/** A secret or a setting is one line or a PEM key: a larger file is a mistake. */
const maxFileBytes = 65_536;

const reference = /\$\{(env|file):([^}]*)\}/g;

export function hasReference(text: string): boolean {
  return text.search(reference) >= 0;
}

/** Replaces the references in every string of a value. What cannot be replaced is a fault, and stays as it is written. */
export function fillReferences(value: unknown, scope: Scope, at: string, faults: Fault[]): unknown {
  if (typeof value === 'string') return filled(value, scope, at, faults);
  if (Array.isArray(value))
    return value.map((item, index) => fillReferences(item, scope, `${at}[${index}]`, faults));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      fillReferences(item, scope, at ? `${at}.${key}` : key, faults),
    ]),
  );
}

function filled(text: string, scope: Scope, at: string, faults: Fault[]): string {
  const [, bare] = /\$\{(?!env:|file:)([A-Za-z_]\w*)(?::-[^}]*)?\}/.exec(text) ?? [];
  if (bare !== undefined)
    faults.push({
      path: at,
      found: `"\${${bare}}"`,
      allowed: `"\${env:${bare}}" for the environment variable ${bare}`,
    });
  return text.replace(reference, (whole, kind: 'env' | 'file', words: string) => {
    const found = kind === 'env' ? variableOf(words, scope, at) : fileOf(words, scope, at);
    if (typeof found === 'string') return found;
    faults.push({ found: whole, ...found });
    return whole;
  });
}

/** As in a shell, the default stands for a variable that is unset or empty. */
function variableOf(
  words: string,
  { variables }: Scope,
  path: string,
): string | (Partial<Fault> & Omit<Fault, 'found'>) {
  const [, name = '', fallback] = /^([^:]*)(?::-(.*))?$/s.exec(words) ?? [];
  if (name === '') return { path, allowed: 'the name of an environment variable after env:' };
  const value = variables[name];
  if (value !== undefined && (value !== '' || fallback === undefined))
    return spaceFault(name, value, path)[0] ?? value;
  return fallback ?? { path, allowed: `an environment variable that is set; ${name} is not` };
}

/** Without the line feed that files end with. What the file holds is never shown. */
function fileOf(words: string, scope: Scope, path: string): string | Omit<Fault, 'found'> {
  const file = resolve(dirname(scope.path), words);
  let content: string;
  try {
    const found = words === '' ? undefined : statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) return { path, allowed: `a file that exists; ${file} is none` };
    if (found.size > maxFileBytes) return { path, allowed: `a file of at most ${maxFileBytes / 1024} KB` };
    content = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)).replace(/\r?\n$/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return { path, allowed: `a file that this user may read` };
    if (error instanceof TypeError) return { path, allowed: `a file of UTF-8 text` };
    return { path, allowed: `a file that can be read; ${file} cannot (${code})` };
  }
  return content === '' ? { path, allowed: 'a file that is not empty' } : content;
}

/** White space around a value, such as the line feed at the end of a file that it was read from. */
export function spaceFault(name: string, value: string | undefined, path = name): Fault[] {
  if (value === undefined || value.trim() === value) return [];
  const where = /\n\s*$/.test(value) ? 'a trailing line feed' : 'surrounding whitespace';
  return [{ path, found: `the variable ${name} with ${where}`, allowed: 'the value without whitespace' }];
}

// The key of the hashes by which erased people are known: given, or made once and kept beside the embedded database. It
// does not know what is hashed.
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from './own-folder.ts';

/**
 * The given key; else the embedded database's own, made now where there is none. Null on PostgreSQL: a key that only
 * this machine has would make hashes that no other worker knows.
 */
export function secretKeyOf(
  given: string | undefined,
  database: { kind: 'postgres' | 'pglite' },
  directory: string,
): string | null {
  if (given !== undefined) return given;
  if (database.kind === 'postgres') return null;
  const path = join(directory, 'secret-key');
  return kept(path) ?? make(directory, path);
}

function kept(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all, readable to its owner alone from the first byte on, and never in the place of another. */
function make(directory: string, path: string): string {
  const key = randomBytes(32).toString('base64url');
  ownFolder(directory);
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return kept(path) ?? key;
}

// A folder that only its owner can open. It does not know what lies in it.
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The folder cannot be one of ours. The message is a sentence that says what to do. */
export class FolderError extends Error {
  override name = 'FolderError';
}

const reasons: { readonly [code: string]: string } = {
  EEXIST: 'is a file',
  ENOTDIR: 'is inside a file',
  EACCES: 'cannot be written by this user',
  EPERM: 'cannot be made private to this user',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'is on a full disk',
};

/**
 * Makes the folder where there is none, and closes it to others where there is one. A mounted volume that belongs to
 * somebody else keeps its mode: what we make in it is closed. Throws FolderError.
 */
export function ownFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { uid } = statSync(path);
    if (process.getuid === undefined || uid === process.getuid()) chmodSync(path, 0o700);
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw new FolderError(
      `The data folder ${path} ${reasons[code] ?? `cannot be used (${message})`}: set TRIBUTARY_DATA_DIR to a folder that Tributary can write to.`,
      { cause },
    );
  }
}

/** Closes everything in it to others: PGlite unpacks its first files with modes of its own. */
export function ownFiles(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory() || entry.isFile())
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  }
}

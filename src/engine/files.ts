// Local files: for connectors that read them, and those that were given to us for one import.
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Files, RejectedError } from '../connector.ts';

export const localFiles: Files = {
  async stat(path) {
    try {
      const { size, mtimeMs } = await stat(path);
      return { bytes: size, changedAt: Math.floor(mtimeMs) };
    } catch (error) {
      const why =
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? 'there is no such file'
          : (error as Error).message;
      throw new RejectedError(`cannot read ${basename(path)}: ${why}`, { code: 'no_file' });
    }
  },
  open: (path, fromByte) => createReadStream(path, { start: fromByte }),
};

/**
 * Whether a file holds one of these words as a cell, a line or between blanks, whatever its letter case; null where there
 * is no such file. It is read in pieces, however large it is.
 */
export async function fileHolds(path: string, words: readonly string[]): Promise<boolean | null> {
  // Bytes as characters: alike for both sides, whatever the encoding.
  const bytesOf = (text: string) => Buffer.from(text, 'utf8').toString('latin1').toLowerCase();
  const sought = words.flatMap((word) => [bytesOf(word), bytesOf(word.replaceAll('"', '""'))]);
  const pattern = new RegExp(`[\\s",;|'](?:${sought.map((word) => escaped(word)).join('|')})[\\s",;|']`);
  const overlap = Math.max(...sought.map((word) => word.length)) + 2;
  let kept = '\n';
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      const text = kept + (chunk as Buffer).toString('latin1').toLowerCase();
      if (pattern.test(text)) return true;
      kept = text.slice(-overlap);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return pattern.test(`${kept}\n`);
}

/** Of characters below 256, none of which means anything to a pattern then. */
function escaped(text: string): string {
  return text.replace(/\W/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Removes a file that was given to be imported, with the folder that was made for it alone. */
export async function removeImport(path: string): Promise<void> {
  const folder = dirname(path);
  const isOurs = basename(dirname(folder)) === 'imports';
  await rm(isOurs ? folder : path, { recursive: isOurs, force: true });
}

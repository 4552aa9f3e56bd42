// The text of a small file that a person has written: in UTF-8, or as Windows writes it.
import { readFileSync } from 'node:fs';

/** UTF-8, or UTF-16 where a byte order mark says so. Throws TypeError for other bytes, and what reading throws. */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  const mark = bytes.subarray(0, 2).toString('latin1');
  const charset = mark === '\xff\xfe' ? 'utf-16le' : mark === '\xfe\xff' ? 'utf-16be' : 'utf-8';
  return new TextDecoder(charset, { fatal: true }).decode(bytes);
}

/** Why `readText` threw, in a few words. */
export function whyUnreadable(error: unknown): string {
  if (
    error instanceof TypeError &&
    (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
  )
    return 'bytes that are not UTF-8';
  const { code = 'unreadable' } = error as NodeJS.ErrnoException;
  return `a file that cannot be read (${code})`;
}

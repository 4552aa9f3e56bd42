// Notes of a run: what a person should know about a reading although no row was rejected for it. It knows no table.
import type { Note } from '../connector.ts';

/** A run keeps so many different notes: a message that names ever new things must not fill the row. */
export const maxNotes = 50;

const maxMessageLength = 1000;

/** Both lists as one: notes with the same code and message are one note, and their counts are added up. */
export function mergeNotes(kept: readonly Note[], added: readonly Note[]): Note[] {
  const merged = new Map<string, Note>();
  for (const note of [...kept, ...added]) {
    const message = note.message.slice(0, maxMessageLength);
    const key = `${note.code}\n${message}`;
    const known = merged.get(key);
    if (known) known.count += note.count;
    else if (merged.size < maxNotes) merged.set(key, { code: note.code, message, count: note.count });
  }
  return [...merged.values()];
}

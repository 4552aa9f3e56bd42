// How far a bulk export is, as the checkpoint of its reader has it. Pure: it knows no vendor, no table and no time.
import { z } from 'zod';
import { readCursor } from '../../connector/cursor.ts';
import { objectOf } from '../../connector/reading.ts';
import type { Json } from '../../connector.ts';

const time = z.int().min(0);
/** `run`: which ordered it. `since`: null for all records. */
const order = { run: z.int(), orderedAt: time, since: time.nullable() };

const states = z.strictObject({
  bulkExport: z.discriminatedUnion('phase', [
    /** Noted before it is ordered, so that a lost answer is looked for. */
    z.strictObject({ phase: z.literal('ordering'), ...order }),
    z.strictObject({ phase: z.literal('making'), ...order, job: z.json() }),
    z.strictObject({
      phase: z.literal('reading'),
      ...order,
      job: z.json(),
      /** How many rows the vendor says there are. */
      total: time.nullable(),
      /** The word for the file, how many of its rows were read, and of all files. */
      file: z.string().nullable(),
      rows: time,
      read: time,
    }),
    /** The export came to nothing: pages are read from the first one on. */
    z.strictObject({ phase: z.literal('pages'), run: z.int() }),
    /** What changed then or later is exported next. */
    z.strictObject({ phase: z.literal('rest'), since: time }),
  ]),
});

export type ExportState = z.infer<typeof states>['bulkExport'];
export type Ordering = Extract<ExportState, { phase: 'ordering' }>;
export type Making = Extract<ExportState, { phase: 'making' }>;
export type Reading = Extract<ExportState, { phase: 'reading' }>;

/** Null where the cursor is none or a connector's own. Throws where its shape is unknown. */
export function exportState(cursor: Json | null): ExportState | null {
  if (!Object.hasOwn(objectOf(cursor ?? undefined), 'bulkExport')) return null;
  return readCursor(states, cursor, 'a bulk export').bulkExport;
}

export function cursorOf(bulkExport: ExportState): Json {
  return { bulkExport } as Json;
}

/** Whether a reading that goes on from here gives every record there is. */
export function isAtBeginning(cursor: Json | null): boolean {
  const state = exportState(cursor);
  if (state === null) return cursor === null;
  return state.phase === 'reading' ? state.read === 0 : state.phase !== 'rest';
}

/** The cursor as the connector understands it: an export that is under way says nothing of its pages. */
export function pageCursor(cursor: Json | null): Json | null {
  return exportState(cursor) === null ? cursor : null;
}

/** Whether this run ordered it, or was about to. */
export function isOfRun(cursor: Json | null, run: number): boolean {
  const state = exportState(cursor);
  return state !== null && 'run' in state && state.run === run;
}

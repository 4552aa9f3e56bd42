// Runs, what they bring, and how they are asked for.
import { z } from 'zod';
import type { JsonObject } from '../connector.ts';
import {
  answer,
  count,
  idCursor,
  idText,
  laneShape,
  limit,
  moment,
  nextIdCursor,
  orNull,
  text,
  time,
} from './parts.ts';
import { differences } from './preview.ts';

/**
 * incremental: what changed. full: everything. records: these IDs. import: one file, once. remap: no pull, stored records
 * by a mapping that changed. undo: no pull, customers as they were before another run.
 */
export const runModes = ['incremental', 'full', 'records', 'import', 'remap', 'undo'] as const;
export type RunMode = (typeof runModes)[number];
/**
 * coverage: webhooks leave changes out, so that polls come more often than the schedule says. gap: the vendor's journal no
 * longer holds changes that were not read.
 */
export const runTriggers = ['start', 'schedule', 'manual', 'mapping', 'coverage', 'gap'] as const;
export type RunTrigger = (typeof runTriggers)[number];
export const runStates = ['requested', 'finished', 'failed', 'cancelled'] as const;
export type RunState = (typeof runStates)[number];

/** What else was asked for, by mode. */
export type RunRequest = {
  recordIds?: string[];
  /** A file on the machine `host`, and how the source's settings differ for it. */
  path?: string;
  host?: string;
  settings?: JsonObject;
  /** The readers were set back to this time first, epoch milliseconds. */
  rewoundTo?: number;
  /** The run that is undone, and whether customers that it created are taken away. */
  undo?: number;
  created?: true;
  /** Nothing is kept: what the run would do is reported. */
  dryRun?: true;
};
// Where a file lies on the server is nobody's concern: its name says which it is.
const requestShape = z.codec(z.record(z.string(), z.unknown()), z.custom<RunRequest>(), {
  decode: (request) => request as RunRequest,
  encode: ({ path, ...request }) =>
    path === undefined ? request : { ...request, path: path.split(/[\\/]/).at(-1) },
});

const noteShape = answer(
  {
    code: z.string().meta({ example: 'csv_short_rows' }),
    message: z.string(),
    count: count.meta({ description: 'The number of occurrences.' }),
  },
  'Note',
  'An observation about a reading.',
);
export type Note = z.output<typeof noteShape>;

export const runShape = answer(
  {
    id: z.int(),
    source: z.string(),
    mode: z.enum(runModes),
    trigger: z.enum(runTriggers),
    slot: time.nullable().meta({ description: 'The time in the schedule that requested the run.' }),
    request: requestShape.meta({ description: 'Other parts of the request: record IDs, a file.' }),
    state: z.enum(runStates).meta({ description: '`requested` until it has ended.' }),
    requestedAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    pages: count,
    received: count.meta({
      description: 'The sum of changed, unchanged, superseded, filtered and rejected.',
    }),
    changed: count,
    unchanged: count,
    superseded: count,
    filtered: count,
    rejected: count,
    customers: count.meta({ description: 'Customers whose fields changed.' }),
    expected: count
      .nullable()
      .meta({ description: 'The number of records according to the source, if it gives one.' }),
    step: z.string().nullable(),
    error: z.string().nullable(),
    notes: z.array(noteShape).meta({
      description: 'Observations about the reading that need attention although no row was rejected.',
    }),
    attempts: count,
    dueAt: time.meta({ description: 'When it starts, or is retried after a failure.' }),
    cancelRequestedAt: time.nullable(),
    lane: laneShape,
    working: z.boolean().meta({ description: 'A worker is processing it.' }),
    ratePerSecond: z
      .number()
      .nullable()
      .optional()
      .meta({ description: 'Records received per second recently; in the status only.' }),
  },
  'Run',
  'All pulls of a source until it is done, and what became of the records.',
);
export type Run = z.output<typeof runShape>;

export const runParam = z.object({
  id: idText('the ID of a run').meta({
    param: { name: 'id', in: 'path' },
    description: 'The ID of a run.',
  }),
});

export const runsQuery = z.strictObject({
  source: text.optional().meta({ description: 'Only runs of this source.' }),
  state: z.enum(runStates).optional().meta({ description: 'Only runs in this state.' }),
  cursor: idCursor,
  limit,
});
export const runsShape = answer({ runs: z.array(runShape), nextCursor: nextIdCursor });

const columnsShape = answer(
  {
    recognised: z.string().nullable().meta({
      description: 'The export that was recognised by its columns.',
      example: 'HubSpot contact export',
    }),
    mappedBy: z.enum(['configuration', 'names']),
    sourceId: z.string().nullable().meta({ description: 'The column with the source ID.' }),
    fields: z
      .array(answer({ field: z.string(), columns: z.array(z.string()) }))
      .meta({ description: 'Fields and metadata with the columns they are read from.' }),
    leftOut: z
      .array(answer({ column: z.string(), reason: z.string() }))
      .meta({ description: 'Columns that are not used.' }),
    missing: z.array(answer({ field: z.string(), column: z.string(), meant: z.string().nullable() })).meta({
      description:
        'Columns that the configuration names and the file does not have, with the one that was probably meant.',
    }),
    mapping: z
      .record(z.string(), z.union([z.string(), z.array(z.string())]))
      .meta({ description: 'The same as a `mapping` for the configuration of the source.' }),
  },
  'Columns',
  'How the columns of a file are used.',
);
export type Columns = z.output<typeof columnsShape>;

const dryRunShape = answer(
  {
    ...differences,
    segments: differences.segments
      .optional()
      .meta({ description: 'Absent in reports that are older than it.' }),
    counts: z.record(z.string(), count),
    pages: count,
    rejected: z
      .array(answer({ ref: z.string(), message: z.string() }))
      .optional()
      .meta({
        description:
          'The first 20 records or rows that would be rejected, and why. Absent in reports that are older than it.',
      }),
  },
  'DryRun',
  'What a run would do.',
);

export const reportedRunShape = answer(
  {
    ...runShape.shape,
    report: orNull(dryRunShape).meta({ description: 'What a dry run found, when it has ended.' }),
    columns: orNull(columnsShape).meta({
      description: 'How each column of a file is used. Null until the first page is read.',
    }),
  },
  'ReportedRun',
  'A run with its report.',
);
export type ReportedRun = z.output<typeof reportedRunShape>;

export const syncRequest = z
  .strictObject({
    mode: z.enum(['incremental', 'full', 'records']).optional().meta({
      description:
        'incremental: reads what changed. full: reads everything. records: reads `recordIds`. The default of a dry run is incremental.',
    }),
    dryRun: z.boolean().optional().meta({
      description: 'Store and send nothing. The `report` of the run says what it would do.',
    }),
    recordIds: z
      .array(text.min(1))
      .min(1, '1 to 1000 record IDs')
      .max(1000, '1 to 1000 record IDs')
      .optional(),
  })
  .superRefine(({ mode, recordIds, dryRun }, context) => {
    if (mode === undefined && dryRun !== true)
      context.addIssue({ code: 'custom', path: ['mode'], message: 'incremental, full or records' });
    const fault = (message: string) => context.addIssue({ code: 'custom', path: ['recordIds'], message });
    if (mode === 'records' && !recordIds) fault('1 to 1000 record IDs, in the mode records');
    if (mode !== 'records' && recordIds) fault('nothing, but in the mode records');
  })
  .meta({ id: 'Sync', example: { mode: 'full' }, description: 'What is to be read.' });

export const rewindRequest = z
  .strictObject({
    to: moment.meta({ description: 'ISO 8601, with an offset or Z.', example: '2026-03-01T12:00:00Z' }),
  })
  .meta({ id: 'Rewind', description: 'The time to read from.' });

// The forms that several routes take or answer with, and how rows become them: times are ISO 8601 in UTC.
import { z } from '@hono/zod-openapi';
import { lanes } from '../../engine/quota/lanes.ts';
import type { Pause } from '../../tables/pauses.ts';
import type { Run } from '../../tables/runs.ts';

export const time = z.iso.datetime();

export const timeOrNull = time.nullable();

export const laneShape = z.enum(lanes);

const count = z.int().min(0);

/** A text of a request. PostgreSQL keeps no NUL. */
export const text = z
  .string()
  .max(2000)
  .refine((value) => !value.includes('\u0000'), 'a text without NUL');

export const sourceParam = z.object({
  source: text.min(1).openapi({
    param: { name: 'source', in: 'path' },
    example: 'hubspot',
    description: 'The name of a source in the configuration.',
  }),
});

/** The part of a list that is asked for. */
export const limit = z.coerce.number('a number from 1 to 200').int().min(1).max(200).default(50);

export const before = z.coerce.number('an ID').int().min(1).max(Number.MAX_SAFE_INTEGER).optional();

const noteShape = z
  .strictObject({
    code: z.string().openapi({ example: 'csv_short_rows' }),
    message: z.string(),
    count: count.openapi({ description: 'How often it was found.' }),
  })
  .openapi('Note');

export const runShape = z
  .strictObject({
    id: z.int(),
    source: z.string(),
    mode: z.enum(['incremental', 'full', 'records', 'import', 'remap']),
    lane: laneShape,
    trigger: z.enum(['start', 'schedule', 'manual', 'mapping', 'coverage']),
    slot: timeOrNull.openapi({ description: 'The moment of the schedule that asked for it.' }),
    request: z
      .record(z.string(), z.any())
      .openapi({ description: 'What else was asked: record IDs, a file.' }),
    state: z
      .enum(['requested', 'finished', 'failed', 'cancelled'])
      .openapi({ description: '`requested` until it has ended.' }),
    working: z.boolean().openapi({ description: 'A worker has it in hand.' }),
    requestedAt: time,
    startedAt: timeOrNull,
    endedAt: timeOrNull,
    dueAt: time.openapi({ description: 'When it is taken up, or taken up again after a failure.' }),
    cancelRequestedAt: timeOrNull,
    pages: count,
    received: count.openapi({
      description: 'The sum of changed, unchanged, superseded, filtered and rejected.',
    }),
    changed: count,
    unchanged: count,
    superseded: count,
    filtered: count,
    rejected: count,
    customers: count.openapi({ description: 'Customers whose fields changed by it.' }),
    expected: count
      .nullable()
      .openapi({ description: 'How many records the source says there are, where it says so.' }),
    ratePerSecond: z
      .number()
      .nullable()
      .optional()
      .openapi({ description: 'Records received per second of late; in the status only.' }),
    step: z.string().nullable(),
    error: z.string().nullable(),
    notes: z.array(noteShape).openapi({
      description: 'Observations about the reading that need attention although no row was rejected.',
    }),
    attempts: count,
  })
  .openapi('Run');

export type RunBody = z.infer<typeof runShape>;

export function runBody({ leased, ...run }: Run): RunBody {
  return {
    ...run,
    request: withoutFolder(run.request),
    working: leased,
    slot: iso(run.slot),
    requestedAt: iso(run.requestedAt),
    startedAt: iso(run.startedAt),
    endedAt: iso(run.endedAt),
    dueAt: iso(run.dueAt),
    cancelRequestedAt: iso(run.cancelRequestedAt),
  };
}

/** Where a file lies on the server is nobody's concern: its name says which it is. */
function withoutFolder({ path, ...request }: Run['request']): { [name: string]: unknown } {
  return path === undefined ? request : { ...request, path: path.split(/[\\/]/).at(-1) };
}

export const pauseShape = z
  .strictObject({
    cause: z.enum(['person', 'unauthorized', 'refusals', 'project']).openapi({
      description:
        'unauthorized: the vendor refuses the credentials. refusals: the destination rejects one customer after another, so the others are held back. project: the configuration names another project than before, see `POST /api/destination/project`.',
    }),
    reason: z.string(),
    pausedAt: time,
    trialAt: timeOrNull.openapi({
      description: 'When it is retried automatically. Null: it must be resumed manually.',
    }),
  })
  .openapi('Pause');

export type PauseBody = z.infer<typeof pauseShape>;

export function pauseBody(pause: Pause | undefined): PauseBody | null {
  if (!pause) return null;
  const { cause, reason, pausedAt, trialAt } = pause;
  return { cause, reason, pausedAt: iso(pausedAt), trialAt: iso(trialAt) };
}

export function iso(milliseconds: number): string;

export function iso(milliseconds: number | null): string | null;

export function iso(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

/** A form that has a name of its own, or null: `nullable()` would document the form alone. */
export function orNull<Shape extends z.ZodType>(shape: Shape) {
  return z.union([shape, z.null()]);
}

/** A JSON body or answer. */
export function jsonOf<Shape extends z.ZodType>(schema: Shape) {
  return { 'application/json': { schema } };
}

export const secured = [{ bearer: [] }];

// A run undone: what it would do, and what became of it.
import { z } from 'zod';
import { answer, count, cursor, idCursor, limit, nextCursor, nextIdCursor, orNull } from './parts.ts';
import { group } from './preview.ts';
import { runShape } from './run.ts';
import { blastRadiusShape } from './segment.ts';

export const sparedReasons = [
  'changed later',
  'pinned',
  'drifted',
  'created',
  'merged',
  'returned',
  'not mapped',
] as const;

const because = z.enum(sparedReasons).meta({
  description:
    '`changed later`: somebody else changed it since. `pinned`: a person pinned it. `drifted`: the destination holds what somebody else wrote. `created`: the run created the customer. `merged`: the vendor merged its record. `returned`: a record speaks of it again. `not mapped`: a source that is no longer configured has a record of it.',
});

const sparedShape = answer(
  {
    sourceId: z.string(),
    field: z.string().nullable().meta({ description: 'Null: the customer itself.' }),
    because,
    by: z.string().meta({ example: 'by run 15 of hubspot (contacts)' }),
  },
  'SparedValue',
  'What an undo leaves as it is.',
);

const sparedCounts = z.array(answer({ because, count }));

export const undoPreviewShape = answer(
  {
    runId: z.int(),
    differs: z.boolean().meta({ description: 'False: nothing would change.' }),
    summary: z.string(),
    customers: answer({
      looked: count.meta({ description: 'Customers that the run changed or created.' }),
      back: count.meta({ description: 'Customers that would change.' }),
      kept: group.meta({
        description: 'Customers that the run left without a record, and that would come back.',
      }),
      takenAway: group.meta({ description: 'Customers that would be taken away from the destination.' }),
      broughtBack: group.meta({ description: 'Customers that an undo took away, and that would come back.' }),
    }),
    fields: z.array(answer({ field: z.string(), changed: group })),
    spared: answer({
      counts: sparedCounts,
      values: z.array(sparedShape).meta({ description: 'The first of them.' }),
    }),
    segments: blastRadiusShape,
    notes: z.array(z.string()),
  },
  'UndoPreview',
  'What undoing a run would do.',
);
export type UndoPreview = z.output<typeof undoPreviewShape>;

export const undoQuery = z.strictObject({
  created: z.enum(['true', 'false']).default('false').meta({
    description: 'Whether customers that the run created are taken away from the destination.',
  }),
});
export const undoRequest = z
  .strictObject({
    created: z.boolean().default(false).meta({
      description: 'Whether customers that the run created are taken away from the destination.',
    }),
  })
  .meta({ id: 'UndoRequest', description: 'How a run is undone.', example: { created: false } });

const undoShape = answer(
  {
    run: runShape,
    undoes: z.int().meta({ description: 'The run that it undoes.' }),
    standing: answer({ values: count, customers: count }).meta({
      description: 'Values that it still keeps in place of what records give, and of how many customers.',
    }),
    withheld: count.meta({ description: 'Customers that it keeps away from the destination.' }),
    spared: sparedCounts,
  },
  'Undo',
  'A run that undoes another one.',
);
export type Undo = z.output<typeof undoShape>;

export const undosQuery = z.strictObject({ cursor: idCursor, limit });
export const undosShape = answer({ undos: z.array(undoShape), nextCursor: nextIdCursor });

export const sparedQuery = z.strictObject({ cursor, limit });
export const sparedPageShape = answer({ undo: orNull(undoShape), spared: z.array(sparedShape), nextCursor });

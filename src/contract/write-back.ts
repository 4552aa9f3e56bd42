// Write-backs: facts of customers on their way to the vendors of sources, and what became of them.
import { z } from 'zod';
import {
  answer,
  count,
  cursor,
  json,
  jsonObject,
  laneShape,
  limit,
  nextCursor,
  orNull,
  time,
} from './parts.ts';
import { pauseShape } from './pause.ts';

/**
 * `unlinked`: the source has no record of the customer, so nothing is written. `waiting`: it is due, or put off. `delivered`: the
 * vendor has acknowledged it. `dead`: it was given up.
 */
export const writeBackStates = ['unlinked', 'waiting', 'delivered', 'dead'] as const;
export type WriteBackState = (typeof writeBackStates)[number];
const state = z.enum(writeBackStates).meta({
  description:
    'unlinked: the source has no record of the customer, so nothing is written. waiting: it is due, or put off. delivered: the vendor has acknowledged it. dead: it was given up.',
});

/**
 * `wanted`: the facts changed. `acknowledged`: the vendor confirmed what was sent. `rejected`: it turned the customer down. `failed`: the
 * request failed without effect. `unknown`: its result is not known, so every attribute is sent again. `unlinked`: the vendor has no such
 * person.
 */
export const writeBackEvents = [
  'wanted',
  'acknowledged',
  'rejected',
  'failed',
  'unknown',
  'unlinked',
] as const;
export type WriteBackEventName = (typeof writeBackEvents)[number];

const counts = { unlinked: count, waiting: count, delivered: count, dead: count };

export const writeBackVendor = answer(
  {
    source: z.string(),
    connector: z.string(),
    fields: z.record(z.string(), z.string()).meta({ description: 'The path of the value, by attribute.' }),
    create: z.boolean(),
    dryRun: z.boolean().meta({ description: 'Nothing is written: what would be is shown.' }),
    ...counts,
    deadLetters: count.meta({ description: 'Those that are open: see `GET /api/dead-letters`.' }),
    inJobs: count.meta({ description: 'Customers that a job at the vendor carries now.' }),
    oldestWaitingAt: time.nullable(),
    lastDeliveredAt: time.nullable(),
    paused: orNull(pauseShape),
    failing: z
      .string()
      .nullable()
      .meta({ description: 'Why calls are suspended, if they are. Of this process.' }),
  },
  'WriteBackVendor',
  'What is written back to one vendor.',
);
export type WriteBackVendor = z.output<typeof writeBackVendor>;

export const writeBacksShape = answer({
  vendors: z.array(writeBackVendor),
  reading: orNull(answer({ beganAt: time, endedAt: time.nullable(), rounds: count })).meta({
    description:
      'The reading of the facts of all customers: when it began, and when it ended or null while it goes on.',
  }),
});

const attributes = jsonObject.meta({ description: 'Values by attribute of the vendor.' });

const writeBackShape = answer(
  {
    source: z.string(),
    sourceId: z.string(),
    state,
    wanted: attributes,
    acknowledged: attributes.nullable().meta({ description: 'What the vendor has acknowledged.' }),
    revision: count,
    acknowledgedRevision: count.nullable(),
    recordId: z.string().nullable().meta({ description: "The vendor's record that was written last." }),
    lane: laneShape,
    dueAt: time.nullable(),
    waitingSince: time.nullable(),
    deliveredAt: time.nullable(),
    attempts: count,
    errorCode: z.string().nullable(),
    error: z.string().nullable(),
    payload: json.meta({
      description:
        'The exact body that would be sent for this customer alone; null if nothing is to be sent.',
    }),
  },
  'WriteBack',
  'What is to be written to a vendor for one customer.',
);
export type WriteBackView = z.output<typeof writeBackShape>;

export const writeBackQuery = z.strictObject({ state: state.optional(), cursor, limit });
export const writeBackPage = answer({
  writeBacks: z.array(writeBackShape),
  nextCursor,
});

export const customerWriteBacks = answer({
  sourceId: z.string(),
  facts: jsonObject.nullable().meta({ description: 'What the destination was seen to know, by group.' }),
  writeBacks: z.array(writeBackShape),
});

export const writePermissions = answer(
  {
    source: z.string(),
    connector: z.string(),
    attributes: z.array(z.string()).meta({ description: 'Those that writeBack declares.' }),
    permissions: z.array(
      answer({
        what: z.string(),
        allowed: z.boolean().nullable().meta({
          description: 'Null: it could not be tried without changing data, or the vendor did not answer.',
        }),
        note: z.string(),
      }),
    ),
  },
  'WritePermissions',
  'What the credentials of a source may write.',
);
export type WritePermissions = z.output<typeof writePermissions>;

export const writeBackVerifyRequest = z
  .strictObject({
    sample: z.int().min(1).max(1_000).default(100).meta({ description: 'The number of customers to read.' }),
    heal: z.boolean().default(false).meta({ description: 'Whether differences are written again.' }),
  })
  .meta({ id: 'VerifyWriteBack', description: 'Whom to read back at the vendor.' });
export const writeBackVerified = answer(
  {
    source: z.string(),
    compared: count,
    missing: count.meta({ description: 'People whom the vendor does not have.' }),
    healed: count.meta({ description: 'Customers that are written again.' }),
    differences: z.array(
      answer({ sourceId: z.string(), attribute: z.string(), acknowledged: json, found: json }),
    ),
  },
  'WriteBackVerified',
  'What was read back at the vendor.',
);
export type WriteBackVerified = z.output<typeof writeBackVerified>;

// The inbox: webhook requests that were kept, and what becomes of those that are opened again.
import { z } from 'zod';
import {
  answer,
  count,
  idCursor,
  ids,
  idText,
  limit,
  moment,
  nextIdCursor,
  orNull,
  personal,
  personalMark,
  text,
  time,
} from './parts.ts';

/** One call opens so many at most: it should end within seconds on any database. */
export const maxReplayed = 1000;
export const maxShown = 50;

export const itemCountsShape = answer(
  {
    items: count.meta({ description: 'The sum of the next four.' }),
    duplicates: count.meta({ description: 'Items that are repeats.' }),
    ignored: count.meta({ description: 'Items that concern no record.' }),
    unreadable: count.meta({ description: 'Items that could not be read. They are dead letters.' }),
    taken: count,
    touched: count.meta({ description: 'Records that items name, which will be read.' }),
    received: count.meta({ description: 'Records that items carry: the sum of the next five.' }),
    changed: count,
    unchanged: count,
    superseded: count,
    filtered: count,
    rejected: count,
  },
  'ItemCounts',
  'What became of the items of a request.',
);
export type ItemCounts = z.output<typeof itemCountsShape>;

/** waiting: not opened yet. opened: its items are counted. dead: it could not be read. */
export const inboxStates = ['waiting', 'opened', 'dead'] as const;
export type InboxState = (typeof inboxStates)[number];
const state = z.enum(inboxStates).meta({
  description: 'waiting: not opened yet. opened: its items are counted. dead: it could not be read.',
});

export const requestShape = answer(
  {
    id: z.int(),
    source: z.string().meta({ description: 'The source, or `destination` for its own webhooks.' }),
    state,
    receivedAt: time,
    openedAt: time.nullable(),
    method: z.string(),
    bytes: count.meta({
      description: 'The size of the body. 0 if it was erased with a person whom it named.',
    }),
    attempts: count,
    counts: orNull(itemCountsShape),
    error: z.string().nullable().meta({ description: 'The first fault of the request.' }),
  },
  'InboxRequest',
  'A stored webhook request, without its body.',
);
export type InboxRequest = z.output<typeof requestShape>;

/** Which requests, as a body or a query says it; `rejected` differs between the two. */
const requestFilter = {
  source: text.min(1).optional().meta({ description: 'Only requests of this source, or of `destination`.' }),
  state: state.optional(),
  since: moment.optional().meta({ description: 'Received at this time or later.' }),
  until: moment.optional().meta({ description: 'Received before this time.' }),
};
const rejectedText = { description: 'Dead, or opened with items that were rejected.' };

export const requestsQuery = z.strictObject({
  ...requestFilter,
  rejected: z.enum(['true', 'false']).optional().meta(rejectedText),
  cursor: idCursor,
  limit,
});
export const requestsShape = answer({ requests: z.array(requestShape), nextCursor: nextIdCursor });

export type Requests = z.output<typeof requestsShape>;

export const requestParam = z.object({
  id: idText('an ID').meta({ param: { name: 'id', in: 'path' }, description: 'The ID of a request.' }),
});

const hidden = z.record(z.string(), z.string()).meta({
  description: 'Values that hold credentials are masked.',
  [personalMark]: true,
});

export const wholeRequestShape = answer(
  {
    ...requestShape.shape,
    faults: z
      .array(answer({ item: z.int().nullable(), code: z.string(), message: z.string() }))
      .meta({ description: 'The first 50 faults of the request or of the item at this place.' }),
    query: hidden,
    headers: hidden,
    body: answer({
      encoding: z.enum(['utf8', 'base64']).meta({ description: 'base64 if it is not UTF-8.' }),
      content: personal(z.string()),
    }),
  },
  'InboxRequestWhole',
  'A stored webhook request with its body.',
);
export type WholeRequest = z.output<typeof wholeRequestShape>;

/**
 * opened: all of it was read. rejected: some of its items could not be read. dead: nothing of it could be read. failed: it could
 * not be opened, and is as it was.
 */
const replayResults = ['opened', 'rejected', 'dead', 'failed'] as const;
export type ReplayResult = (typeof replayResults)[number];

export const replayedRequestShape = answer(
  {
    id: z.int(),
    source: z.string(),
    result: z.enum(replayResults).meta({
      description:
        'opened: all of it was read. rejected: some of its items were rejected. dead: it could not be read. failed: it could not be opened and is unchanged.',
    }),
    counts: orNull(itemCountsShape),
    error: z.string().nullable(),
  },
  'ReplayedRequest',
  'What became of a request that was opened again.',
);
export type ReplayedRequest = z.output<typeof replayedRequestShape>;

const dryRun = z.boolean().optional().meta({ description: 'Return what would happen, and change nothing.' });

export const replayOneRequest = z
  .strictObject({ dryRun })
  .meta({ id: 'ReplayOne', example: { dryRun: true }, description: 'How one request is opened again.' });

export const replayRequest = z
  .strictObject({
    ids,
    ...requestFilter,
    rejected: z.boolean().optional().meta(rejectedText),
    all: z.literal(true).optional().meta({ description: 'Required if there is no other filter.' }),
    cursor: idCursor.meta({ description: '`nextCursor` of the previous call. Default: the first requests.' }),
    dryRun,
  })
  .superRefine(({ ids, source, state, rejected, since, until, all }, context) => {
    const narrows = [source, state, rejected || undefined, since, until].some((value) => value !== undefined);
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (ids && (narrows || all)) fault('ids', 'either IDs, or source, state, rejected, since and until');
    if (!ids && !narrows && !all) fault('all', 'true, if there are neither IDs nor other filters');
    if (all && narrows) fault('all', 'nothing, if there is another filter');
  })
  .meta({
    id: 'Replay',
    example: { source: 'hubspot', rejected: true, dryRun: true },
    description: 'The requests to open again: by ID, or those that match every filter.',
  });

export const replayedShape = answer(
  {
    dryRun: z.boolean(),
    requests: count.meta({ description: 'The sum of the next four.' }),
    opened: count,
    rejected: count,
    dead: count,
    failed: count,
    counts: itemCountsShape,
    results: z
      .array(replayedRequestShape)
      .meta({ description: `The first ${maxShown}, those with faults first.` }),
    cannot: z
      .array(
        answer({
          reason: z.string(),
          requests: count,
          ids: z.array(z.int()).meta({ description: 'The first 20.' }),
        }),
      )
      .meta({ description: 'Requests that cannot be opened again, and why.' }),
    nextCursor: nextIdCursor.meta({
      description: `One call opens at most ${maxReplayed} requests. If there are more: \`cursor\` of the next call; else null.`,
    }),
  },
  'Replayed',
  'What became of the requests that were opened again.',
);
export type Replayed = z.output<typeof replayedShape>;

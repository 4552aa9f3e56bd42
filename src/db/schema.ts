// Every table, its states and its checks, on one page. It knows no query; each table is written only by the file that
// its comment names.
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

/** Where a reader of a stream goes on. `reader`: lead, trail, full, tombstones, remap. Written by sync/runs/checkpoints. */
export const checkpoints = pgTable(
  'checkpoints',
  {
    source: text().notNull(),
    stream: text().notNull(),
    reader: text().notNull(),
    cursor: jsonb().notNull(),
    /** When this reader last came to rest. */
    restedAt: time('rested_at'),
    updatedAt: time('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.stream, t.reader] })],
);

export const runStates = ['requested', 'finished', 'failed', 'cancelled'] as const;

/**
 * All pulls from a checkpoint to rest. Being worked on is a lease. `received` must equal the sum of the five counts
 * after it; `unbalanced` rows cannot finish. Written by sync/runs/runs.
 */
export const runs = pgTable(
  'runs',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    source: text().notNull(),
    /** incremental, full, records, import, remap */
    mode: text().notNull(),
    lane: smallint().notNull(),
    /** Why it exists: start, schedule, manual, mapping. */
    trigger: text().notNull(),
    /** The schedule's moment that asked for it: one run however many workers hold the cron. */
    slot: time('slot'),
    /** What else was asked: record IDs, a file, a dry run. */
    request: jsonb().notNull().default({}),
    state: text({ enum: runStates }).notNull().default('requested'),
    requestedAt: time('requested_at').notNull(),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
    pages: integer().notNull().default(0),
    received: bigint({ mode: 'number' }).notNull().default(0),
    changed: bigint({ mode: 'number' }).notNull().default(0),
    unchanged: bigint({ mode: 'number' }).notNull().default(0),
    superseded: bigint({ mode: 'number' }).notNull().default(0),
    filtered: bigint({ mode: 'number' }).notNull().default(0),
    rejected: bigint({ mode: 'number' }).notNull().default(0),
    /** Customers whose fields changed by it. */
    customers: bigint({ mode: 'number' }).notNull().default(0),
    /** What the vendor says there is in all, for progress. */
    expected: bigint({ mode: 'number' }),
    /** What is being done, in words. */
    step: text(),
    /** What a dry run found. */
    report: jsonb(),
    /** Findings for a person, each a code, a message and a count: sync/runs/notes. */
    notes: jsonb().notNull().default([]),
    error: text(),
    attempts: integer().notNull().default(0),
    dueAt: time('due_at').notNull(),
    lease: uuid(),
    leasedUntil: time('leased_until'),
    cancelRequestedAt: time('cancel_requested_at'),
  },
  (t) => [
    uniqueIndex('runs_slot').on(t.source, t.slot),
    // A run that is still going is not started twice.
    uniqueIndex('runs_one_going')
      .on(t.source, t.mode)
      .where(
        sql`${t.state} = 'requested' and ${t.mode} in ('incremental', 'full', 'remap') and ${t.request} ->> 'dryRun' is null`,
      ),
    index('runs_due').on(t.dueAt).where(sql`${t.state} = 'requested'`),
    index('runs_recent').on(t.source, t.id),
    check('runs_state', sql`${t.state} in ('requested', 'finished', 'failed', 'cancelled')`),
    check('runs_ended', sql`(${t.state} <> 'requested') = (${t.endedAt} is not null)`),
    check(
      'runs_balance',
      sql`${t.state} <> 'finished' or ${t.received} = ${t.changed} + ${t.unchanged} + ${t.superseded} + ${t.filtered} + ${t.rejected}`,
    ),
  ],
);

/** The newest state of each record, as the source has it. Written by sync/records/records. */
export const records = pgTable(
  'records',
  {
    source: text().notNull(),
    stream: text().notNull(),
    recordId: text('record_id').notNull(),
    /** The customer it speaks of; null where the record is filtered. Sticky once assigned. */
    sourceId: text('source_id'),
    /** The source's clock of `body`; the epoch where only the deletion is known. */
    changedAt: time('changed_at').notNull(),
    /** The source's clock of the deletion. The record stands unless it was deleted at or after `changed_at`. */
    deletedAt: time('deleted_at'),
    /** Of the body. */
    hash: text().notNull(),
    body: jsonb().notNull(),
    /** Of a record that is told of in parts: the source's clock of each key of `body`, epoch milliseconds. */
    clocks: jsonb(),
    /** Why it is no contribution, where it is none. */
    filtered: text(),
    /** Fields that failed their type or rule: [{field, reason, value}]. */
    faults: jsonb(),
    /** The last good values of fields that fail now, by field: they stand until a good one comes. */
    good: jsonb(),
    /** The record that took this one over when the vendor merged them: then this one stands no more. */
    mergedInto: text('merged_into'),
    /** The record whose taking over a person has undone. */
    unmergedFrom: text('unmerged_from'),
    runId: bigint('run_id', { mode: 'number' }),
    receivedAt: time('received_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.source, t.stream, t.recordId] }),
    index('records_source_id').on(t.sourceId).where(sql`${t.sourceId} is not null`),
    index('records_faulty').on(t.source).where(sql`${t.faults} is not null`),
    index('records_merged').on(t.source, t.stream, t.mergedInto).where(sql`${t.mergedInto} is not null`),
  ],
);

/** A person as Voucherify should know them. Written by sync/customers/customers. */
export const customers = pgTable(
  'customers',
  {
    sourceId: text('source_id').primaryKey(),
    revision: integer().notNull(),
    /** Values by field name: the fold of the contributions that stand. */
    fields: jsonb().notNull(),
    /** Names of fields that were there once and are in no contribution now. */
    dropped: jsonb().notNull().default([]),
    /** No record speaks of this customer any more. */
    left: boolean().notNull().default(false),
    /** A person refused to let it be deleted or blanked for being left. */
    kept: boolean().notNull().default(false),
    /** Two records of one source and stream claim it; the newest wins. */
    clash: boolean().notNull().default(false),
    createdAt: time('created_at').notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (t) => [
    index('customers_updated').on(t.updatedAt),
    index('customers_clash').on(t.sourceId).where(sql`${t.clash}`),
    index('customers_email').on(sql`(${t.fields} ->> 'email')`),
    // E-mail addresses as source IDs that are not in lower case: each new one is compared with these.
    index('customers_letter_case')
      .on(sql`lower(${t.sourceId})`)
      .where(sql`${t.sourceId} like '%@%' and ${t.sourceId} <> lower(${t.sourceId})`),
  ],
);

/** What one revision of a customer changed; its first revision has none, since all before it is empty. Written by sync/customers/revisions. */
export const revisions = pgTable(
  'revisions',
  {
    sourceId: text('source_id').notNull(),
    revision: integer().notNull(),
    at: time('at').notNull(),
    /** {field: [from, to]}; a side is missing where the field was in no contribution. */
    changed: jsonb().notNull(),
    /** What made it: {source, stream, runId} or {pin} or {remap}. */
    cause: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.sourceId, t.revision] })],
);

/** A value that a person has set by hand: it wins until it is released. Written by sync/customers/pins. */
export const pins = pgTable(
  'pins',
  {
    sourceId: text('source_id').notNull(),
    field: text().notNull(),
    value: jsonb().notNull(),
    note: text().notNull(),
    pinnedAt: time('pinned_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sourceId, t.field] })],
);

/** The mapping by which each source's stored records were last mapped. Written by sync/runs/mappings. */
export const mappings = pgTable('mappings', {
  source: text().primaryKey(),
  fingerprint: text().notNull(),
  /** What was asked of the vendor then. */
  properties: jsonb().notNull(),
  mappedAt: time('mapped_at').notNull(),
  /** The rules as data, for the time when the source is configured no longer; null where functions are among them. */
  definition: jsonb(),
  /** When a person withdrew a source that is configured no longer. */
  withdrawnAt: time('withdrawn_at'),
});

/** Record IDs that a full reading has met, until it has ended. Written by sync/runs/sweep. */
export const sweptRecords = pgTable(
  'swept_records',
  {
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    stream: text().notNull(),
    recordId: text('record_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.stream, t.recordId] })],
);

/** Customers deleted and fields blanked, by run and by hour. Written by sync/deliver/breaker. */
export const breakerCounts = pgTable(
  'breaker_counts',
  {
    /** `run 12` or `hour 2026-11-23T15`. */
    scope: text().notNull(),
    /** `deleted`, or the field blanked. */
    what: text().notNull(),
    count: integer().notNull(),
    updatedAt: time('updated_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.scope, t.what] })],
);

/** A delivery held by the mass-change breaker until a person decides. Written by sync/deliver/holds. */
export const holds = pgTable(
  'holds',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    sourceId: text('source_id').notNull(),
    source: text().notNull(),
    runId: bigint('run_id', { mode: 'number' }),
    /** `deleted`, or the field blanked. */
    what: text().notNull(),
    /** The value that would go, where it is a field. */
    from: jsonb(),
    heldAt: time('held_at').notNull(),
    decidedAt: time('decided_at'),
    /** released, refused, or dissolved: the sources took it back themselves. */
    decision: text(),
  },
  (t) => [
    uniqueIndex('holds_open').on(t.sourceId, t.what).where(sql`${t.decidedAt} is null`),
    index('holds_run').on(t.runId).where(sql`${t.decidedAt} is null`),
    check('holds_decided', sql`(${t.decidedAt} is null) = (${t.decision} is null)`),
  ],
);

/** Erasures asked for, with the answer of every store, until all have answered. Written by sync/erase/erasures. */
export const erasures = pgTable(
  'erasures',
  {
    id: uuid().primaryKey(),
    /** A keyed hash of the source ID: the receipt names nobody. */
    subject: text().notNull(),
    /** The source ID itself, only while the destination still has to be told. */
    sourceId: text('source_id'),
    permanent: boolean().notNull(),
    /** {store: {answer, at, rows?}} */
    answers: jsonb().notNull(),
    requestedAt: time('requested_at').notNull(),
    dueAt: time('due_at'),
    lease: uuid(),
    attempts: integer().notNull().default(0),
    endedAt: time('ended_at'),
  },
  (t) => [
    index('erasures_due').on(t.dueAt).where(sql`${t.endedAt} is null`),
    check('erasures_ended', sql`(${t.endedAt} is not null) = (${t.sourceId} is null)`),
  ],
);

/** Keyed hashes of whom was erased, so that no source brings them back. Written by sync/erase/suppressions. */
export const suppressions = pgTable('suppressions', {
  hash: text().primaryKey(),
  erasedAt: time('erased_at').notNull(),
});

export const deliveryStates = ['waiting', 'held', 'delivered', 'dead'] as const;

/**
 * The duty to bring one customer's newest revision to the destination: one narrow row per customer, a level and no
 * list. `due_at` moves to the lease's end when a row is claimed, so a lease that runs out is simply due again.
 * Written by sync/deliver/deliveries.
 */
export const deliveries = pgTable(
  'deliveries',
  {
    sourceId: text('source_id').primaryKey(),
    /** The revision wanted. */
    revision: integer().notNull(),
    /** The revision acknowledged last. */
    acknowledged: integer(),
    state: text({ enum: deliveryStates }).notNull().default('waiting'),
    /** 0 webhook, 1 manual, 2 schedule, 3 backfill. */
    lane: smallint().notNull(),
    dueAt: time('due_at'),
    /** Since when something waits: a newer revision inherits it. */
    waitingSince: time('waiting_since'),
    attempts: integer().notNull().default(0),
    /** An attempt was begun whose end we do not know: the next one sends everything we own. */
    uncertain: boolean().notNull().default(false),
    lease: uuid(),
    /** The bulk action that carries it now. */
    batchId: uuid('batch_id'),
    /** The source's clock of the oldest change that is not yet delivered. */
    changedAt: time('changed_at'),
    /** From the source's change to the destination's word, of the last delivery. */
    freshnessMs: bigint('freshness_ms', { mode: 'number' }),
    deliveredAt: time('delivered_at'),
    errorCode: text('error_code'),
    error: text(),
  },
  (t) => [
    index('deliveries_due').on(t.lane, t.dueAt).where(sql`${t.state} = 'waiting' and ${t.batchId} is null`),
    index('deliveries_batch').on(t.batchId).where(sql`${t.batchId} is not null`),
    index('deliveries_dead').on(t.sourceId).where(sql`${t.state} = 'dead'`),
    check('deliveries_state', sql`${t.state} in ('waiting', 'held', 'delivered', 'dead')`),
    check('deliveries_due_at', sql`(${t.state} = 'waiting') = (${t.dueAt} is not null)`),
    check('deliveries_waiting_since', sql`(${t.state} = 'delivered') = (${t.waitingSince} is null)`),
    check('deliveries_acknowledged', sql`${t.state} <> 'delivered' or ${t.acknowledged} = ${t.revision}`),
  ],
);

/** What the destination acknowledged, by field. Written by sync/deliver/acknowledgements. */
export const acknowledgements = pgTable('acknowledgements', {
  sourceId: text('source_id').primaryKey(),
  revision: integer().notNull(),
  fields: jsonb().notNull(),
  acknowledgedAt: time('acknowledged_at').notNull(),
});

/** A bulk action on its way to the destination, or accepted and not ended there. Written by sync/deliver/batches. */
export const batches = pgTable(
  'batches',
  {
    id: uuid().primaryKey(),
    /** Null where the destination has not named it, or nobody heard. */
    actionId: text('action_id'),
    /** What was sent: [{sourceId, revision, fields}]. */
    items: jsonb().notNull(),
    submittedAt: time('submitted_at').notNull(),
    polls: integer().notNull().default(0),
    dueAt: time('due_at').notNull(),
    lease: uuid(),
  },
  (t) => [index('batches_due').on(t.dueAt)],
);

export const deadLetterKinds = ['inbox', 'record', 'delivery'] as const;

/** What was given up until something changes, kept whole so that it can be tried again. Written by sync/letters/dead-letters. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text({ enum: deadLetterKinds }).notNull(),
    /** The source, or `destination` for deliveries. */
    source: text().notNull(),
    stream: text().notNull().default(''),
    /** The record ID, row or source ID it is about. */
    ref: text().notNull(),
    runId: bigint('run_id', { mode: 'number' }),
    code: text().notNull(),
    /** The vendor's words, or ours. */
    message: text().notNull(),
    detail: jsonb().notNull().default({}),
    times: integer().notNull().default(1),
    createdAt: time('created_at').notNull(),
    lastAt: time('last_at').notNull(),
    /** When it was retried with success, overtaken by newer input, or discarded. */
    settledAt: time('settled_at'),
  },
  (t) => [
    uniqueIndex('dead_letters_open').on(t.kind, t.source, t.stream, t.ref).where(sql`${t.settledAt} is null`),
    check('dead_letters_kind', sql`${t.kind} in ('inbox', 'record', 'delivery')`),
  ],
);

export const inboxStates = ['waiting', 'opened', 'dead'] as const;

/**
 * Authentic webhook requests, raw, from before they are answered until their time is over. `dead`: nothing of it could be
 * taken in; it lies there to be replayed. Written by sync/inbox/inbox.
 */
export const inbox = pgTable(
  'inbox',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** The source, or `destination` for its own webhooks. */
    source: text().notNull(),
    state: text({ enum: inboxStates }).notNull().default('waiting'),
    receivedAt: time('received_at').notNull(),
    method: text().notNull(),
    /** By name; what held credentials is masked. */
    query: jsonb().notNull(),
    headers: jsonb().notNull(),
    body: bytea().notNull(),
    dueAt: time('due_at'),
    openedAt: time('opened_at'),
    attempts: integer().notNull().default(0),
    /** What became of its items: see `ItemCounts`. */
    counts: jsonb(),
    error: text(),
    /** A person it names was erased: the body goes as soon as it is opened. */
    erase: boolean().notNull().default(false),
  },
  (t) => [
    index('inbox_due').on(t.source, t.id).where(sql`${t.state} = 'waiting'`),
    index('inbox_dead').on(t.source, t.id).where(sql`${t.state} = 'dead'`),
    index('inbox_over').on(t.openedAt).where(sql`${t.state} = 'opened'`),
    check('inbox_state', sql`${t.state} in ('waiting', 'opened', 'dead')`),
    check('inbox_due_at', sql`(${t.state} = 'waiting') = (${t.dueAt} is not null)`),
    check('inbox_opened_at', sql`(${t.state} = 'opened') = (${t.openedAt} is not null)`),
    check(
      'inbox_balance',
      sql`${t.state} <> 'opened' or (${t.counts} ->> 'items')::int = (${t.counts} ->> 'duplicates')::int + (${t.counts} ->> 'ignored')::int + (${t.counts} ->> 'refused')::int + (${t.counts} ->> 'taken')::int`,
    ),
    check(
      'inbox_record_balance',
      sql`${t.state} <> 'opened' or (${t.counts} ->> 'received')::int = (${t.counts} ->> 'changed')::int + (${t.counts} ->> 'unchanged')::int + (${t.counts} ->> 'superseded')::int + (${t.counts} ->> 'filtered')::int + (${t.counts} ->> 'rejected')::int`,
    ),
  ],
);

/** Items that have come, by the vendor's name for each, so that a repeat is known for one. Written by sync/inbox/item-keys. */
export const itemKeys = pgTable(
  'item_keys',
  {
    source: text().notNull(),
    key: text().notNull(),
    /** The request that brought it first: a replay of it is no repeat. */
    inboxId: bigint('inbox_id', { mode: 'number' }).notNull(),
    /** The vendor does not send it again after that. */
    expiresAt: time('expires_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.key] }), index('item_keys_expired').on(t.expiresAt)],
);

/** Records that may have changed and wait to be read, one row each however often it is said. Written by sync/inbox/touches. */
export const touches = pgTable(
  'touches',
  {
    source: text().notNull(),
    stream: text().notNull(),
    recordId: text('record_id').notNull(),
    /** The vendor's newest clock of a change. */
    changedAt: time('changed_at').notNull(),
    /** The vendor says that it is gone: deleted or erased. */
    gone: text(),
    /** When it was first told of since it was last read. */
    since: time('since').notNull(),
    /** How often it was told of since then. */
    times: integer().notNull().default(1),
    /** Counts up with each telling: who has read settles only what it read for. */
    version: integer().notNull().default(1),
    dueAt: time('due_at').notNull(),
    lease: uuid(),
    attempts: integer().notNull().default(0),
    /** It made the vendor refuse others that were asked for with it: it is asked for alone. */
    alone: boolean().notNull().default(false),
    error: text(),
  },
  (t) => [
    primaryKey({ columns: [t.source, t.stream, t.recordId] }),
    index('touches_due').on(t.source, t.stream, t.dueAt),
  ],
);

/** How changes became known, by hour: by webhook first, or by a poll that found what no webhook had told. Written by sync/inbox/coverage. */
export const coverage = pgTable(
  'coverage',
  {
    source: text().notNull(),
    hour: time('hour').notNull(),
    /** webhook or poll */
    channel: text().notNull(),
    changes: integer().notNull(),
    /** From the source's change to our knowing it: how many in each doubling of 100 ms. */
    lags: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.source, t.hour, t.channel] })],
);

/** Customers that the destination holds otherwise than it acknowledged, until that is over. Written by sync/proof/drifts. */
export const drifts = pgTable(
  'drifts',
  {
    sourceId: text('source_id').primaryKey(),
    /** differs, deleted (gone at the destination), unknown (nothing acknowledged of it) */
    kind: text().notNull(),
    /** By field: {expected, found}. */
    fields: jsonb().notNull(),
    /** What found it: webhook, or the verification's ID. */
    by: text().notNull(),
    foundAt: time('found_at').notNull(),
  },
  (t) => [index('drifts_found').on(t.foundAt)],
);

/** A source (by name) or the destination (`destination`) that is paused. Written by sync/pauses. */
export const pauses = pgTable('pauses', {
  name: text().primaryKey(),
  /** person, unauthorized, refusals or project. */
  cause: text().notNull(),
  reason: text().notNull(),
  pausedAt: time('paused_at').notNull(),
  /** When it is tried again without a person; null where only a person resumes it. */
  trialAt: time('trial_at'),
  trials: integer().notNull().default(0),
});

/** Accounts of the destination; acknowledgements are of the one adopted last. Written by sync/deliver/project. */
export const destinationAccounts = pgTable('destination_accounts', {
  account: text().primaryKey(),
  adoptedAt: time('adopted_at').notNull(),
});

/** The metadata schema of each account of the destination as it was read last. Written by sync/kept-schema. */
export const destinationSchemas = pgTable('destination_schemas', {
  account: text().primaryKey(),
  /** Null where the destination has none. */
  schema: jsonb(),
  readAt: time('read_at').notNull(),
});

/** Every process that works or worked here. Written by engine/work/worker-registry. */
export const workers = pgTable('workers', {
  id: uuid().primaryKey(),
  host: text().notNull(),
  pid: integer().notNull(),
  startedAt: time('started_at').notNull(),
  /** Null while it works. */
  endedAt: time('ended_at'),
  version: text(),
  /** By part of the configuration a short hash of it, without its secrets: whether two workers go by the same. */
  configuration: jsonb(),
});

/** Sessions of the page that a person ended, until they would have expired. Written by web/ended-sessions. */
export const endedSessions = pgTable('ended_sessions', {
  /** A hash. */
  id: text().primaryKey(),
  expiresAt: time('expires_at').notNull(),
});

/** Slots of a quota held by a process: each may carry one call per window. Written by engine/quota/slices. */
export const quotaSlices = pgTable(
  'quota_slices',
  {
    id: uuid().primaryKey(),
    account: text().notNull(),
    quota: text().notNull(),
    slots: integer().notNull(),
    /** The worker that holds it. */
    holder: uuid().notNull(),
    /** From then on the vendor has forgotten every call made with it. Moved on while the holder lives. */
    freeAt: time('free_at').notNull(),
  },
  (t) => [index('quota_slices_account').on(t.account, t.quota, t.freeAt)],
);

/** What is known of a quota beyond its description: spent in long windows, and until when it is exhausted. Written by engine/quota/slices. */
export const quotaStates = pgTable(
  'quota_states',
  {
    account: text().notNull(),
    quota: text().notNull(),
    exhaustedUntil: time('exhausted_until'),
    /** What the vendor said last. */
    limit: integer('limit_seen'),
    remaining: integer('remaining_seen'),
    seenAt: time('seen_at'),
    /** The share of the limit that refusals have left us, 0 to 1: it grows back with what goes well, and with time. */
    learnedShare: real('learned_share'),
    learnedAt: time('learned_at'),
  },
  (t) => [primaryKey({ columns: [t.account, t.quota] })],
);

/** Calls made, by lane and hour. Written by engine/quota/spend. */
export const quotaSpend = pgTable(
  'quota_spend',
  {
    account: text().notNull(),
    quota: text().notNull(),
    lane: smallint().notNull(),
    hour: time('hour').notNull(),
    calls: integer().notNull(),
    /** Of them those that the vendor refused with 429. */
    refused: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.account, t.quota, t.hour, t.lane] })],
);

/** From a source's change to the destination's word, by lane and hour. Written by sync/deliver/freshness. */
export const freshness = pgTable(
  'freshness',
  {
    lane: smallint().notNull(),
    hour: time('hour').notNull(),
    deliveries: integer().notNull(),
    /** How many in each doubling of 100 ms. */
    lags: jsonb().notNull(),
  },
  (t) => [primaryKey({ columns: [t.hour, t.lane] })],
);

/** Forecasts, with what came of those that were carried out. Written by sync/plan/forecasts. */
export const forecasts = pgTable('forecasts', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  madeAt: time('made_at').notNull(),
  /** What was forecast: {source, mode}. */
  request: jsonb().notNull(),
  forecast: jsonb().notNull(),
  /** The run that carried it out, where one did. */
  runId: bigint('run_id', { mode: 'number' }),
  actual: jsonb(),
});

export const verificationStates = ['requested', 'finished', 'failed'] as const;

/** The destination read back and compared, with a report that is chained to the one before it. Written by sync/proof/verifications. */
export const verifications = pgTable(
  'verifications',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    state: text({ enum: verificationStates }).notNull().default('requested'),
    /** What was asked: {sample} or {full}, heal, who asked. */
    request: jsonb().notNull(),
    requestedAt: time('requested_at').notNull(),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
    /** Where it goes on: the way of reading, the export's ID, the position. */
    cursor: jsonb(),
    /** What was counted so far, then the whole report. */
    report: jsonb(),
    error: text(),
    attempts: integer().notNull().default(0),
    dueAt: time('due_at'),
    lease: uuid(),
    leasedUntil: time('leased_until'),
    /** An export at the vendor that is still to be deleted there: it is full of people. */
    exportId: text('export_id'),
    /** The hash of the report before this one, and of this with that. */
    previousHash: text('previous_hash'),
    hash: text(),
  },
  (t) => [
    index('verifications_due').on(t.dueAt).where(sql`${t.state} = 'requested'`),
    check('verifications_state', sql`${t.state} in ('requested', 'finished', 'failed')`),
    check('verifications_ended', sql`(${t.state} <> 'requested') = (${t.endedAt} is not null)`),
    check('verifications_hash', sql`${t.state} <> 'finished' or ${t.hash} is not null`),
  ],
);

/** Customers that a full verification has met, until it has ended. Written by sync/proof/verified. */
export const verifiedCustomers = pgTable(
  'verified_customers',
  {
    verificationId: bigint('verification_id', { mode: 'number' }).notNull(),
    sourceId: text('source_id').notNull(),
  },
  (t) => [primaryKey({ columns: [t.verificationId, t.sourceId] })],
);

/** How the destination behaves where its documents leave it open, as a probe found out. Written by sync/proof/traits. */
export const destinationTraits = pgTable('destination_traits', {
  account: text().primaryKey(),
  /** By question: {answer, evidence}. */
  answers: jsonb().notNull(),
  probedAt: time('probed_at').notNull(),
});

/** Of each account the access token that all workers share, sealed. Written by engine/http/oauth-tokens. */
export const oauthTokens = pgTable('oauth_tokens', {
  account: text().primaryKey(),
  /** {accessToken, refreshToken}, sealed under the secret key; null until the first was got. */
  sealed: text(),
  expiresAt: time('expires_at'),
  /** Of the grant in the configuration: another one begins anew. */
  grantHash: text('grant_hash').notNull(),
  refreshedAt: time('refreshed_at'),
  /** Who is getting a new one. */
  lease: uuid(),
  leasedUntil: time('leased_until'),
});

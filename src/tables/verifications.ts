// The verifications table: asked for one at a time, leased to one worker, counted as they go, ended with a report that is
// chained to the one before it. It knows no vendor and compares nothing.
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Json, JsonObject } from '../connector.ts';
import type { Signed, VerificationStatement } from '../contract/receipt.ts';
import {
  type Verification as Answer,
  type Report as ReportAnswer,
  type VerificationState,
  verificationStates,
} from '../contract/verification.ts';
import type { FieldDrift } from '../customer/drift.ts';
import { isOneOf, time } from '../db/column-types.ts';
import { type Database, json, jsonList, type Queryable, toTimestamp } from '../db/database.ts';
import { notifying } from '../db/notifications.ts';
import { leasedBy } from '../engine/work/worker-registry.ts';
import { type Chain, chainHash, emptyChain, erased, follow } from './report-chain.ts';

/** The destination read back and compared, with a report that is chained to the one before it. */
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
    /** The receipt of the report, for whoever has the public key. */
    signed: jsonb(),
  },
  (t) => [
    index('verifications_due').on(t.dueAt).where(sql`${t.state} = 'requested'`),
    check('verifications_state', isOneOf(t.state, verificationStates)),
    check('verifications_ended', sql`(${t.state} <> 'requested') = (${t.endedAt} is not null)`),
    check('verifications_hash', sql`${t.state} <> 'finished' or ${t.hash} is not null`),
  ],
);

export type DifferingFields = { [field: string]: FieldDrift };

/** What an older version counted may lack `stale`. */
export type Report = ReportAnswer & { stale: NonNullable<ReportAnswer['stale']> };

function emptyReport(mode: Report['mode']): Report {
  return {
    mode,
    source: null,
    fallback: null,
    acknowledged: 0,
    compared: 0,
    matching: 0,
    differing: { count: 0, fields: {}, examples: [] },
    stale: { count: 0, fields: {}, examples: [] },
    missing: { count: 0, examples: [] },
    deletedThere: 0,
    unknownToUs: { count: 0, examples: [] },
    withoutSourceId: 0,
    inFlight: 0,
    unread: {},
    notCompared: [],
    forms: [],
    calls: 0,
    seconds: 0,
    confidence: null,
    healed: 0,
    summary: null,
  };
}

export interface VerificationRequest {
  /** Everything, or so many chosen at random. */
  sample: number | null;
  /** What differs or is missing is sent again. */
  heal: boolean;
  by: 'person' | 'schedule';
  /** The sources whose vendors are compared with the stored records first; null or absent: none. */
  sources?: string[] | null;
  contents?: 'sample' | 'all';
  /** The schedule's moment that asked for it, epoch milliseconds: one verification however many workers hold the cron. */
  slot?: number;
}

export interface Verification extends Answer {
  report: Report;
  attempts: number;
}

const columns = sql`
  id, state, '{"slot": null, "sources": null, "contents": "sample"}'::jsonb || request as request, requested_at, started_at, ended_at, report, error, attempts, due_at,
  lease is not null as working, previous_hash, hash, signed`;

const mode = ({ sample }: VerificationRequest) => (sample === null ? 'full' : 'sample');

/** Null where the slot has had its verification; `going`: one is going still, and nothing was written. */
export async function requestVerification(
  database: Database,
  request: VerificationRequest,
  now: number,
): Promise<{ verification: Verification } | { going: Verification } | null> {
  return database.transaction(async (tx) => {
    await lockChain(tx);
    if (request.slot !== undefined) {
      const [had] = await tx.rows(
        sql`select 1 from verifications where request ->> 'slot' = ${String(request.slot)} limit 1`,
      );
      if (had) return null;
    }
    const [going] = await tx.rows<Verification>(
      sql`select ${columns} from verifications where state = 'requested' limit 1`,
    );
    if (going) return { going };
    const [verification] = await tx.rows<Verification>(
      notifying(
        'verify',
        sql`
      insert into verifications (request, requested_at, due_at, report)
      values (${json(request)}, ${toTimestamp(now)}, ${toTimestamp(now)}, ${json(emptyReport(mode(request)))}) returning ${columns}`,
      ),
    );
    return { verification: verification! };
  });
}

/** For a clock that showed a later time by mistake: slots that are still to come have had no verification. */
export async function releaseFutureSlots(database: Queryable, now: number): Promise<void> {
  await database.rows(sql`
    update verifications set request = request - 'slot' where (request ->> 'slot')::float8 > ${now + 60_000}`);
}

/** Until this transaction ends nobody else asks for a verification, or ends one. */
async function lockChain(tx: Queryable): Promise<void> {
  await tx.rows(sql`select pg_advisory_xact_lock(7225124)`);
}

export interface ClaimedVerification extends Verification {
  cursor: Json;
}

/** Claims the one that is due, where nobody holds it. */
export async function claimVerification(
  db: Queryable,
  claim: { lease: string; now: number; leaseMs: number },
): Promise<ClaimedVerification | null> {
  const [row] = await db.rows<ClaimedVerification>(sql`
    update verifications set lease = ${claim.lease}::uuid, leased_until = ${toTimestamp(claim.now + claim.leaseMs)},
      started_at = coalesce(started_at, ${toTimestamp(claim.now)})
    where id = (
      select id from verifications where state = 'requested' and due_at <= ${toTimestamp(claim.now)}
        and (leased_until is null or leased_until < ${toTimestamp(claim.now)})
      order by id limit 1 for update skip locked)
    returning ${columns}, cursor`);
  return row ?? null;
}

export interface HeldVerification {
  id: number;
  lease: string;
}

export class LostVerificationError extends Error {
  override name = 'LostVerificationError';
  constructor(id: number) {
    super(`verification ${id} is held by another worker by now`);
  }
}

/** What was counted so far, locked. Throws LostVerificationError where it is not ours any more. */
export async function lockProgress(tx: Queryable, held: HeldVerification): Promise<Report> {
  const [row] = await tx.rows<{ report: Report }>(sql`
    select report from verifications where id = ${held.id}::bigint and lease = ${held.lease}::uuid and state = 'requested' for update`);
  if (!row) throw new LostVerificationError(held.id);
  // One that an older version began lacks what is counted since.
  return { ...emptyReport(row.report.mode), ...row.report };
}

/** Keeps what was counted and where it goes on. Call within the transaction that has locked it. */
export async function keepProgress(
  tx: Queryable,
  held: HeldVerification,
  progress: { cursor: Json; report: Report; now: number; leaseMs: number },
): Promise<void> {
  await tx.rows(sql`
    update verifications set cursor = ${json(progress.cursor)}, report = ${json(progress.report)}, attempts = 0, error = null,
      leased_until = ${toTimestamp(progress.now + progress.leaseMs)}
    where id = ${held.id}::bigint and lease = ${held.lease}::uuid and state = 'requested'`);
}

export async function holdVerification(db: Queryable, held: HeldVerification, until: number): Promise<void> {
  await db.rows(sql`
    update verifications set leased_until = ${toTimestamp(until)}
    where id = ${held.id}::bigint and lease = ${held.lease}::uuid and state = 'requested'`);
}

/** Notes the export that is to be deleted at the vendor, or null once it is. */
export async function noteExport(db: Queryable, id: number, exportId: string | null): Promise<void> {
  await db.rows(sql`update verifications set export_id = ${exportId} where id = ${id}::bigint`);
}

/** Exports that nothing reads any more and that are still at the vendor. `endedAt`: of their verification, epoch ms. */
export async function exportsLeft(
  db: Queryable,
): Promise<{ id: number; exportId: string; endedAt: number | null }[]> {
  return db.rows(sql`
    select id, export_id, ended_at from verifications
    where export_id is not null and (state <> 'requested' or cursor ->> 'phase' not in ('exporting', 'export'))
    order by id limit 100`);
}

/** Gives it back to be gone on with later, from its cursor. `counted`: it used up an attempt. */
export async function putOffVerification(
  db: Queryable,
  held: HeldVerification,
  later: { dueAt: number; counted: boolean; error: string | null },
): Promise<void> {
  await db.rows(sql`
    update verifications set lease = null, leased_until = null, due_at = ${toTimestamp(later.dueAt)}, error = ${later.error},
      attempts = attempts + ${later.counted ? 1 : 0}
    where id = ${held.id}::bigint and lease = ${held.lease}::uuid and state = 'requested'`);
}

/** Signs what a verification found, as its report is chained. Null where there is no key. */
export type SignReport = (chained: {
  previousHash: string | null;
  hash: string;
}) => Signed<VerificationStatement> | null;

/** Ends it with its report, chained to the one before. Call within the transaction that has locked its progress. */
export async function finishVerification(
  tx: Queryable,
  held: HeldVerification,
  { report, now, sign }: { report: Report; now: number; sign: SignReport },
): Promise<void> {
  await lockChain(tx);
  const [before] = await tx.rows<{ hash: string }>(
    sql`select hash from verifications where state = 'finished' order by id desc limit 1`,
  );
  const previousHash = before?.hash ?? null;
  // Hashed as the database has it: what it cleans or writes otherwise would break the chain by itself.
  const [kept] = await tx.rows<{ report: JsonObject }>(sql`select ${json(report)} as report`);
  const hash = chainHash(previousHash, kept!.report);
  const signed = sign({ previousHash, hash });
  await tx.rows(sql`
    update verifications set state = 'finished', ended_at = ${toTimestamp(now)}, due_at = null, lease = null, leased_until = null,
      cursor = null, error = null, report = ${json(kept!.report)}, previous_hash = ${previousHash}, hash = ${hash},
      signed = ${signed === null ? null : json(signed)}
    where id = ${held.id}::bigint and lease = ${held.lease}::uuid and state = 'requested'`);
}

/** Ends it without a proof. What was counted until then stays to be seen. */
export async function failVerification(
  db: Queryable,
  held: HeldVerification,
  error: string,
  now: number,
): Promise<void> {
  await db.rows(sql`
    update verifications set state = 'failed', ended_at = ${toTimestamp(now)}, due_at = null, lease = null, leased_until = null,
      cursor = null, error = ${error}
    where id = ${held.id}::bigint and lease = ${held.lease}::uuid and state = 'requested'`);
}

/** What a dead worker was at may be taken up at once. */
export async function freeVerifications(db: Queryable, worker: string): Promise<void> {
  await db.rows(sql`
    update verifications set lease = null, leased_until = null
    where state = 'requested' and ${leasedBy(sql`lease`, worker)}`);
}

/** A person wants it no longer. False where it has ended. What was counted until then stays to be seen. */
export async function cancelVerification(db: Queryable, id: number, now: number): Promise<boolean> {
  const rows = await db.rows(sql`
    update verifications set state = 'failed', ended_at = ${toTimestamp(now)}, due_at = null, lease = null, leased_until = null,
      cursor = null, error = ${cancelled}
    where id = ${id}::bigint and state = 'requested' returning id`);
  return rows.length > 0;
}

const cancelled = 'It was cancelled.';

/** When the one that is going falls due. */
export const verificationDueAt = sql`
  select min(greatest(due_at, coalesce(leased_until, due_at))) from verifications where state = 'requested'`;

export async function verificationById(db: Queryable, id: number): Promise<Verification | null> {
  const [row] = await db.rows<Verification>(
    sql`select ${columns} from verifications where id = ${id}::bigint`,
  );
  return row ?? null;
}

/** The newest first, those before `before` where given. */
export async function listVerifications(
  db: Queryable,
  page: { state?: VerificationState | undefined; before?: number | undefined; limit: number },
): Promise<Verification[]> {
  return db.rows(sql`
    select ${columns} from verifications
    where ${page.state === undefined ? sql`true` : sql`state = ${page.state}`}
      and ${page.before === undefined ? sql`true` : sql`id < ${page.before}::bigint`}
    order by id desc limit ${page.limit}`);
}

/** The newest that has ended. */
export async function lastEnded(db: Queryable): Promise<Verification | null> {
  const [row] = await db.rows<Verification>(
    sql`select ${columns} from verifications where state <> 'requested' order by id desc limit 1`,
  );
  return row ?? null;
}

/** Reckons every hash anew. */
export async function checkChain(db: Queryable): Promise<Chain> {
  let chain = emptyChain;
  for (let after = 0; ; ) {
    const links = await db.rows<{
      id: number;
      report: JsonObject;
      previousHash: string | null;
      hash: string;
    }>(sql`
      select id, report, previous_hash, hash from verifications
      where state = 'finished' and id > ${after}::bigint order by id limit 100`);
    for (const link of links) chain = follow(chain, link);
    if (links.length < 100 || chain.broken) return chain;
    after = links.at(-1)!.id;
  }
}

/** Takes a person who is erased out of every report. The chain goes on to hold. How many reports named them. */
export async function forgetInVerifications(
  db: Queryable,
  names: { sourceId: string; emails: readonly string[]; recordIds?: readonly string[] },
): Promise<number> {
  const quoted = [names.sourceId, ...names.emails, ...(names.recordIds ?? [])].map((name) =>
    JSON.stringify(name).toLowerCase(),
  );
  const rows = await db.rows<{ id: number; report: JsonObject }>(sql`
    select id, report from verifications
    where exists (select 1 from json_array_elements_text(${jsonList(quoted)}) as name where strpos(lower(report::text), name) > 0)
    order by id for update`);
  for (const { id, report } of rows) {
    const isNamed = (example: JsonObject) => {
      const text = JSON.stringify(example).toLowerCase();
      return quoted.some((name) => text.includes(name));
    };
    const without = (value: Json): Json => {
      if (typeof value !== 'object' || value === null) return value;
      if (Array.isArray(value)) return value.map(without);
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          key === 'examples' && Array.isArray(inner)
            ? (inner as JsonObject[]).map((one) => (isNamed(one) ? erased(one) : one))
            : without(inner),
        ]),
      );
    };
    await db.rows(sql`update verifications set report = ${json(without(report))} where id = ${id}::bigint`);
  }
  return rows.length;
}

// One stream of a source in hand of a verification: how its vendor is asked, and how what was counted moves on with the cursor.
import type { Context, Stream } from '../../connector.ts';
import type { ProvenStream, Tally } from '../../contract/source-proof.ts';
import type { Queryable } from '../../db/database.ts';
import { localFiles } from '../../engine/files.ts';
import { forgetAsExpected } from '../../tables/checked-records.ts';
import { forgetAllListed, type Proving } from '../../tables/listed-records.ts';
import type { Source } from '../intake/source.ts';
import type { Cursor, InHand, ProofStep, SourceCursor } from './in-hand.ts';

export interface Proof {
  inHand: InHand;
  cursor: SourceCursor;
  source: Source;
  stream: Stream<unknown>;
  proving: Proving;
  /** Calls to the vendor that the report does not count yet. */
  calls: number;
}

export const noTally: Tally = {
  count: 0,
  matched: 0,
  found: 0,
  postponed: 0,
  rejected: 0,
  erased: 0,
  unread: 0,
  unproven: 0,
};

export function unprovenStream(source: string, stream: string): ProvenStream {
  return {
    source,
    stream,
    state: 'waiting',
    why: null,
    by: null,
    settledBefore: null,
    expectedCalls: null,
    calls: 0,
    counted: null,
    hidden: 0,
    listed: { ...noTally },
    notListed: { ...noTally },
    filtered: 0,
    sampled: 0,
    findings: [],
    touched: 0,
  };
}

/** What the connector is handed: every call is counted, waits behind all other work, and is told to the source's health. */
export function contextOf(proof: Proof): Context<unknown> {
  const { inHand, source } = proof;
  const { vendors, clock } = inHand.deps;
  const endpoint = vendors.endpoint(source.name);
  const relation = vendors.relation(source.name);
  const health = vendors.health(source.name);
  const { settings, locale = {} } = source.config;
  const api = endpoint?.api('backfill', { signal: inHand.signal });
  return {
    settings,
    locale,
    api: {
      request: async (request) => {
        if (!api) throw new Error(`${source.name} describes no API`);
        proof.calls += 1;
        return health.guard(api, inHand.signal).request(request);
      },
    },
    ...(relation && { relation: health.guardRelation(relation, inHand.signal) }),
    files: localFiles,
    now: clock.now(),
  };
}

/** Keeps what was counted of the stream, with the step that follows. */
export async function advance(
  proof: Proof,
  step: ProofStep,
  count: (tx: Queryable, counted: ProvenStream) => Promise<void>,
): Promise<Cursor> {
  return keep(proof, { ...proof.cursor, step }, count);
}

/** The stream is done with: the next one follows, or the destination. */
export async function advanceToNext(
  proof: Proof,
  count: (tx: Queryable, counted: ProvenStream) => Promise<void>,
): Promise<Cursor> {
  const { targets, at } = proof.cursor;
  return keep(proof, { phase: 'source', targets, at: at + 1, step: { kind: 'begin' } }, count);
}

async function keep(
  proof: Proof,
  next: SourceCursor,
  count: (tx: Queryable, counted: ProvenStream) => Promise<void>,
): Promise<Cursor> {
  const made = proof.calls;
  await proof.inHand.advance(next, async (tx, report) => {
    const counted = report.streams![proof.cursor.at]!;
    counted.calls += made;
    await count(tx, counted);
  });
  proof.calls -= made;
  return next;
}

/** A verification has ended: of what was read only the findings stay. */
export async function forgetProving(tx: Queryable, verificationId: number): Promise<void> {
  await forgetAllListed(tx, verificationId);
  await forgetAsExpected(tx, verificationId);
}

// A verification that this worker holds, with all that reading the destination back needs.
import type { Context, Destination, Json, Relation, UnauthorizedError } from '../../connector.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Endpoint, EngineApi } from '../../engine/http/endpoint.ts';
import type { Log } from '../../engine/log/log.ts';
import type { ReceiptSigner } from '../../tables/signed-receipts.ts';
import type { ClaimedVerification, Report } from '../../tables/verifications.ts';
import type { Sending } from '../deliver/difference.ts';
import type { Rules } from '../intake/rules.ts';
import type { SourceHealth } from '../intake/source-health.ts';

export interface VerifyDeps {
  database: Database;
  clock: Clock;
  log: Log;
  destination: Destination<unknown>;
  settings: unknown;
  endpoint: Endpoint;
  /** What the stored records give. */
  rules: Rules;
  sending(): Sending;
  /** The vendors of the sources. */
  vendors: {
    endpoint(source: string): Endpoint | null;
    relation(source: string): Relation | null;
    health(source: string): SourceHealth;
  };
  /** Records are to be read by ID. */
  onTouched(): void;
  /** Customers were put on their way again. */
  onHealed(): void;
  /** Called when customers were found that differ. `by`: as their drifts say who found them. */
  onDiffering(by: string): Promise<void>;
  /** The account of the destination, as receipts name it. */
  account: string;
  receipts: ReceiptSigner;
  /** A lease of this worker, new for each claim. */
  newLease(): string;
  /** The destination refused the credentials. True where every call is refused, and the destination is paused. */
  confirmRefused(error: UnauthorizedError, signal: AbortSignal): Promise<boolean>;
}

/** One verification in hand. */
export interface InHand {
  deps: VerifyDeps;
  verification: ClaimedVerification;
  signal: AbortSignal;
  context(): Context<unknown> & { api: EngineApi };
  /** Counts into the report and moves the cursor, all or nothing. */
  advance(cursor: Cursor, count: (tx: Queryable, report: Report) => Promise<void>): Promise<void>;
}

/** One stream of a source, in the order of the report's `streams`. */
export interface Target {
  source: string;
  stream: string;
}

/** Where the proof of one stream goes on. `beganAt`: when its vendor was first asked, epoch milliseconds. */
export type ProofStep =
  | { kind: 'begin' }
  /** Page by page. `again`: whatever seemed to differ is looked for once more, because no record can be read by ID. */
  | { kind: 'list'; page: Json | null; restarts: number; beganAt: number; again?: true; whole?: true }
  /** What the list does not tell: stored records that are left out, of other customers, or of some that were never delivered. */
  | { kind: 'stored'; of: 'filtered' | 'others' | 'undelivered'; after: string; beganAt: number }
  /** By ID. `looked`: of the records that the list does not have; `alive`: of those. `look`: the first or the second. */
  | { kind: 'check'; look: 1 | 2; looked: number; alive: number; beganAt: number }
  | { kind: 'wait'; until: number; for: 'check' | 'count'; beganAt: number }
  | { kind: 'conclude'; beganAt: number; recounted?: true }
  | { kind: 'mend'; after: string };

export interface SourceCursor {
  phase: 'source';
  targets: Target[];
  at: number;
  step: ProofStep;
}

/** Where a verification goes on. `beganAt`: when this way of reading was begun, epoch milliseconds. */
export type Cursor =
  | SourceCursor
  /** All sources are proven. `since`: epoch milliseconds. */
  | { phase: 'destination'; since: number }
  | { phase: 'ordering'; beganAt: number }
  | { phase: 'exporting'; exportId: string; polls: number; beganAt: number }
  | { phase: 'export'; exportId: string; rows: number; beganAt: number; trust: Trust }
  | { phase: 'list'; page: Json | null; beganAt: number }
  | { phase: 'sample'; after: string; beganAt: number }
  | {
      phase: 'missing';
      after: string;
      beganAt: number;
      looked: number;
      found: number;
      /** Of those in flight so many were read one by one. */
      aside?: number;
    };

/** Fields in which an export differed, and whether reading customers one by one bore it out. */
export interface Trust {
  believed: string[];
  doubted: string[];
}

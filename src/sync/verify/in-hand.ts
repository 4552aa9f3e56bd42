// A verification that this worker holds, with all that reading the destination back needs.
import type { Context, Destination, Json, UnauthorizedError } from '../../connector.ts';
import type { Database, Queryable } from '../../db/database.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Endpoint, EngineApi } from '../../engine/http/endpoint.ts';
import type { Log } from '../../engine/log/log.ts';
import type { ReceiptSigner } from '../../tables/signed-receipts.ts';
import type { ClaimedVerification, Report } from '../../tables/verifications.ts';
import type { Sending } from '../deliver/difference.ts';
import type { Rules } from '../intake/rules.ts';

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

/** Where a verification goes on. `beganAt`: when this way of reading was begun, epoch milliseconds. */
export type Cursor =
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

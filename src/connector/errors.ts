// Errors, named by what happens next.
import type { Json } from './json.ts';

/** What was said, perhaps in words of a vendor, which end with a full stop or do not; and what to do. */
export function withAdvice(said: string, advice: string): string {
  return `${said.replace(/\.$/, '')}. ${advice}`;
}

/** Tried again: after the vendor's word, or after our own delay. */
export class TransientError extends Error {
  override name = 'TransientError';
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** The quota that refused, where it is known. */
  readonly quota: string | undefined;
  /** False where the vendor surely did nothing (a refusal); true where it may have done what was asked. */
  readonly uncertain: boolean;
  /**
   * The answer was not the vendor's: a proxy, firewall or gateway spoke. It says nothing of what was asked, so it is a
   * failure of the way there. Only where others get through at the same time can one request be to blame.
   */
  readonly foreign: boolean;
  /**
   * The vendor refused this one request for a reason that may pass (a conflict). Each refusal counts as an attempt, and after
   * a few of them it is rejected with this code.
   */
  readonly rejectedAs: string | undefined;

  constructor(
    message: string,
    options: {
      status?: number;
      retryAfterMs?: number;
      quota?: string;
      uncertain?: boolean;
      foreign?: boolean;
      rejectedAs?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.quota = options.quota;
    this.uncertain = options.uncertain ?? false;
    this.foreign = options.foreign ?? false;
    this.rejectedAs = options.rejectedAs;
  }
}

/** This one request cannot succeed as it is; others may. */
export class RejectedError extends Error {
  override name = 'RejectedError';
  readonly status: number | undefined;
  /** The vendor's own key of the error, for grouping: `metadata_validation_failed`. */
  readonly code: string;
  readonly details: Json | undefined;
  /**
   * The answer has no form that is known to be the vendor's, so that a gateway may have given it. It is believed once others are
   * answered while this one is refused again and again.
   */
  readonly unproven: boolean;

  constructor(
    message: string,
    options: { code: string; status?: number; details?: Json; unproven?: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.details = options.details;
    this.unproven = options.unproven ?? false;
  }
}

/**
 * The credentials are refused: the source or destination is paused, and tried again now and then. `final`: the vendor took
 * the grant back (`invalid_grant`), so that only a person can mend it. With a `status` that is an answer's word, which may be a mistake;
 * without one it is our own knowledge.
 */
export class UnauthorizedError extends Error {
  override name = 'UnauthorizedError';
  readonly final: boolean;
  readonly status: number | undefined;
  /** As that of a `RejectedError`. */
  readonly unproven: boolean;

  constructor(
    message?: string,
    options: { final?: boolean; status?: number; unproven?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.final = options.final ?? false;
    this.status = options.status;
    this.unproven = options.unproven ?? false;
  }
}

/**
 * `errorInSuccess` of a vendor whose successes say `true` at the key: what says anything else, or nothing, is a failure that came with
 * status 200, or somebody else's answer.
 */
export function unlessTrue(vendor: string, key: string) {
  return ({ status, json }: { status: number; json: Json | undefined }): TransientError | undefined => {
    const isTrue = json !== null && typeof json === 'object' && !Array.isArray(json) && json[key] === true;
    if (isTrue) return undefined;
    return new TransientError(`${vendor} did not say that a request succeeded`, { status, foreign: true });
  };
}

/** A vendor's error in its own words, on one line: `Acme answered 403, NO_PERMISSION: …`. */
export function answered(vendor: string, status: number, code: string, words: string | undefined): string {
  return `${vendor} answered ${status}, ${code}: ${(words ?? '').replaceAll(/\s+/g, ' ').slice(0, 300)}`;
}

// Voucherify's two buckets of calls and the headers that tell of them. It does not know routes.
import { QuotaWindows } from '../quota-windows.ts';
import type { Quota, Quotas } from './options.ts';

const TOO_MANY = { code: 429, message: 'Too many requests hit the API too quickly.' };

export type Bucket = 'single' | 'bulk';

/** Limits are counted over sliding windows, which is stricter than the calendar slots of the documents. */
export class CallQuotas {
  readonly #single: QuotaWindows;
  readonly #bulk: QuotaWindows;
  readonly #bulkIsBoth: boolean;

  constructor(quotas: Quotas) {
    this.#single = meter({ api_calls: quotas.apiCalls, api_calls_cycle: quotas.cycle });
    this.#bulk = meter({ bulk_api_calls: quotas.bulkCalls });
    this.#bulkIsBoth = quotas.bulkCountsAsApiCall ?? false;
  }

  /** Requests refused for quota so far. */
  get violations(): number {
    return this.#single.violations + this.#bulk.violations;
  }

  /** The 429 for one more call; or nothing, and the call is counted. */
  refuse(bucket: Bucket, nowMs: number): Response | undefined {
    const meters = this.#metersOf(bucket);
    // All are looked at before any counts: a call that one refuses costs the others nothing.
    const full = meters.find((one) => refusalOf(one, nowMs));
    if (!full) {
      for (const one of meters) one.admit(nowMs);
      return undefined;
    }
    full.violations += 1;
    const retryAfter = Math.ceil(refusalOf(full, nowMs)!.retryAfterSeconds);
    const headers = { ...headersOf(full, nowMs), 'Retry-After': String(retryAfter) };
    return Response.json(TOO_MANY, { status: 429, headers });
  }

  /** None when nothing is limited. */
  headers(bucket: Bucket, nowMs: number): Record<string, string> {
    const meters = this.#metersOf(bucket).filter((one) => one.windows.length > 0);
    const told = meters.find((one) => refusalOf(one, nowMs)) ?? meters[0];
    return told ? headersOf(told, nowMs) : {};
  }

  #metersOf(bucket: Bucket): QuotaWindows[] {
    if (bucket === 'single') return [this.#single];
    return this.#bulkIsBoth ? [this.#bulk, this.#single] : [this.#bulk];
  }
}

function meter(named: Record<string, Quota | undefined>): QuotaWindows {
  return new QuotaWindows(
    Object.entries(named).flatMap(([name, quota]) => (quota ? [{ name, ...quota }] : [])),
  );
}

/** Tells of the window that matters most: the one that is used up, else the shortest (limits.mdx names the headers). */
function headersOf(one: QuotaWindows, nowMs: number): Record<string, string> {
  const full = refusalOf(one, nowMs);
  const window = one.windows.find(({ name }) => name === full?.window) ?? one.windows[0]!;
  return {
    'X-Rate-Limit-Limit': String(window.requests),
    'X-Rate-Limit-Remaining': String(one.remaining(nowMs)[window.name]),
    'X-Rate-Limit-Retry': String(Math.ceil(nowMs / 1000 + (full?.retryAfterSeconds ?? 0))),
    'X-Rate-Limit-Type': window.name,
  };
}

/** Which window is used up and for how long. A full meter admits nothing, so asking it costs nothing and is no violation. */
function refusalOf(one: QuotaWindows, nowMs: number) {
  if (Object.values(one.remaining(nowMs)).every((left) => left > 0)) return undefined;
  const admission = one.admit(nowMs);
  if (admission.admitted) throw new Error('a used-up quota admitted a call');
  one.violations -= 1;
  return admission;
}

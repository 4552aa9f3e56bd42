// What a HubSpot account may ask and how often (reference/crm/hubspot.md §6). It does not know what was asked beyond
// "a search or not".
import { QuotaWindows } from '../quota-windows.ts';
import { rateLimited, searchLimited } from './errors.ts';

export type Plan = 'free' | 'professional' | 'enterprise' | 'oauth';

export type Quotas = {
  /** `false` lifts the limit. */
  burst: { requests: number; seconds: number } | false;
  search: { requests: number; seconds: number } | false;
  /** Requests from one UTC midnight to the next. */
  daily: number | false;
};

const search = { requests: 5, seconds: 1 };

export const planQuotas: Record<Plan, Quotas> = {
  free: { burst: { requests: 100, seconds: 10 }, search, daily: 250_000 },
  professional: { burst: { requests: 190, seconds: 10 }, search, daily: 650_000 },
  enterprise: { burst: { requests: 190, seconds: 10 }, search, daily: 1_000_000 },
  oauth: { burst: { requests: 110, seconds: 10 }, search, daily: false },
};

const dayMs = 86_400_000;

export class QuotaMeter {
  readonly #quotas: Quotas;
  readonly #burst: QuotaWindows;
  readonly #search: QuotaWindows;
  #day = Number.NaN;
  #usedToday = 0;
  #refusedByDay = 0;

  constructor(quotas: Quotas) {
    this.#quotas = quotas;
    this.#burst = new QuotaWindows(quotas.burst ? [{ name: 'TEN_SECONDLY_ROLLING', ...quotas.burst }] : []);
    this.#search = new QuotaWindows(quotas.search ? [{ name: 'SECONDLY', ...quotas.search }] : []);
  }

  /** Requests refused so far, by policy. */
  get violations(): { burst: number; search: number; daily: number } {
    return { burst: this.#burst.violations, search: this.#search.violations, daily: this.#refusedByDay };
  }

  /** Spends one request, or throws the 429; refused requests spend nothing. Search has a window of its own. */
  spend(kind: 'search' | 'other', nowMs: number): void {
    this.#turnDay(nowMs);
    if (this.#quotas.daily !== false && this.#usedToday >= this.#quotas.daily) {
      this.#refusedByDay += 1;
      throw rateLimited('DAILY');
    }
    if (kind === 'search' && !this.#search.admit(nowMs).admitted) throw searchLimited();
    if (kind === 'other' && !this.#burst.admit(nowMs).admitted) throw rateLimited('TEN_SECONDLY_ROLLING');
    this.#usedToday += 1;
  }

  /** Search answers tell of the day only, refused ones too (recorded 2022). */
  headers(kind: 'search' | 'other', nowMs: number): Record<string, string> {
    this.#turnDay(nowMs);
    const { daily } = this.#quotas;
    const burst = kind === 'search' ? false : this.#quotas.burst;
    return {
      ...(daily !== false && {
        'X-HubSpot-RateLimit-Daily': String(daily),
        'X-HubSpot-RateLimit-Daily-Remaining': String(daily - this.#usedToday),
      }),
      ...(burst && {
        'X-HubSpot-RateLimit-Interval-Milliseconds': String(burst.seconds * 1000),
        'X-HubSpot-RateLimit-Max': String(burst.requests),
        'X-HubSpot-RateLimit-Remaining': String(this.#burst.remaining(nowMs)['TEN_SECONDLY_ROLLING']),
      }),
    };
  }

  #turnDay(nowMs: number): void {
    const day = Math.floor(nowMs / dayMs);
    if (day === this.#day) return;
    this.#day = day;
    this.#usedToday = 0;
  }
}

// A quota of points that refills steadily, where each request costs some of them and every answer says how many. Such a quota is counted
// in pages, which cost most: the answers to smaller requests say nothing of them. It knows no vendor.
import type { ApiDescription, ApiRequest, ApiResponse } from './api.ts';
import { quotaReading } from './quotas.ts';
import { maxRetryMs, minRetryMs, valueAt } from './reading.ts';

export interface Points {
  /** The name of the quota. */
  name: string;
  /** Points that are restored per second. The quota holds what is restored in `seconds`. */
  perSecond: number;
  seconds: number;
  /** No page costs less. */
  minCost: number;
  /** Where an answer has its numbers. */
  at: PointsPaths;
  isPage(request: ApiRequest): boolean;
}

/** Paths in the body of an answer: what the request costs, and how the quota stands, in points and points per second. */
export interface PointsPaths {
  cost: string;
  maximum: string;
  available: string;
  perSecond: string;
}

/** Members of an `ApiDescription`. */
export function pointQuota({
  name,
  perSecond,
  seconds,
  minCost,
  at,
  isPage,
}: Points): Required<Pick<ApiDescription, 'quotas' | 'readQuotas'>> {
  return {
    quotas: [{ name, requests: Math.ceil((perSecond * seconds) / minCost), seconds, all: true }],
    readQuotas(response, request, now) {
      const said = numbersIn(response, at);
      if (!said || !isPage(request)) return [];
      const remaining = Math.max(Math.floor(said.available / said.cost), 0);
      const limit = Math.max(Math.floor(said.maximum / said.cost), 1);
      return quotaReading(name, { limit, remaining, waitMs: refillMs(response, at) }, now);
    },
  };
}

/** How long until the quota holds what such a request costs, milliseconds; undefined where the answer does not say. */
export function refillMs(response: ApiResponse, at: PointsPaths): number | undefined {
  const said = numbersIn(response, at);
  if (!said) return undefined;
  const ms = Math.ceil(((said.cost - said.available) / said.perSecond) * 1000);
  return Math.min(Math.max(ms, minRetryMs), maxRetryMs);
}

function numbersIn({ json }: ApiResponse, at: PointsPaths) {
  const number = (path: string) => {
    const value = valueAt(json, path);
    return typeof value === 'number' && Number.isFinite(value) ? value : 0;
  };
  const said = {
    cost: number(at.cost),
    maximum: number(at.maximum),
    available: number(at.available),
    perSecond: number(at.perSecond),
  };
  return said.cost > 0 && said.maximum > 0 && said.perSecond > 0 ? said : undefined;
}

// Windows of calls as a person gives them, into quotas; and the numbers that vendors' headers say of them. It knows no
// vendor.
import type { ApiResponse, Quota } from '../connector.ts';

/** One window: at most `requests` calls in any `seconds`. `reserve`: the share left to others, 0 to 1. */
export interface Window {
  requests: number;
  seconds: number;
  reserve?: number | undefined;
}

/** Quotas that every call draws on, named by their length; `names` where the vendor has a word for one: `{ 60: 'minute' }`. */
export function windowQuotas(
  windows: readonly Window[],
  names: { readonly [seconds: number]: string } = {},
): Quota[] {
  return windows.map(({ requests, seconds, reserve }) => ({
    name: names[seconds] ?? `${seconds}-seconds`,
    requests,
    seconds,
    all: true,
    ...(reserve !== undefined && { reserve }),
  }));
}

/** A header that holds a whole number, or undefined. `name` in lower case. */
export function wholeHeader({ headers }: Pick<ApiResponse, 'headers'>, name: string): number | undefined {
  const text = headers[name]?.trim();
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

// The version of a vendor's API that a connector speaks, and what is said before it ends. It knows no vendor.

export interface ApiVersion {
  /** As the vendor writes it: `2026-03`, `v3`. Null where the API has no versions. */
  name: string | null;
  /** The first day on which the vendor does not promise it any more, `YYYY-MM-DD`; null where the vendor names none. */
  endsOn: string | null;
}

const dayMs = 86_400_000;
const noticeDays = 90;

/** How many days the version still has at `now` (epoch milliseconds), if these are 90 at most; below zero after its end. */
export function daysLeft({ endsOn }: ApiVersion, now: number): number | null {
  if (endsOn === null) return null;
  const days = Math.ceil((Date.parse(`${endsOn}T00:00:00Z`) - now) / dayMs);
  return days <= noticeDays ? days : null;
}

/** The day so many months after the first of a month, `YYYY-MM` or `YYYY-MM-DD`. */
export function monthsAfter(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + months, day)).toISOString().slice(0, 10);
}

/** What a person is told in time; null where nothing is to be done yet. `name`: the source, or `destination`. */
export function endNotice(name: string, connector: string, version: ApiVersion, now: number): string | null {
  const days = daysLeft(version, now);
  if (days === null) return null;
  const what = `${name} uses version ${version.name ?? 'the present'} of the API of ${connector}, which`;
  const remedy =
    'Upgrade Tributary, or set the version to a newer one where the connector has a setting for it.';
  if (days <= 0) return `${what} the vendor has not supported since ${version.endsOn}. ${remedy}`;
  return `${what} the vendor supports until ${version.endsOn}: ${days} more ${days === 1 ? 'day' : 'days'}. ${remedy}`;
}

// Numbers, shares and durations as a person reads them. Pure.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,480` */
export function number(value: number): string {
  return whole.format(value);
}

/** `1 customer`, `12,500 customers`. */
export function counted(value: number, thing: string, things = `${thing}s`): string {
  return `${number(value)} ${value === 1 ? thing : things}`;
}

/** `There is hubspot.`, `There are hubspot, klaviyo.` */
export function thereAre(names: readonly string[]): string {
  return `There ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`;
}

/** `99 %`, `<1 %`. Rounded down, so that an incomplete share never reads as complete. */
export function percent(share: number): string {
  return share > 0 && share < 0.01 ? '<1 %' : `${Math.floor(share * 100)} %`;
}

/** `0.4 s`, `42 s`, `3 min`, `2 h 5 min`, `4 days`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(seconds < 1 ? 1 : 0)} s`;
  // "1 min" for 119 seconds would read as shorter than "76 s" beside it.
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/** A delay: `0.4 s`, `2.5 s`, `42 s`, `3 min`. */
export function lag(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds);
}

/** Epoch milliseconds as ISO 8601 in UTC: `2026-03-01T12:00:00.000Z`. */
export function iso(time: number): string {
  return new Date(time).toISOString();
}

// How rows come out of either driver: names as the code writes them, times and wide integers as numbers. The names of a result
// are converted once, not for each row, and what is inside of JSON stays as it is.

/** By the OID of a column's type. Everything else the two drivers parse alike, or it is given a cast. */
export const parsers: { readonly [type: number]: (text: string) => number } = {
  /** int8: what is counted here stays far below 2^53. */
  20: Number,
  /** timestamptz */
  1184: epochMs,
};

/** `source_id` as `sourceId`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const timestamp =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/;

/** Epoch milliseconds, with what microseconds there are as a fraction, of a timestamptz in the style ISO. Throws where it is in another. */
export function epochMs(text: string): number {
  const parts = timestamp.exec(text);
  if (parts === null) {
    if (text === 'infinity') return Infinity;
    if (text === '-infinity') return -Infinity;
    throw new Error('The server writes times in another DateStyle than ISO.');
  }
  const [, year, month, day, hours, minutes, seconds, fraction = '0', sign, ...offset] = parts;
  const [offsetHours, offsetMinutes = '0', offsetSeconds = '0', isBefore] = offset;
  const date = isBefore ? 1 - Number(year) : Number(year);
  // Date.UTC takes the years 0 to 99 for those of the last century.
  const midnight =
    date >= 100
      ? Date.UTC(date, Number(month) - 1, Number(day))
      : new Date(0).setUTCFullYear(date, Number(month) - 1, Number(day));
  const ahead = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60 + Number(offsetSeconds);
  const secondsOfDay = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  const whole = midnight + (secondsOfDay - (sign === '-' ? -ahead : ahead)) * 1000;
  return whole + Number(fraction) * 1000;
}

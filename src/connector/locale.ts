// How the values of a source are written: what a number counts where a time is wanted, the decimal sign, the form of dates,
// the time zone, the words for true and false. It reads nothing itself.

/** What a number since 1970 counts. A number alone does not tell: milliseconds of 1973 look like seconds of today. */
export type TimeUnit = 'seconds' | 'milliseconds' | 'microseconds';

/** Every part that is absent is as in ISO 8601 and JSON. */
export interface Locale {
  /**
   * What a number counts where a date or a time is wanted; `excel`: days, as a spreadsheet counts them. `unknown`: seconds, but
   * what may be either (`33000`) is refused.
   */
  readonly unit?: TimeUnit | 'excel' | 'unknown' | undefined;
  /**
   * Declared, groups of three digits may be separated: by the other of the two signs, blanks or apostrophes. Absent: a point,
   * and no groups. `unknown`: so too, but what may be either (`1.200`) is refused.
   */
  readonly decimal?: '.' | ',' | 'unknown' | undefined;
  /** Forms of dates beside ISO 8601: `DD.MM.YYYY`, `MM/DD/YYYY hh:mm A`. */
  readonly dates?: string | readonly string[] | undefined;
  /** IANA time zone of times without an offset. Default: UTC. */
  readonly timezone?: string | undefined;
  /** Words for true and false beside the usual ones, in any letter case. */
  readonly true?: readonly string[] | undefined;
  readonly false?: readonly string[] | undefined;
}

/** The parts of `over` where it has them, else those of `under`. */
export function localeOver(under: Locale, over: Locale): Locale {
  const given = Object.entries(over).filter(([, value]) => value !== undefined);
  return { ...under, ...Object.fromEntries(given) };
}

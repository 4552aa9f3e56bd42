// Time zones: the instant at which a wall clock shows a time, and the zones that labels name.

/** Before it no zone is worth its trouble, and `Date.UTC` takes the years to 99 for others. */
const earliestMs = Date.parse('1000-01-01T00:00:00.000Z');
const formats = new Map<string, Intl.DateTimeFormat>();

/** True for an IANA name that this runtime knows. */
export function isTimezone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Epoch milliseconds of the instant at which clocks in the zone (default UTC) show `local`: a wall-clock time written as if it
 * were UTC, epoch milliseconds. A time that is shown twice is the earlier one; one that is skipped moves on as the clock does.
 */
export function instantOf(local: number, zone: string | undefined): number {
  if (zone === undefined || zone === 'UTC' || local < earliestMs) return local;
  const before = local - offsetAt(local - 86_400_000, zone);
  if (before + offsetAt(before, zone) === local) return before;
  const after = local - offsetAt(local + 86_400_000, zone);
  return after + offsetAt(after, zone) === local ? after : before;
}

/** How far the zone's clocks are ahead of UTC at an instant, milliseconds. */
function offsetAt(epochMs: number, zone: string): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(epochMs)
      .map(({ type, value }) => [type, value]),
  );
  const { year, month, day, hour, minute, second } = parts;
  const shown = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return shown - Math.floor(epochMs / 1000) * 1000;
}

/** Kept by zone: making one takes a thousand times as long as using it. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** Abbreviations of time zones that are zones of the IANA database too. */
const zones = new Set(['CET', 'EET', 'WET', 'MET', 'EST', 'MST', 'HST', 'GMT', 'UTC']);
/** Others, and the zone in which a clock shows them. */
const zoneNames: { readonly [abbreviation: string]: string } = {
  ...{ CEST: 'CET', MEZ: 'CET', MESZ: 'CET', EEST: 'EET', WEST: 'WET' },
  ...{ EDT: 'EST5EDT', CDT: 'CST6CDT', MDT: 'MST7MDT', PDT: 'PST8PDT', PST: 'PST8PDT' },
};

/** The zone that the label of a time names, as in HubSpot's `Create Date (CET)`. */
export function zoneInLabel(label: string): { timezone?: string } {
  const [, written = ''] = /\(([A-Z]{3,4})\)$/.exec(label) ?? [];
  const timezone = zones.has(written) ? written : zoneNames[written];
  return timezone === undefined ? {} : { timezone };
}

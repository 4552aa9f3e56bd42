// When something is due by the calendar: cron expressions in a time zone. It knows nothing of what is started; that a
// slot is used once however many processes fire it is for the caller's row to say.
import cron, { type ScheduledTask } from 'node-cron';

/** Null where `expression` is a cron expression of five fields, or six with seconds; else what is wrong with it. */
export function scheduleFault(expression: string): string | null {
  const fields = fieldsOf(expression);
  if (fields !== 5 && fields !== 6)
    return `it has ${fields} field${fields === 1 ? '' : 's'}; five are allowed, or six with seconds first`;
  const { valid, errors } = cron.validateDetailed(expression);
  return valid
    ? null
    : errors.map(({ field, message }) => `${field}: ${message}`).join('; ') || 'it is no cron expression';
}

/** Null where the runtime knows the IANA time zone. */
export function timezoneFault(timezone: string): string | null {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return null;
  } catch {
    return 'no such time zone; use an IANA name such as Europe/Warsaw, or UTC';
  }
}

export class Schedule {
  readonly #tasks: ScheduledTask[] = [];

  /**
   * Calls `fire` with the slot, epoch milliseconds: the scheduled moment itself, in whole seconds, so that every
   * process names the same slot alike. A moment that a busy process missed is fired late.
   *
   * Each minute (or second) is looked at by itself, since node-cron's own reckoning of the next moment in a time zone
   * leaves out an hour when clocks are set back, and another one in a process that is started then.
   */
  every(expression: string, timezone: string, fire: (slot: number) => void): void {
    const hasSeconds = fieldsOf(expression) === 6;
    const stepMs = hasSeconds ? 1_000 : 60_000;
    const matchers = alternatives(expression).map((one) =>
      cron.createTask(one, () => {}, { timezone: 'UTC' }),
    );
    const look = ({ date }: { date: Date }) => {
      const slot = Math.floor(date.getTime() / 1000) * 1000;
      if (matchers.some((matcher) => isDue(matcher, slot, timezone, stepMs))) fire(slot);
    };
    const ticks = cron.schedule(hasSeconds ? '* * * * * *' : '* * * * *', look, {
      timezone: 'UTC',
      suppressMissedWarning: true,
    });
    ticks.on('execution:missed', look);
    this.#tasks.push(ticks, ...matchers);
  }

  stop(): void {
    for (const task of this.#tasks) void task.destroy();
    this.#tasks.length = 0;
  }
}

function fieldsOf(expression: string): number {
  return expression.trim().split(/\s+/).length;
}

/**
 * Where day of month and day of week are both restricted, cron takes either (POSIX, crontab); node-cron takes both
 * together. A field that begins with an asterisk restricts nothing.
 */
function alternatives(expression: string): string[] {
  const fields = expression.trim().split(/\s+/);
  const [ofMonth, ofWeek] = [fields.length - 3, fields.length - 1];
  const isRestricted = (field: string | undefined) => field !== undefined && !/^[*?]/.test(field);
  if (!isRestricted(fields[ofMonth]) || !isRestricted(fields[ofWeek])) return [expression];
  return [ofWeek, ofMonth].map((free) => fields.with(free, '*').join(' '));
}

/**
 * Whether the zone's clock shows a time of the schedule at this moment, or has just leapt over one. What it shows twice,
 * because it was set back, is due twice.
 */
function isDue(matcher: ScheduledTask, moment: number, timezone: string, stepMs: number): boolean {
  const shown = shownTime(moment, timezone);
  const first = Math.min(shownTime(moment - stepMs, timezone) + stepMs, shown);
  for (let time = first; time <= shown; time += stepMs) if (matcher.match(new Date(time))) return true;
  return false;
}

/** What the clocks of a zone show, as if it were UTC, epoch milliseconds. */
function shownTime(moment: number, timezone: string): number {
  const parts = formatOf(timezone).formatToParts(moment);
  const part = (type: string) => Number(parts.find((found) => found.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    const two = '2-digit' as const;
    const shape = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
    format = new Intl.DateTimeFormat('en', { ...shape, hourCycle: 'h23', calendar: 'gregory', timeZone });
    formats.set(timeZone, format);
  }
  return format;
}

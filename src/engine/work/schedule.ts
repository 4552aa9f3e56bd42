// When something is due by the calendar: cron expressions in a time zone. It knows nothing of what is started; that a
// slot is used once however many processes fire it is for the caller's row to say.
import cron, { type ScheduledTask } from 'node-cron';
import { type Clock, systemClock } from '../clock.ts';

/** The nicknames of crontab(5); `@reboot` names no moment. */
const nicknames: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** Null where `expression` is a cron expression of five fields, or six with seconds, or a nickname; else what is wrong with it. */
export function scheduleFault(expression: string): string | null {
  if (expression.trim().startsWith('@') && !isNickname(expression))
    return `there is no such nickname; these are known: ${[...nicknames.keys()].join(', ')}`;
  const { length } = fieldsOf(expression);
  if (length !== 5 && length !== 6)
    return `it has ${length} field${length === 1 ? '' : 's'}; five are allowed, or six with seconds first`;
  const faults = new Set(alternatives(expression).flatMap(faultsOf));
  return faults.size > 0 ? [...faults].join('; ') : null;
}

function isNickname(expression: string): boolean {
  return nicknames.has(expression.trim().toLowerCase());
}

function faultsOf(fields: string): string[] {
  const { valid, errors } = cron.validateDetailed(fields);
  if (valid) return [];
  return errors.length > 0
    ? errors.map(({ field, message }) => `${field}: ${message}`)
    : ['it is not a cron expression'];
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

/** A clock may be corrected by so much without a slot being meant twice. */
const correctionMs = 30_000;
/** The longest sleep: a clock that is set to another time is noticed within it. */
const maxSleepMs = 10_000;
/** What a process slept through is looked for so far back. */
const maxGapMs = { minutes: 86_400_000, seconds: 3_600_000 };

export class Schedule {
  readonly #clock: Clock;
  readonly #onSetBack: (slotsAfter: number) => void;
  readonly #stop = new AbortController();

  /**
   * `onSetBack`: the clock was set back by more than a correction; `slotsAfter`, epoch milliseconds, is the moment that it
   * shows now. Slots behind it that were fired are still to come, and will be fired again at their real time.
   */
  constructor(clock: Clock = systemClock, onSetBack: (slotsAfter: number) => void = () => {}) {
    this.#clock = clock;
    this.#onSetBack = onSetBack;
  }

  /**
   * Calls `fire` with the slot, epoch milliseconds: the scheduled moment itself, in whole seconds, so that every
   * process names the same slot alike. Of the moments that a busy or suspended process missed, or that the clock leapt
   * over, the last is fired late.
   *
   * Each minute (or second) is looked at by itself, since node-cron's own reckoning of the next moment in a time zone
   * leaves out an hour when clocks are set back, and another one in a process that is started then.
   */
  every(expression: string, timezone: string, fire: (slot: number) => void): void {
    void this.#follow(new Calendar(expression, timezone), fire);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #follow(calendar: Calendar, fire: (slot: number) => void): Promise<void> {
    const { stepMs } = calendar;
    const { signal } = this.#stop;
    const beginningOf = (moment: number) => Math.floor(moment / stepMs) * stepMs;
    let looked = beginningOf(this.#clock.now());
    while (!signal.aborted) {
      await this.#clock.sleep(Math.min(looked + stepMs - this.#clock.now(), maxSleepMs), signal);
      if (signal.aborted) return;
      const now = this.#clock.now();
      if (now < looked - correctionMs) {
        looked = beginningOf(now);
        this.#onSetBack(now);
        continue;
      }
      const slot = calendar.lastDue(looked, beginningOf(now));
      looked = Math.max(looked, beginningOf(now));
      if (slot !== null) fire(slot);
    }
  }
}

/** The moments that an expression names in a time zone. */
export class Calendar {
  readonly stepMs: number;
  readonly #timezone: string;
  readonly #matchers: readonly ScheduledTask[];
  readonly #gapMs: number;

  constructor(expression: string, timezone: string) {
    const hasSeconds = fieldsOf(expression).length === 6;
    this.stepMs = hasSeconds ? 1_000 : 60_000;
    this.#gapMs = maxGapMs[hasSeconds ? 'seconds' : 'minutes'];
    this.#timezone = timezone;
    this.#matchers = alternatives(expression).map((one) => {
      const task = cron.createTask(one, () => {}, { timezone: 'UTC' });
      // It still matches; but node-cron would keep every task that was ever made.
      void task.destroy();
      return task;
    });
  }

  /** Whether it names this moment, epoch milliseconds. */
  isDue(moment: number): boolean {
    if (moment % this.stepMs !== 0) return false;
    return this.#matchers.some((matcher) => isDue(matcher, moment, this.#timezone, this.stepMs));
  }

  /** The last moment that it names after `from` and until `to`, both whole steps; null where there is none. */
  lastDue(from: number, to: number): number | null {
    const first = Math.max(from, to - this.#gapMs);
    for (let moment = to; moment > first; moment -= this.stepMs) if (this.isDue(moment)) return moment;
    return null;
  }

  /** The first moment that it names after `from`; null where there is none within so many steps. */
  nextDue(from: number, maxSteps: number): number | null {
    const first = Math.floor(from / this.stepMs) * this.stepMs;
    for (let step = 1; step <= maxSteps; step += 1)
      if (this.isDue(first + step * this.stepMs)) return first + step * this.stepMs;
    return null;
  }
}

function fieldsOf(expression: string): string[] {
  const written = expression.trim();
  return (nicknames.get(written.toLowerCase()) ?? written).split(/\s+/);
}

/**
 * Where day of month and day of week are both restricted, cron takes either (POSIX, crontab); node-cron takes both
 * together. A field that begins with an asterisk restricts nothing.
 */
function alternatives(expression: string): string[] {
  const fields = fieldsOf(expression);
  const [ofMonth, month, ofWeek] = [fields.length - 3, fields.length - 2, fields.length - 1];
  const isRestricted = (field: string | undefined) => field !== undefined && !/^[*?]/.test(field);
  const all = fields.join(' ');
  if (!isRestricted(fields[ofMonth]) || !isRestricted(fields[ofWeek])) return [all];
  const byMonth = fields.with(ofWeek, '*');
  const byWeek = fields.with(ofMonth, '*').join(' ');
  // Of "30 February, or any Monday" the Mondays remain.
  const neverComes = !cron.validate(byMonth.join(' ')) && cron.validate(byMonth.with(month, '*').join(' '));
  return neverComes ? [byWeek] : [byMonth.join(' '), byWeek];
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

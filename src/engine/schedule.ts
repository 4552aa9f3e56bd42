// When something is due by the calendar: cron expressions in a time zone. It knows nothing of what is started; that a
// slot is used once however many processes fire it is for the caller's row to say.
import cron, { type ScheduledTask } from 'node-cron';

/** Null where `expression` is a cron expression of five fields, or six with seconds; else what is wrong with it. */
export function scheduleFault(expression: string): string | null {
  const fields = expression.trim().split(/\s+/).length;
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
   */
  every(expression: string, timezone: string, fire: (slot: number) => void): void {
    const fireAt = ({ date }: { date: Date }) => fire(Math.floor(date.getTime() / 1000) * 1000);
    const task = cron.schedule(expression, fireAt, { timezone, suppressMissedWarning: true });
    task.on('execution:missed', fireAt);
    this.#tasks.push(task);
  }

  stop(): void {
    for (const task of this.#tasks) void task.destroy();
    this.#tasks.length = 0;
  }
}

// Times, rates and values as the page writes them. Pure.
import { duration, number } from '../../words.ts';

/** `just now`, `12 s ago`; in the future `in 12 s`. Both are epoch milliseconds. */
export function ago(time: number, now: number): string {
  const seconds = (now - time) / 1000;
  if (seconds < -1) return `in ${duration(-seconds)}`;
  return seconds < 2 ? 'just now' : `${duration(seconds)} ago`;
}

/** `1,240/s`, `0.4/s` */
export function rate(perSecond: number): string {
  return `${perSecond < 10 ? perSecond.toFixed(1) : number(perSecond)}/s`;
}

/** `60 s` as `minute`, for `2,000 calls a minute`. */
export function window(seconds: number): string {
  const names: { [seconds: number]: string } = {
    1: 'a second',
    60: 'a minute',
    3600: 'an hour',
    86400: 'a day',
    2592000: 'a month',
  };
  return names[seconds] ?? `in ${duration(seconds)}`;
}

/** A cron expression in words where it is a plain interval, else as it is. */
export function schedule(expression: string | null): string {
  if (expression === null) return 'only when asked';
  const fields = expression.trim().split(/\s+/);
  const [seconds, minutes, hours, ...rest] = fields.length === 6 ? fields : ['0', ...fields];
  if (rest.some((field) => field !== '*')) return expression;
  const every = (field: string | undefined, unit: string) => {
    if (field === '*') return `every ${unit}`;
    const step = /^\*\/(\d+)$/.exec(field ?? '')?.[1];
    return step ? (step === '1' ? `every ${unit}` : `every ${step} ${unit}s`) : null;
  };
  if (minutes === '*' && hours === '*' && seconds !== '0') return every(seconds, 'second') ?? expression;
  if (seconds === '0' && hours === '*')
    return every(minutes, 'minute') ?? (minutes === '0' ? 'every hour' : expression);
  if (seconds === '0' && minutes === '0') return every(hours, 'hour') ?? expression;
  return expression;
}

/** A value of a field as one line. */
export function value(found: unknown): string {
  if (found === undefined) return 'nothing';
  return typeof found === 'string' ? found : JSON.stringify(found);
}

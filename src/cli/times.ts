// Times as a person writes them on a command line. It knows no command.
import { UsageError } from './errors.ts';

const shape = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** ISO 8601 in UTC, as the API takes it. Without an offset a time is UTC, without a time a day begins at midnight. */
export function timeOf(written: string): string {
  const text = written.trim();
  const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/i.test(text.slice(10));
  const whole =
    text.length === 10
      ? `${text}T00:00Z`
      : `${text.replace(' ', 'T').replace(/\s/, '')}${hasOffset ? '' : 'Z'}`;
  const moment = shape.test(text) ? Date.parse(whole) : Number.NaN;
  if (Number.isNaN(moment))
    throw new UsageError(
      `"${written}" is not a time: write a time as 2026-03-01T12:00:00Z, or a day as 2026-03-01.`,
    );
  return new Date(moment).toISOString();
}

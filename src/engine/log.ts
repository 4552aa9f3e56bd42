// The log: one JSON object a line, or one sentence a line on a terminal. It keeps credentials out of both.
import { stripVTControlCharacters } from 'node:util';
import { type DestinationStream, type Level, type LevelWithSilent, type LogFn, pino } from 'pino';

/** What others log with, so that none of them imports pino. */
export interface Log {
  trace: LogFn;
  debug: LogFn;
  info: LogFn;
  warn: LogFn;
  error: LogFn;
  fatal: LogFn;
  /** The same log with these said in every line: `{ source, run }`. */
  child(bindings: { [key: string]: unknown }): Log;
}

export type LogLevel = LevelWithSilent;

export interface LogOptions {
  level: LogLevel;
  /** Sentences for a person instead of JSON; `plain` without colours. */
  pretty?: boolean | 'plain';
  /** Takes whole lines, each with its line feed. Default: standard output. */
  write?: (line: string) => void;
}

export function createLog({ level, pretty = false, write }: LogOptions): Log {
  const out = write ?? ((line: string) => void process.stdout.write(line));
  const stream: DestinationStream = {
    write: pretty
      ? (line) => out(pretty === 'plain' ? stripVTControlCharacters(sentence(line)) : sentence(line))
      : out,
  };
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => masked(object) as Record<string, unknown>,
      },
      // Errors have been taken apart by then; pino's own would drop their causes' fields.
      serializers: { err: (error) => error },
      hooks: { streamWrite: maskText },
    },
    stream,
  );
  // pino writes a child's bindings as they are; children inherit this from their parent.
  const child = log.child;
  return Object.assign(log, {
    child(this: typeof log, bindings: { [key: string]: unknown }): Log {
      return child.call(this, masked(bindings) as Record<string, unknown>);
    },
  });
}

const secretKey =
  /authorization|token|secret|password|passwd|credential|cookie|private[-_]?key|api[-_]?key|access[-_]?key|signature/i;
const secretText = /\b(Bearer|Basic)(\s+)[\w.~+/=-]{6,}/gi;
const mask = '[hidden]';
const deepest = 8;

function maskText(text: string): string {
  return text.replace(secretText, `$1$2${mask}`);
}

/** A copy without the values of keys that name a secret, however deep, and with errors as plain objects. */
function masked(value: unknown, depth = 0, seen: readonly unknown[] = []): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (seen.includes(value)) return '[circular]';
  if (depth >= deepest) return '[deeper]';
  const within = [...seen, value];
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1, within));
  if (value instanceof Error) return masked(plainError(value), depth, within);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return masked(Object.fromEntries(value), depth, within);
  if (value instanceof Set) return masked([...value], depth, within);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      secretKey.test(key) && item !== null && item !== undefined && typeof item !== 'boolean'
        ? mask
        : masked(item, depth + 1, within),
    ]),
  );
}

function plainError(error: Error): Record<string, unknown> {
  // An error's own four are not enumerable; what else it carries (code, status) is.
  const { name, message, stack, cause } = error;
  return { ...error, name, message, stack, ...(cause === undefined ? {} : { cause }) };
}

const colours: Record<Level, string> = {
  trace: '90',
  debug: '90',
  info: '32',
  warn: '33',
  error: '31',
  fatal: '31',
};

/** `14:03:07 warn hubspot run 12: sentence  (key value, key value)` */
function sentence(line: string): string {
  const { time, level, msg, source, run, err, ...rest } = JSON.parse(line) as {
    time: string;
    level: Level;
    msg?: string;
    source?: string;
    run?: number | string;
    err?: { message?: string; stack?: string };
  };
  const who = [source, run === undefined ? undefined : `run ${run}`]
    .filter((part) => part !== undefined)
    .join(' ');
  const more = Object.entries(rest).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const said = [who, [msg, err?.message].filter(Boolean).join(': ')].filter(Boolean).join(': ');
  const coloured = `\u001b[${colours[level]}m${level.padEnd(5)}\u001b[0m`;
  const clock = new Date(time).toTimeString().slice(0, 8);
  const tail = more.length ? `  \u001b[90m(${more.join(', ')})\u001b[0m` : '';
  // Only what we did not expect has a stack worth its lines.
  const stack = (level === 'error' || level === 'fatal') && err?.stack ? `\n${err.stack}` : '';
  return `${clock} ${coloured} ${oneLine(said)}${oneLine(tail)}${stack}\n`;
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

// The log: one JSON object a line, or one sentence a line on a terminal. It keeps credentials, e-mail addresses and control
// characters out of both, and counts what repeats.
import { stripVTControlCharacters } from 'node:util';
import { type DestinationStream, type Level, type LevelWithSilent, type LogFn, pino } from 'pino';
import { type Clock, systemClock } from '../clock.ts';
import { activeTrace } from '../trace/trace.ts';
import { spanNamed } from '../trace/traceparent.ts';
import { isExpected } from './expected.ts';
import { LogLimit } from './log-limit.ts';

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

/** The log of a process. */
export interface ProcessLog extends Log {
  /** Writes how often lines were repeated that are not written yet: the process ends. */
  writeCounted(): void;
}

export type LogLevel = LevelWithSilent;

export interface LogOptions {
  level: LogLevel;
  /** Sentences for a person instead of JSON; `plain` without colours. */
  pretty?: boolean | 'plain';
  /** Takes whole lines, each with its line feed. Default: standard output. */
  write?: (line: string) => void;
  /** Told of each line as JSON too, whatever is written. */
  keep?: ((line: string) => void) | undefined;
  /** What repeats is counted by its minutes. Default: the machine's clock. */
  clock?: Clock;
}

/** Bindings of a child that tell its lines from those of others. */
const bound = Symbol('bound');
type Bound = object & { [bound]?: string };

/**
 * Lines of the levels `info`, `warn` and `error` are limited: of each message text a handful a minute, of the same text with
 * the same words in its fields one a minute (`info`: five). What is left out is counted in the field `times` of the line that
 * follows a minute later. So a message text is a constant, and figures are fields.
 */
export function createLog({
  level,
  pretty = false,
  write,
  keep,
  clock = systemClock,
}: LogOptions): ProcessLog {
  const limit = new LogLimit(clock);
  const out = write ?? ((line: string) => void process.stdout.write(line));
  const stream: DestinationStream = {
    write(line) {
      keep?.(line);
      if (!pretty) out(line);
      else out(pretty === 'plain' ? stripVTControlCharacters(sentence(line)) : sentence(line));
    },
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
      mixin: () => activeIds() ?? {},
      // Errors have been taken apart by then; pino's own would drop their causes' fields.
      serializers: { err: (error) => error },
      hooks: {
        streamWrite: maskText,
        logMethod(args, method, level) {
          limited(limit, this as Bound, args, method, level);
        },
      },
    },
    stream,
  );
  // pino writes a child's bindings as they are; children inherit this from their parent.
  const child = log.child;
  return Object.assign(log, {
    child(this: Bound, bindings: { [key: string]: unknown }): Log {
      const made = child.call(this as typeof log, masked(bindings) as Record<string, unknown>);
      const words = `${this[bound] ?? ''} ${wordsOf(bindings)}`;
      return Object.assign(made, { [bound]: words });
    },
    writeCounted: () => limit.writeCounted(),
  });
}

/** Of the span in which the line was written, by the names that OpenTelemetry has for them in logs. */
function activeIds(): { trace_id: string; span_id: string } | null {
  const span = spanNamed(activeTrace());
  return span && { trace_id: span.traceId, span_id: span.spanId };
}

const levels = { info: 30, error: 50 };

/** Writes a line as it was called for, or has it counted. */
function limited(limit: LogLimit, log: Bound, args: readonly unknown[], method: LogFn, level: number): void {
  const [first, second] = args;
  const fields = first instanceof Error ? { err: first } : typeof first === 'object' && first ? first : {};
  const said = typeof first === 'string' ? first : (second ?? (first instanceof Error ? first.message : ''));
  const message = cleanText(String(said));
  const write = (times: number) =>
    Reflect.apply(method, log, [{ ...fields, ...(times > 1 && { times }) }, message]);
  if (level < levels.info || level > levels.error) {
    write(1);
    return;
  }
  const text = withoutFigures(message);
  const kind = `${log[bound] ?? ''} ${wordsOf(fields)}`;
  limit.pass({ text, kind, maxOfKind: level === levels.info ? 5 : 1, write });
}

/** What tells lines of one text apart: the words of their fields. Their figures do not. */
function wordsOf(fields: object): string {
  return Object.entries(fields)
    .map(([key, value]) => {
      if (value instanceof Error) return `${key} ${value.name} ${withoutFigures(value.message)}`;
      return typeof value === 'string' ? `${key} ${withoutFigures(value)}` : '';
    })
    .join(' ');
}

function withoutFigures(text: string): string {
  return text.slice(0, 200).replace(/\d+(\.\d+)?/g, '#');
}

const secretKey =
  /authorization|token|secret|password|passwd|credential|cookie|private[-_]?key|api[-_]?key|access[-_]?key|signature/i;
const secretText = /\b(Bearer|Basic)(\s+)[\w.~+/=-]{6,}/gi;
const mask = '[hidden]';
const maxDepth = 8;

function maskText(text: string): string {
  return text.replace(secretText, `$1$2${mask}`);
}

const maxText = 2_000;
const emailText = /[^\s@<>"'(),:;=/[\]]{1,64}@[^\s@<>"'(),:;=/[\]]+\.[a-z]{2,24}/gi;
const phoneText = /\+\d[\d ().-]{6,18}\d/g;
/** Control characters, and what turns the direction of a text or ends its line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A text as a log may hold it: one line of printable characters, of bounded length, that names nobody's address. */
export function cleanText(text: string): string {
  const bounded = text.length > maxText ? `${text.slice(0, maxText)}…` : text;
  return stripVTControlCharacters(oneLine(bounded))
    .replaceAll('\t', ' ')
    .replace(unprintable, '?')
    .replace(emailText, '[e-mail]')
    .replace(phoneText, '[phone]')
    .toWellFormed();
}

/** A copy of clean texts without the values of keys that name a secret, however deep, and with errors as plain objects. */
function masked(value: unknown, depth = 0, seen: readonly unknown[] = []): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (seen.includes(value)) return '[circular]';
  if (depth >= maxDepth) return '[deeper]';
  const within = [...seen, value];
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1, within));
  if (value instanceof Error) {
    const { stack, ...plain } = plainError(value);
    return { ...(masked(plain, depth, within) as object), ...(stack !== undefined && { stack }) };
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return masked(Object.fromEntries(value), depth, within);
  if (value instanceof Set) return masked([...value], depth, within);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      cleanText(key),
      secretKey.test(key) && item !== null && item !== undefined && typeof item !== 'boolean'
        ? mask
        : masked(item, depth + 1, within),
    ]),
  );
}

/** An error's own four are not enumerable; what else it carries (code, status) is. Only what nobody expected has a stack. */
function plainError(error: Error): { stack?: string; [key: string]: unknown } {
  const { name, message, stack, cause, ...more } = error as Error & { [key: string]: unknown };
  const expected = isExpected(error);
  return {
    ...more,
    name,
    message,
    ...(stack !== undefined && !expected && { stack: framesOf(name, message, stack) }),
    ...(cause === undefined ? {} : { cause: expected ? causeOf(cause) : cause }),
  };
}

/** Of what was to be expected the causes have no stack either. */
function causeOf(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const { stack: _, ...plain } = plainError(cause);
  return plain;
}

/** The stack with its message made clean: that may hold lines that look like ours. */
function framesOf(name: string, message: string, stack: string): string {
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return [`${name}: ${cleanText(message)}`, ...frames.map(cleanText).slice(0, 30)].join('\n');
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
  const {
    time,
    level,
    msg,
    source,
    endpoint,
    run,
    err,
    trace_id: _,
    span_id: __,
    ...rest
  } = JSON.parse(line) as {
    time: string;
    level: Level;
    msg?: string;
    source?: string;
    endpoint?: string;
    run?: number | string;
    err?: { message?: string; stack?: string };
    /** Who searches lines by their traces has them as JSON. */
    trace_id?: string;
    span_id?: string;
  };
  const who = [source ?? endpoint, run === undefined ? undefined : `run ${run}`]
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

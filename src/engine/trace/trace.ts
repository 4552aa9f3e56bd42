// What is done for one cause, as traces show it: spans, one within another, also across rows and workers. It knows no tracing
// library: where nothing is traced, the work is done and nothing else.
import { AsyncLocalStorage } from 'node:async_hooks';

/** Values of a span. Never anything of a person, a secret, or a text from outside: they leave for another system. */
export interface Attributes {
  readonly [name: string]: string | number | boolean | undefined;
}

export interface SpanOptions {
  /** Default: internal. `consumer`: takes up what another span left in the database. */
  kind?: 'server' | 'client' | 'consumer' | 'internal';
  attributes?: Attributes;
}

export interface RootOptions extends SpanOptions {
  /**
   * The spans that left the work, as rows name them. Where all are of one trace, it goes on in that; else it has a trace of
   * its own, with links to them.
   */
  causes?: readonly (string | null)[];
  /** Spans that it has to do with otherwise. */
  links?: readonly (string | null)[];
}

export interface Span {
  /** By which a row names it, in the form of W3C's `traceparent`; null where nothing is traced. */
  readonly traceparent: string | null;
  set(attributes: Attributes): void;
  /** It is not told of. */
  drop(): void;
}

/** A span that parts can be begun in. */
export interface ActiveSpan extends Span {
  within<Result>(name: string, options: SpanOptions, work: (span: Span) => Promise<Result>): Promise<Result>;
}

export interface Tracer {
  /** Does the work in a span of its own, whatever span is active here. It fails where the work throws. */
  begin<Result>(name: string, options: RootOptions, work: (span: Span) => Promise<Result>): Promise<Result>;
}

const noSpan: Span = { traceparent: null, set: () => {}, drop: () => {} };

/** Where nothing is traced. */
export const noTracer: Tracer = { begin: (_name, _options, work) => work(noSpan) };

const active = new AsyncLocalStorage<ActiveSpan>();

/** Does the work as a part of the active span; where there is none, without a span. */
export function within<Result>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const parent = active.getStore();
  return parent === undefined ? work(noSpan) : parent.within(name, options, work);
}

/** Does one part of the active span's work in the trace that asked for it, with a link to the active span. */
export function inTraceOf<Result>(
  traceparent: string | null,
  { tracer, name, attributes = {} }: { tracer: Tracer; name: string; attributes?: Attributes },
  work: () => Promise<Result>,
): Promise<Result> {
  const links = [activeTrace() ?? null];
  return tracer.begin(name, { kind: 'consumer', attributes, causes: [traceparent], links }, work);
}

/** By record ID the spans that told of records. */
export function tracesOf(
  told: Iterable<{ recordId: string; traceparent: string | null }>,
): ReadonlyMap<string, string> {
  const traces = new Map<string, string>();
  for (const { recordId, traceparent } of told) if (traceparent !== null) traces.set(recordId, traceparent);
  return traces;
}

/** For tracers: does the work while this span is the active one. */
export function whileActive<Result>(span: ActiveSpan, work: () => Promise<Result>): Promise<Result> {
  return active.run(span, work);
}

/** The active span, as rows store it: the step that takes up the row continues from it. Undefined if nothing is traced. */
export function activeTrace(): string | undefined {
  return active.getStore()?.traceparent ?? undefined;
}

// A span as a header or a row names it: version, trace, span and flags, as W3C Trace Context has it.

export interface SpanName {
  traceId: string;
  spanId: string;
  isSampled: boolean;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Null where the text names no span. */
export function spanNamed(traceparent: string | null | undefined): SpanName | null {
  const [, traceId, spanId, flags] = form.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function traceparentOf({ traceId, spanId, isSampled }: SpanName): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** Whether these are spans of more than one trace. */
export function areOfSeveralTraces(traceparents: Iterable<string | null>): boolean {
  let first: string | undefined;
  for (const traceparent of traceparents) {
    const traceId = spanNamed(traceparent)?.traceId;
    if (traceId === undefined) continue;
    first ??= traceId;
    if (traceId !== first) return true;
  }
  return false;
}

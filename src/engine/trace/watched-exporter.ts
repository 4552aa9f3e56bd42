// An exporter whose failures are told once, when they begin and when they end. Nothing else depends on them.
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from '../log/log.ts';

export function watched(exporter: SpanExporter, log: Log): SpanExporter {
  /** Since exports began to fail; null while they do not. */
  let lost: number | null = null;
  const note = (spans: readonly ReadableSpan[], error: Error | undefined) => {
    if (lost === null)
      log.warn(
        { reason: reasonOf(error) },
        'traces cannot be exported; they are lost until the collector takes them',
      );
    lost = (lost ?? 0) + spans.length;
  };
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== 0) note(spans, result.error);
        else if (lost !== null) {
          log.info({ spans: lost }, 'traces are exported again');
          lost = null;
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** What the collector answered besides is a text from outside, and may quote a header. */
function reasonOf(error: Error | undefined): string {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'number') return `the collector answered ${code}`;
  return typeof code === 'string' ? code : 'the collector does not answer';
}

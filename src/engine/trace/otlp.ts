// Traces for a collector that speaks OTLP. The only file that uses OpenTelemetry, which it loads when it is asked to.
import type { Context, Link, Span as OtelSpan, Tracer as OtelTracer, SpanContext } from '@opentelemetry/api';
import type { Sampler as OtelSampler } from '@opentelemetry/sdk-trace';
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { ExportSettings, Sampler } from './settings.ts';
import {
  type ActiveSpan,
  type Attributes,
  type RootOptions,
  type Span,
  type SpanOptions,
  type Tracer,
  whileActive,
} from './trace.ts';
import { areOfSeveralTraces, spanNamed, traceparentOf } from './traceparent.ts';
import { watched } from './watched-exporter.ts';

/** Of one span to others. */
const maxLinks = 32;

/** What one span is made of; each further part has a trace of its own, so that a long run is no trace without an end. */
const maxParts = 250;

/** Spans that wait to be exported; more are dropped. */
const maxWaiting = 8_192;

/** At the end so long is waited for the collector. */
const flushMs = 2_000;

export interface Tracing {
  tracer: Tracer;
  /** Exports what waits. Bounded, and never rejects. */
  close(): Promise<void>;
}

export async function startTracing(
  settings: ExportSettings,
  { clock, log, version, instance }: { clock: Clock; log: Log; version: string; instance: string },
): Promise<Tracing> {
  const api = await import('@opentelemetry/api');
  const { BatchSpanProcessor, TracerProvider, ...samplers } = await import('@opentelemetry/sdk-trace');
  const { defaultResource, resourceFromAttributes } = await import('@opentelemetry/resources');
  const { OTLPTraceExporter } =
    settings.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  const { url, headers, timeoutMs: timeoutMillis, compression, resource } = settings;
  type Options = Required<NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>>;
  const exporter = new OTLPTraceExporter({
    ...{ url, headers, timeoutMillis },
    compression: compression as Options['compression'],
  });
  tellDropped(api, log);
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': 'tributary',
        'service.version': version,
        'service.instance.id': instance,
        ...resource,
      }),
    ),
    sampler: samplerOf(settings.sampler, samplers),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: watched(exporter, log),
        maxQueueSize: maxWaiting,
        // The exporter's own limit ends first, so that what failed is told.
        exportTimeoutMillis: timeoutMillis + 1_000,
      }),
    ],
  });
  return {
    tracer: new OtlpTracer(api, provider.getTracer('tributary', version)),
    async close() {
      const over = new AbortController();
      const closed = provider.shutdown().catch(() => {});
      await Promise.race([closed, clock.sleep(flushMs, over.signal)]);
      over.abort();
    },
  };
}

type Api = typeof import('@opentelemetry/api');

/** The queue tells of what it has dropped by OpenTelemetry's own log, which is told nothing else worth a line. */
function tellDropped({ diag, DiagLogLevel }: Api, log: Log): void {
  const ignore = () => {};
  const warn = (message: string) => {
    const [, spans] = /^Dropped (\d+) spans/.exec(message) ?? [];
    if (spans !== undefined)
      log.warn({ spans: Number(spans) }, 'spans were dropped: there were more than the collector took');
  };
  diag.setLogger(
    { error: ignore, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

class OtlpTracer implements Tracer {
  readonly #api: Api;
  readonly #tracer: OtelTracer;

  constructor(api: Api, tracer: OtelTracer) {
    this.#api = api;
    this.#tracer = tracer;
  }

  begin<Result>(name: string, options: RootOptions, work: (span: Span) => Promise<Result>): Promise<Result> {
    const { causes = [], links = [] } = options;
    const contexts = this.#contextsOf(causes);
    const parent = areOfSeveralTraces(causes) ? undefined : contexts[0];
    const others = contexts.filter((context) => context !== parent);
    const linked = [...others, ...this.#contextsOf(links)].slice(0, maxLinks);
    return this.#carry(this.#start(name, options, { parent, links: linked }), work);
  }

  part<Result>(
    parent: SpanContext,
    name: string,
    options: SpanOptions,
    work: (span: Span) => Promise<Result>,
  ): Promise<Result> {
    return this.#carry(this.#start(name, options, { parent, links: [] }), work);
  }

  #start(
    name: string,
    { kind = 'internal', attributes = {} }: SpanOptions,
    { parent, links }: { parent: SpanContext | undefined; links: readonly SpanContext[] },
  ): OtelSpan {
    const { ROOT_CONTEXT, SpanKind, trace } = this.#api;
    const context: Context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const kinds = {
      server: SpanKind.SERVER,
      client: SpanKind.CLIENT,
      consumer: SpanKind.CONSUMER,
      internal: SpanKind.INTERNAL,
    };
    const asLinks = links.map((context): Link => ({ context }));
    return this.#tracer.startSpan(name, { kind: kinds[kind], attributes, links: asLinks }, context);
  }

  async #carry<Result>(started: OtelSpan, work: (span: Span) => Promise<Result>): Promise<Result> {
    const span = new OtlpSpan(this, started);
    try {
      return await whileActive(span, () => work(span));
    } catch (error) {
      started.setAttribute('error.type', typeOf(error));
      started.setStatus({ code: this.#api.SpanStatusCode.ERROR });
      throw error;
    } finally {
      if (!span.isDropped) started.end();
    }
  }

  /** Each once. */
  #contextsOf(traceparents: readonly (string | null)[]): SpanContext[] {
    const { NONE, SAMPLED } = this.#api.TraceFlags;
    return [...new Set(traceparents)].flatMap((traceparent) => {
      const named = spanNamed(traceparent);
      if (named === null) return [];
      const { traceId, spanId, isSampled } = named;
      return [{ traceId, spanId, traceFlags: isSampled ? SAMPLED : NONE, isRemote: true }];
    });
  }
}

class OtlpSpan implements ActiveSpan {
  readonly traceparent: string;
  isDropped = false;
  readonly #tracer: OtlpTracer;
  readonly #span: OtelSpan;
  #parts = 0;

  constructor(tracer: OtlpTracer, span: OtelSpan) {
    this.#tracer = tracer;
    this.#span = span;
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.traceparent = traceparentOf({ traceId, spanId, isSampled: (traceFlags & 1) === 1 });
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  drop(): void {
    this.isDropped = true;
  }

  within<Result>(name: string, options: SpanOptions, work: (span: Span) => Promise<Result>): Promise<Result> {
    this.#parts += 1;
    return this.#parts > maxParts
      ? this.#tracer.begin(name, { ...options, links: [this.traceparent] }, work)
      : this.#tracer.part(this.#span.spanContext(), name, options, work);
  }
}

/** What kind of failure it is, in few words: messages may quote a record. */
function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  const { status } = error as { status?: unknown };
  return typeof status === 'number' && status >= 400 ? String(status) : error.name;
}

function samplerOf(
  { root, ratio, followsParent }: Sampler,
  made: Pick<
    typeof import('@opentelemetry/sdk-trace'),
    'AlwaysOffSampler' | 'AlwaysOnSampler' | 'ParentBasedSampler' | 'TraceIdRatioBasedSampler'
  >,
): OtelSampler {
  const own =
    root === 'ratio'
      ? new made.TraceIdRatioBasedSampler(ratio)
      : root === 'on'
        ? new made.AlwaysOnSampler()
        : new made.AlwaysOffSampler();
  return followsParent ? new made.ParentBasedSampler({ root: own }) : own;
}

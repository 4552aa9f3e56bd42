// A collector that takes traces by OTLP over HTTP, as JSON, and keeps what it was sent. It knows no test.
import { Hono } from 'hono';
import { serve } from '../../simulators/serve.ts';
import { type Clock, systemClock } from '../../src/engine/clock.ts';

/** A slow machine loses no span at the end. */
export const patientClock: Clock = {
  now: () => systemClock.now(),
  sleep: (milliseconds, signal) => systemClock.sleep(milliseconds * 60, signal),
};

export interface CollectedSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  /** Null: it began the trace. */
  parentSpanId: string | null;
  links: string[];
  attributes: { [name: string]: string | number | boolean };
  isError: boolean;
}

interface Value {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
}

interface Attribute {
  key: string;
  value: Value;
}

interface Body {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: {
        name: string;
        kind: number;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        links?: { traceId: string; spanId: string }[];
        attributes: Attribute[];
        status?: { code?: number };
      }[];
    }[];
  }[];
}

export async function openTraceCollector() {
  const app = new Hono();
  const spans: CollectedSpan[] = [];
  const collector = {
    spans,
    /** Bodies as they came. */
    bodies: [] as string[],
    headers: [] as { [name: string]: string }[],
    resource: {} as CollectedSpan['attributes'],
    /** What is answered. */
    answer: async (): Promise<Response> => Response.json({}),
    url: '',
    close: async () => {},
    /** The only span of this name. */
    one(name: string): CollectedSpan {
      const [span, ...others] = spans.filter((span) => span.name === name);
      if (!span || others.length > 0)
        throw new Error(
          `${1 + others.length} spans ${name} among ${spans.map((span) => span.name).join(', ')}`,
        );
      return span;
    },
  };
  app.post('/v1/traces', async (c) => {
    const answer = await collector.answer();
    if (!answer.ok) return answer;
    collector.headers.push(c.req.header());
    const text = await c.req.text();
    collector.bodies.push(text);
    if (c.req.header('content-type') !== 'application/json') return answer;
    const { resourceSpans } = JSON.parse(text) as Body;
    for (const { resource, scopeSpans } of resourceSpans) {
      collector.resource = valuesOf(resource.attributes);
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) spans.push(collected(span));
    }
    return answer;
  });
  const served = await serve(app);
  return Object.assign(collector, { url: `${served.url}/v1/traces`, close: served.close });
}

function collected(
  span: Body['resourceSpans'][number]['scopeSpans'][number]['spans'][number],
): CollectedSpan {
  const { name, kind, traceId, spanId, parentSpanId, links = [], status } = span;
  return {
    ...{ name, kind, traceId, spanId, parentSpanId: parentSpanId ?? null },
    links: links.map((link) => link.traceId),
    attributes: valuesOf(span.attributes),
    isError: status?.code === 2,
  };
}

function valuesOf(attributes: readonly Attribute[]): CollectedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue),
    ]),
  );
}

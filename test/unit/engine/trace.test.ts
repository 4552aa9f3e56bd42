// Traces: what the environment asks for, how a span is named, and that nothing is loaded for those who have no collector.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/engine/log/log.ts';
import { startTracing } from '../../../src/engine/trace/otlp.ts';
import { exportSettings } from '../../../src/engine/trace/settings.ts';
import { activeTrace, noTracer, within } from '../../../src/engine/trace/trace.ts';
import { areOfSeveralTraces, spanNamed } from '../../../src/engine/trace/traceparent.ts';
import { openTraceCollector, patientClock } from '../../support/trace-collector.ts';

const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];

describe('the name of a span', () => {
  it('is read as W3C Trace Context has it', () => {
    expect(spanNamed(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, isSampled: true });
    expect(spanNamed(`cc-${traceId}-${spanId}-00-of-a-later-version`)).toMatchObject({ isSampled: false });
  });

  it.each([
    undefined,
    '',
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\r\nset-cookie: a`,
  ])('is none where it is %j', (text) => {
    expect(spanNamed(text)).toBeNull();
  });

  it('tells whether work was left by several traces', () => {
    const one = `00-${traceId}-${spanId}-01`;
    expect(areOfSeveralTraces([one, null, `00-${traceId}-00000000000000aa-01`])).toBe(false);
    expect(areOfSeveralTraces([null, one, `00-${'a'.repeat(32)}-${spanId}-01`])).toBe(true);
  });
});

describe('the environment', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

  it.each([
    {},
    { ...endpoint, OTEL_SDK_DISABLED: 'true' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_SERVICE_NAME: 'sync' },
  ])('asks for nothing with %j', (variables) => {
    expect(exportSettings(variables)).toEqual({ settings: null, warning: null });
  });

  it('names the collector, its credentials and what is said of this process', () => {
    const { settings, warning } = exportSettings({
      ...endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc%3D, x-scope = a=b,broken',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-scope=traces',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'sync',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    });
    expect(warning).toBeNull();
    expect(settings).toEqual({
      url: 'http://collector:4318/v1/traces',
      protocol: 'http/protobuf',
      headers: { authorization: 'Bearer abc=', 'x-scope': 'traces' },
      timeoutMs: 2_500,
      compression: 'gzip',
      resource: { 'deployment.environment.name': 'test', 'service.name': 'sync' },
      sampler: { root: 'ratio', ratio: 0.1, followsParent: true },
    });
  });

  it('that cannot be obeyed is warned of, and stops nothing', () => {
    const grpc = exportSettings({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
    expect(grpc).toEqual({ settings: null, warning: expect.stringContaining('OTEL_EXPORTER_OTLP_PROTOCOL') });
    const noUrl = exportSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' });
    expect(noUrl).toEqual({ settings: null, warning: expect.stringContaining('http://') });
    const sampler = exportSettings({ ...endpoint, OTEL_TRACES_SAMPLER: 'jaeger_remote' });
    expect(sampler.settings?.sampler).toEqual({ root: 'on', ratio: 1, followsParent: true });
    expect(sampler.warning).toContain('OTEL_TRACES_SAMPLER');
  });
});

describe('spans', () => {
  let close = async () => {};

  async function tracing(variables: { [name: string]: string } = {}) {
    const collector = await openTraceCollector();
    const { settings } = exportSettings({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      ...variables,
    });
    const lines: string[] = [];
    const log = createLog({ level: 'info', write: (line) => void lines.push(line) });
    const made = await startTracing(settings!, { clock: patientClock, log, version: '1', instance: 'one' });
    close = collector.close;
    return { ...made, collector, log, lines };
  }

  afterEach(() => close());

  it('have at most so many parts: the others have traces of their own, with a link', async () => {
    const { tracer, collector, close } = await tracing();
    await tracer.begin('run', {}, async () => {
      for (let n = 0; n < 300; n += 1) await within('pull', {}, async () => {});
    });
    await close();
    const run = collector.one('run');
    const pulls = collector.spans.filter(({ name }) => name === 'pull');
    expect(pulls.filter(({ traceId }) => traceId === run.traceId)).toHaveLength(250);
    const others = pulls.filter(({ traceId }) => traceId !== run.traceId);
    expect(others).toHaveLength(50);
    expect(others.every(({ links }) => links[0] === run.traceId)).toBe(true);
  });

  it('have at most so many links, and no parent, where several traces left the work', async () => {
    const { tracer, collector, close } = await tracing();
    const causes = Array.from(
      { length: 40 },
      (_, n) => `00-${(n + 1).toString(16).padStart(32, '0')}-${spanId}-01`,
    );
    await tracer.begin('open', { causes }, async () => {});
    await close();
    expect(collector.one('open')).toMatchObject({ parentSpanId: null });
    expect(collector.one('open').links).toHaveLength(32);
  });

  it('are not recorded by a sampler that says so, and keep their names', async () => {
    const { tracer, collector, close } = await tracing({ OTEL_TRACES_SAMPLER: 'always_off' });
    const name = await tracer.begin('run', {}, async () => activeTrace());
    expect(spanNamed(name)).toMatchObject({ isSampled: false });
    await close();
    expect(collector.spans).toEqual([]);
  });

  it('name themselves in the lines of the log that are written within', async () => {
    const { tracer, log, lines, close } = await tracing();
    log.info('before');
    const name = await tracer.begin('run', {}, async () => {
      log.info('within');
      return activeTrace();
    });
    await close();
    const { traceId, spanId } = spanNamed(name)!;
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('trace_id');
    expect(JSON.parse(lines[1]!)).toMatchObject({ msg: 'within', trace_id: traceId, span_id: spanId });
  });

  it('are sent as protobuf where nothing else is asked for, with the credentials', async () => {
    const { tracer, collector, close } = await tracing({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=abc',
    });
    await tracer.begin('run', {}, async () => {});
    await close();
    expect(collector.headers).toMatchObject([{ 'content-type': 'application/x-protobuf', 'x-key': 'abc' }]);
    expect(collector.bodies[0]).toContain('tributary');
  });

  it('are told of again once the collector takes them', async () => {
    const { tracer, collector, lines, close } = await tracing();
    const taken = collector.answer;
    collector.answer = async () => new Response(null, { status: 400 });
    const many = async () => {
      for (let n = 0; n < 600; n += 1) await tracer.begin('run', {}, async () => {});
    };
    await many();
    while (!lines.some((line) => line.includes('cannot be exported')))
      await new Promise((resolve) => setImmediate(resolve));
    collector.answer = taken;
    await many();
    await close();
    expect(lines.filter((line) => line.includes('cannot be exported'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('exported again'))).toHaveLength(1);
  });

  it('are nothing where nothing is traced', async () => {
    const seen = await noTracer.begin('run', {}, () =>
      within('pull', {}, async (span) => [span.traceparent, activeTrace()]),
    );
    expect(seen).toEqual([null, undefined]);
  });
});

it('OpenTelemetry is loaded only where there is a collector', async () => {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({ load(url, context, next) {
      const name = /@opentelemetry[/](?!api[/])[^/]+/.exec(url);
      if (name) loaded.add(name[0]);
      return next(url, context);
    } });
    await import('./src/app/app.ts');
    await import('./src/web/app.ts');
    await import('./src/cli/deps.ts');
    await import('./src/cli/start.ts');
    const before = [...loaded];
    const { startTracing } = await import('./src/engine/trace/otlp.ts');
    const { exportSettings } = await import('./src/engine/trace/settings.ts');
    const { settings } = exportSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    await startTracing(settings, { version: '1', instance: 'one', log: null, clock: null });
    console.log(JSON.stringify({ before, after: [...loaded].includes('@opentelemetry/sdk-trace') }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  expect(JSON.parse(stdout)).toEqual({ before: [], after: true });
});

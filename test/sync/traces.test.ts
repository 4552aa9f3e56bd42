// Traces as a collector gets them: from a webhook, or from a page that is pulled, to the write that Voucherify has acknowledged.
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/engine/clock.ts';
import { createLog } from '../../src/engine/log/log.ts';
import { startTracing, type Tracing } from '../../src/engine/trace/otlp.ts';
import { exportSettings } from '../../src/engine/trace/settings.ts';
import { createApp } from '../../src/web/app.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { seededSecrets } from '../support/secrets.ts';
import { openSyncWorld, type SyncWorld, type SyncWorldOptions } from '../support/sync-world.ts';
import { type CollectedSpan, openTraceCollector, patientClock } from '../support/trace-collector.ts';

const [{ open }] = behaviour;
const clientSecret = 'hubspot-client-secret';
const publicUrl = 'https://sync.example.com';
const token = 'a-secret-for-the-tests';

describe('traces', () => {
  let collector: Awaited<ReturnType<typeof openTraceCollector>>;
  let database: TestDatabase;
  let tracing: Tracing;
  let world: SyncWorld;
  let web: ReturnType<typeof createApp>;

  beforeEach(async () => {
    collector = await openTraceCollector();
    database = await open();
  });

  async function start(options: SyncWorldOptions = {}, { works = true } = {}): Promise<void> {
    const { settings } = exportSettings({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    const log = createLog({ level: 'silent' });
    tracing = await startTracing(settings!, { clock: patientClock, log, version: '1.2.3', instance: 'one' });
    world = await openSyncWorld(database, {
      hubspot: { push: { clientSecret, url: `${publicUrl}/webhooks/hubspot` } },
      source: { clientSecret },
      sources: {
        loyalty: {
          connector: 'webhook',
          authentication: { type: 'bearer', token },
          record: { id: 'id', changedAt: 'at' },
          sourceId: 'id',
          mapping: { name: 'name', email: 'email' },
        },
      },
      config: { publicUrl },
      tracer: tracing.tracer,
      ...options,
    });
    web = createApp(world.tributary, {
      apiToken: 'a-token-for-the-tests',
      version: '0',
      dataDir: '/nowhere',
    });
    if (works) await world.tributary.start();
  }

  const member = (id: string, headers: { [name: string]: string } = {}) =>
    web.request('/webhooks/loyalty', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        id,
        at: new Date(world.clock.now()).toISOString(),
        name: 'Wanda',
        email: 'wanda@example.org',
      }),
    });

  /** Everything has been exported. */
  async function collected(): Promise<readonly CollectedSpan[]> {
    await world.close();
    await tracing.close();
    return collector.spans;
  }

  afterEach(async () => {
    await world?.close();
    await tracing?.close();
    await collector.close();
    await database.close();
  });

  it('lead from a webhook that carries a record to the acknowledged write, in one trace', async () => {
    await start();
    expect((await member('wanda')).status).toBe(200);
    await world.rest();
    const spans = await collected();
    const webhook = collector.one('POST /webhooks/{source}');
    expect(webhook).toMatchObject({
      kind: 2,
      parentSpanId: null,
      attributes: { 'http.response.status_code': 200 },
    });
    const trace = spans.filter(({ traceId }) => traceId === webhook.traceId);
    const [opened, delivered] = [collector.one('open'), collector.one('deliver')];
    expect([opened, delivered].map(({ parentSpanId }) => parentSpanId)).toEqual([
      webhook.spanId,
      webhook.spanId,
    ]);
    expect(collector.one('ingest')).toMatchObject({
      parentSpanId: opened.spanId,
      attributes: { 'tributary.customers': 1 },
    });
    const call = trace.find(({ kind }) => kind === 3)!;
    expect(call).toMatchObject({
      name: 'POST',
      parentSpanId: delivered.spanId,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'tributary.endpoint': 'destination',
      },
    });
    expect(collector.one('settle')).toMatchObject({
      traceId: webhook.traceId,
      parentSpanId: delivered.spanId,
      attributes: { 'tributary.accepted': 1, 'tributary.rejected': 0 },
    });
    expect(world.voucherify.bySourceId('wanda')).toBeDefined();
    expect(collector.resource).toMatchObject({ 'service.name': 'tributary', 'service.version': '1.2.3' });
    const [row] = await database.rows<{ traceparent: string | null }>(
      sql`select traceparent from deliveries`,
    );
    expect(row).toEqual({ traceparent: null });
  });

  it('lead from a webhook that names a record by reading it to the acknowledged write, in one trace', async () => {
    await start();
    const id = world.hubspot.create({ firstname: 'Zofia', email: 'zofia@example.org' });
    for (const { method, headers, body } of world.hubspot.push!.take(world.clock.now()))
      await web.request(`${publicUrl}/webhooks/hubspot`, { method, headers, body: Buffer.from(body) });
    await world.rest();
    const spans = await collected();
    const webhook = collector.one('POST /webhooks/{source}');
    const names = spans.filter(({ traceId }) => traceId === webhook.traceId).map(({ name }) => name);
    expect(new Set(names)).toEqual(
      new Set(['POST /webhooks/{source}', 'open', 'hydrate', 'POST', 'ingest', 'deliver', 'settle']),
    );
    expect(world.voucherify.bySourceId(String(id))).toBeDefined();
  });

  it('lead from a pulled page to the bulk action that was polled, in one trace', async () => {
    await start();
    world.hubspot.seed(60, 7);
    await world.sync();
    const spans = await collected();
    const run = spans.find(
      ({ name, attributes }) => name === 'run' && attributes['tributary.source'] === 'hubspot',
    )!;
    const trace = spans.filter(({ traceId }) => traceId === run.traceId);
    const [deliver] = trace.filter(({ name }) => name === 'deliver');
    const [poll] = trace.filter(({ name }) => name === 'poll');
    expect(
      trace.filter(({ name }) => name === 'pull').every(({ parentSpanId }) => parentSpanId === run.spanId),
    ).toBe(true);
    expect(deliver!.attributes).toMatchObject({ 'tributary.route': 'bulk' });
    expect(poll!.parentSpanId).toBe(deliver!.spanId);
    const accepted = trace.map(({ attributes }) => Number(attributes['tributary.accepted'] ?? 0));
    expect(accepted.reduce((sum, one) => sum + one, 0)).toBe(60);
  });

  it('of webhooks that are opened together are linked to, and each is delivered in its own', async () => {
    await start({}, { works: false });
    for (let n = 0; n < 12; n += 1) await member(`member-${n}`);
    await world.tributary.start();
    await world.rest();
    const spans = await collected();
    const webhooks = spans.filter(({ name }) => name === 'POST /webhooks/{source}');
    const traces = new Set(webhooks.map(({ traceId }) => traceId));
    expect(traces.size).toBe(12);
    const opened = collector.one('open');
    expect(opened).toMatchObject({ parentSpanId: null, attributes: { 'tributary.requests': 12 } });
    expect(opened.links).toHaveLength(12);
    expect(opened.links.every((traceId) => traces.has(traceId))).toBe(true);
    expect(traces.has(opened.traceId)).toBe(false);
    const delivered = spans.filter(({ name }) => name === 'deliver customer');
    expect(new Set(delivered.map(({ traceId }) => traceId))).toEqual(traces);
    const calls = spans.filter(({ kind, traceId }) => kind === 3 && traces.has(traceId));
    expect(calls.length).toBeGreaterThanOrEqual(12);
  });

  it('hold nothing of a person, no path, no query and no secret', async () => {
    await start();
    world.hubspot.seed(20, 7);
    await world.sync();
    await member('wanda-1');
    await world.rest();
    await collected();
    const text = collector.bodies.join('\n');
    expect(text).toContain('tributary.endpoint');
    const people = [...world.hubspot.contacts()].flatMap(({ id, properties }) => [
      `"${id}"`,
      ...[properties['email'], properties['lastname'], properties['phone']].filter((value) => value),
    ]);
    const never = [
      ...people,
      'wanda',
      'example.org',
      '/v1/',
      '/crm/',
      'url.full',
      'url.path',
      ...seededSecrets,
    ];
    expect(never.filter((word) => text.toLowerCase().includes(String(word).toLowerCase()))).toEqual([]);
    const known =
      /^(http\.(request\.(method|resend_count)|response\.status_code|route)|server\.(address|port)|url\.scheme|error\.type|tributary\.\w+)$/;
    const names = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    expect([...names].filter((name) => !known.test(name))).toEqual([]);
  });

  it('are not steered from outside: a header is linked to, and what is not authentic leaves no span', async () => {
    await start();
    const theirs = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
    await member('wanda', { traceparent: `00-${theirs}-bbbbbbbbbbbbbbbb-00` });
    expect((await member('eve', { authorization: 'Bearer wrong-token-of-nobody' })).status).toBe(401);
    await world.rest();
    await collected();
    const webhook = collector.one('POST /webhooks/{source}');
    expect(webhook).toMatchObject({ parentSpanId: null, links: [theirs] });
    expect(webhook.traceId).not.toBe(theirs);
  });

  it('tell of a call that fails by its status, and not by its words', async () => {
    let failures = 0;
    const faults = ({ method }: Request) =>
      method === 'POST' && failures++ === 0
        ? Response.json({ message: 'wanda@example.org is odd' }, { status: 500 })
        : undefined;
    await start({ voucherify: { faults } });
    await member('wanda');
    await world.rest();
    const spans = await collected();
    const failed = spans.find(({ isError }) => isError)!;
    expect(failed.attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': '500' });
    expect(collector.bodies.join('')).not.toContain('odd');
  });
});

describe('a collector', () => {
  let database: TestDatabase;
  const lines: string[] = [];

  async function syncWith(url: string, { timeout = '300' } = {}): Promise<SyncWorld> {
    database = await open();
    const { settings } = exportSettings({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_TIMEOUT: timeout,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a-secret-for-the-tests',
    });
    const log = createLog({ level: 'debug', write: (line) => void lines.push(line) });
    const tracing = await startTracing(settings!, { clock: systemClock, log, version: '1', instance: 'one' });
    const world = await openSyncWorld(database, { tracer: tracing.tracer });
    world.hubspot.seed(1_200, 7);
    await world.tributary.start();
    await world.sync();
    await world.close();
    const begun = performance.now();
    await tracing.close();
    expect(performance.now() - begun).toBeLessThan(4_000);
    return world;
  }

  afterEach(async () => {
    await database.close();
    lines.length = 0;
  });

  it.each([
    { what: 'is down', answer: null },
    { what: 'answers 500', answer: async () => new Response('wanda', { status: 500 }) },
    { what: 'does not answer', answer: () => new Promise<Response>(() => {}) },
  ])('that $what harms nothing, and is told of once', async ({ answer }) => {
    const collector = await openTraceCollector();
    if (answer === null) await collector.close();
    else collector.answer = answer;
    const world = await syncWith(collector.url);
    expect([...world.voucherify.customers()]).toHaveLength(1_200);
    expect(lines.filter((line) => line.includes('traces cannot be exported'))).toHaveLength(1);
    expect(lines.join('')).not.toMatch(/wanda|a-secret-for-the-tests/);
    await collector.close();
  });
});

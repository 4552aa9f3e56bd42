// Traces of what flows back: from Voucherify's webhook, by the facts that it holds or that are read after it, to the write that the
// vendor has acknowledged.
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/engine/log/log.ts';
import { startTracing, type Tracing } from '../../src/engine/trace/otlp.ts';
import { exportSettings } from '../../src/engine/trace/settings.ts';
import { until } from '../support/sync-world.ts';
import { type CollectedSpan, openTraceCollector, patientClock } from '../support/trace-collector.ts';
import {
  openWriteBackWorld,
  type WriteBackWorld,
  type WriteBackWorldOptions,
} from '../support/write-back-world.ts';

describe('The traces of Voucherify’s webhooks', () => {
  let collector: Awaited<ReturnType<typeof openTraceCollector>>;
  let tracing: Tracing;
  let world: WriteBackWorld;

  beforeEach(async () => {
    collector = await openTraceCollector();
    const { settings } = exportSettings({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    const log = createLog({ level: 'silent' });
    tracing = await startTracing(settings!, { clock: patientClock, log, version: '1.2.3', instance: 'one' });
  });

  afterEach(async () => {
    await world?.close();
    await tracing.close();
    await collector.close();
  });

  /** A world with these customers at Klaviyo and at Voucherify, of whom nothing is to be written. */
  async function open(ids: readonly string[], options: WriteBackWorldOptions = {}): Promise<void> {
    world = await openWriteBackWorld({ tracer: tracing.tracer, ...options });
    for (const external_id of ids) world.klaviyo.create({ external_id });
    await world.sync('full', 'klaviyo');
    await world.rest();
  }

  /** Whom something is to be written of because of a webhook. */
  const wanted = () =>
    world.database.rows(sql`select traceparent from write_backs where traceparent is not null`);

  /** Everything has been exported. */
  async function collected(): Promise<readonly CollectedSpan[]> {
    await world.rest();
    expect(await wanted()).toEqual([]);
    await world.close();
    await tracing.close();
    return collector.spans;
  }

  const pointsOf = (sourceId: string) =>
    [...world.klaviyo.ids()]
      .filter((id) => String(world.klaviyo.get(id)?.attributes.external_id) === sourceId)
      .map((id) => world.properties(id)['loyalty_points'])[0];

  const call = (path: string, body: object = {}) =>
    world.web.request(path, {
      method: 'POST',
      headers: { authorization: 'Bearer a-token-for-the-tests', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const pauseWriting = () => call('/api/write-backs/klaviyo/pause', { reason: 'a test' });
  const resumeWriting = () => call('/api/write-backs/klaviyo/resume');

  const isWrite = ({ attributes }: CollectedSpan) =>
    attributes['http.request.method'] === 'PATCH' && attributes['tributary.endpoint'] === 'klaviyo';

  it('lead from facts that the webhook holds to the acknowledged write', async () => {
    await open(['shop-1']);
    world.voucherify.setFacts('shop-1', { points: 1200 });
    await world.shows(() => pointsOf('shop-1'), 1200);
    const spans = await collected();
    const call = spans.find(isWrite)!;
    const write = spans.find(({ spanId }) => spanId === call.parentSpanId)!;
    expect(write).toMatchObject({ name: 'write back', attributes: { 'tributary.source': 'klaviyo' } });
    const webhook = spans.find(({ spanId }) => spanId === write.parentSpanId)!;
    expect(webhook).toMatchObject({ name: 'POST /webhooks/{source}', parentSpanId: null });
    expect(
      spans.find(({ name, parentSpanId }) => name === 'settle' && parentSpanId === write.spanId),
    ).toMatchObject({
      traceId: webhook.traceId,
      attributes: { 'tributary.accepted': 1, 'tributary.rejected': 0 },
    });
  });

  it('lead from a webhook that names a customer, by reading the facts, to the acknowledged write', async () => {
    await open(['shop-1']);
    const vouchers = [{ code: 'SPRING', assignedAt: '2026-03-01T10:00:00.000Z' }];
    world.voucherify.setFacts('shop-1', { vouchers }, 'publication.succeeded');
    await world.shows(() => world.properties([...world.klaviyo.ids()][0]!)['last_code'], 'SPRING');
    const spans = await collected();
    const { traceId } = spans.find(isWrite)!;
    const inTrace = (name: string) => spans.filter((span) => span.name === name && span.traceId === traceId);
    const [webhook] = inTrace('POST /webhooks/{source}');
    const parts = [...inTrace('open'), ...inTrace('read facts'), ...inTrace('write back')];
    expect(parts.map(({ name }) => name)).toEqual(['open', 'read facts', 'write back']);
    expect(parts.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(3).fill(webhook!.spanId));
    const read = spans.filter(({ kind, parentSpanId }) => kind === 3 && parentSpanId === parts[1]!.spanId);
    expect(new Set(read.map(({ attributes }) => attributes['tributary.endpoint']))).toEqual(
      new Set(['destination']),
    );
  });

  it('are each gone on with where several customers are written together', async () => {
    const ids = ['shop-1', 'shop-2', 'shop-3'];
    await open(ids);
    await pauseWriting();
    for (const [index, id] of ids.entries()) world.voucherify.setFacts(id, { points: index + 1 });
    // A webhook that is on its way is no work yet.
    await until(async () => (await wanted()).length === 3);
    await resumeWriting();
    await world.shows(() => ids.map(pointsOf), [1, 2, 3]);
    const spans = await collected();
    const webhooks = new Set(
      spans.filter(({ name }) => name === 'POST /webhooks/{source}').map(({ traceId }) => traceId),
    );
    const acknowledged = spans.filter(isWrite);
    expect(acknowledged).toHaveLength(3);
    expect(new Set(acknowledged.map(({ traceId }) => traceId)).size).toBe(3);
    expect(acknowledged.every(({ traceId }) => webhooks.has(traceId))).toBe(true);
    const together = spans.filter(
      ({ name, attributes }) => name === 'write back' && attributes['tributary.customers'] === 3,
    );
    expect(together.some(({ links }) => links.filter((link) => webhooks.has(link)).length === 3)).toBe(true);
  });

  it('go on through a job at the vendor to the look that found it ended', async () => {
    await open(['shop-1', 'shop-2'], {
      webhooks: false,
      writeBack: { klaviyo: { fields: { loyalty_points: 'loyalty.points' }, create: true } },
    });
    for (const id of ['shop-1', 'shop-2']) world.voucherify.setFacts(id, { points: 7 }, null);
    world.clock.skip(25 * 3_600_000);
    world.tributary.wake();
    await world.shows(() => ['shop-1', 'shop-2'].map(pointsOf), [7, 7]);
    const spans = await collected();
    const ended = spans.filter(({ name }) => name === 'settle').map(({ parentSpanId }) => parentSpanId);
    const poll = spans.find(({ name, spanId }) => name === 'poll' && ended.includes(spanId))!;
    expect(poll.attributes).toMatchObject({ 'tributary.source': 'klaviyo', 'tributary.customers': 2 });
    const write = spans.find(({ spanId }) => spanId === poll.parentSpanId)!;
    expect(write.name).toBe('write back');
  });
});

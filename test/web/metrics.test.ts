// The metrics: what a scrape answers, and that the page, the alert rules and the dashboard name only what there is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsPage, withMetrics } from '../../scripts/metrics-table.ts';
import { metrics } from '../../src/web/metrics.ts';
import { behaviour } from '../support/databases.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Call, caller, expectProblem } from './calls.ts';
import { deliverAll, noon, takeIn } from './seed.ts';
import { apiToken, openWorld, type World } from './world.ts';

const folder = join(import.meta.dirname, '../../observability');
const names = new Set(metrics.map(({ name }) => name));

describe.each(behaviour)('GET /metrics on $name', ({ open }) => {
  let world: World;
  let call: Call;
  const clock = new ManualClock(noon + 10_000);

  beforeAll(async () => {
    world = await openWorld(await open(), { clock });
    call = await caller(world);
  });
  afterAll(() => world.close());

  const scraped = async () => {
    const response = await world.app.request('/metrics', {
      headers: { authorization: `Bearer ${apiToken}` },
    });
    return { response, text: await response.text() };
  };

  it('answers in the text format of Prometheus, with what the status says', async () => {
    const { response, text } = await scraped();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('tributary_headline{state="empty"} 1');
    expect(text).toContain('tributary_customers{state="waiting"} 0');
    expect(text).toContain('tributary_paused{name="crm"} 0');
    expect(text).toContain('tributary_deliveries_waiting{lane="webhook"} 0');
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  });

  it('follows what waits and what is delivered', async () => {
    await takeIn(world, [{ id: '1', body: { email: 'ada@example.com' } }]);
    await clock.advance(60_000);
    expect((await scraped()).text).toMatch(/^tributary_customers\{state="waiting"\} 1$/m);
    await deliverAll(world);
    await clock.advance(60_000);
    const { text } = await scraped();
    expect(text).toMatch(/^tributary_customers\{state="delivered"\} 1$/m);
    expect(text).toMatch(/^tributary_last_delivery_timestamp_seconds \d{10}/m);
  });

  it('says the same twice: nothing is added up from scrape to scrape', async () => {
    const ours = ({ text }: { text: string }) =>
      text.split('\n').filter((line) => line.startsWith('tributary_'));
    expect(ours(await scraped())).toEqual(ours(await scraped()));
  });

  it('needs the token', async () => {
    expectProblem(await call('GET', '/metrics', { token: null }), 401);
    expectProblem(await call('GET', '/metrics', { token: 'wrong-token-0000000' }), 401);
  });
});

describe('What goes with the metrics', () => {
  it('is documented as `npm run schema` writes it', () => {
    const page = readFileSync(metricsPage, 'utf8');
    expect(page === withMetrics(page), 'run `npm run schema`').toBe(true);
    for (const name of names) expect(page).toContain(`\`${name}\``);
  });

  it.each(['alerts.yml', 'dashboard.json'])('names only metrics that exist: %s', (file) => {
    const used = readFileSync(join(folder, file), 'utf8').match(/tributary_[a-z_]+/g) ?? [];
    expect(used.length).toBeGreaterThan(10);
    for (const name of used) expect([...names]).toContain(name);
  });

  it('has a help text and labels of a bounded set for each metric', () => {
    for (const { help, labels } of metrics) {
      expect(help).toMatch(/^[A-Z].*\.$/);
      for (const label of labels)
        expect(['state', 'lane', 'quantile', 'kind', 'source', 'name', 'quota', 'status']).toContain(label);
    }
  });
});

// The status as metrics that Prometheus scrapes. Labels are names from the configuration or of a fixed set, so that their number
// is bounded; no customer and no message of a vendor becomes a label.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { headlineStates, type Status } from '../contract/status.ts';
import { lanes } from '../engine/quota/lanes.ts';

type Labels = { readonly [name: string]: string };
type Sample = readonly [value: number, labels?: Labels];

export interface Metric {
  name: string;
  help: string;
  kind: 'gauge' | 'counter';
  /** The names of its labels. */
  labels: readonly string[];
  samples(status: Status): readonly Sample[];
}

const destination = 'destination';

function metric<const Names extends readonly string[]>(
  kind: Metric['kind'],
  name: string,
  help: string,
  labels: Names,
  samples: (status: Status) => readonly (readonly [number, Readonly<Record<Names[number], string>>?])[],
): Metric {
  return { name: `tributary_${name}`, help, kind, labels, samples };
}

/** Every source and the destination, with what both have. */
const parties = ({ sources, destination: to }: Status) => [
  ...sources.map(({ name, budget, calls, paused }) => ({ name, budget, calls, paused })),
  { name: destination, budget: to.budget, calls: to.calls, paused: to.paused },
];

/** Every metric of ours; docs/metrics.md is written from this list. */
export const metrics: readonly Metric[] = [
  metric(
    'gauge',
    'headline',
    'The state of synchronisation: 1 for the state that applies, 0 for the others.',
    ['state'],
    ({ headline }) => headlineStates.map((state) => [Number(headline.state === state), { state }]),
  ),
  metric(
    'gauge',
    'customers',
    'Customers by the state of their delivery: waiting, delivered, held or dead.',
    ['state'],
    ({ customers: { total: _, ...states } }) =>
      Object.entries(states).map(([state, count]) => [count, { state }]),
  ),
  metric(
    'gauge',
    'deliveries_waiting',
    'Customers that wait for a delivery, by lane.',
    ['lane'],
    ({ backlog }) => lanes.map((lane) => [backlog.find((one) => one.lane === lane)?.waiting ?? 0, { lane }]),
  ),
  metric(
    'gauge',
    'delivery_oldest_wait_seconds',
    'How long the oldest undelivered change has waited, by lane. 0 if none waits.',
    ['lane'],
    ({ backlog }) =>
      lanes.map((lane) => [backlog.find((one) => one.lane === lane)?.oldestWaitSeconds ?? 0, { lane }]),
  ),
  metric(
    'gauge',
    'freshness_seconds',
    'The time from a change at the source to its acknowledgement in the last 24 hours, by lane and quantile. Without backfills.',
    ['lane', 'quantile'],
    ({ freshness }) =>
      freshness.lastDay.flatMap(({ lane, p50Seconds, p99Seconds }) => [
        [p50Seconds, { lane, quantile: '0.5' }] as const,
        [p99Seconds, { lane, quantile: '0.99' }] as const,
      ]),
  ),
  metric(
    'gauge',
    'last_delivery_timestamp_seconds',
    'When a customer was last delivered, Unix time. Absent if none ever was.',
    [],
    ({ freshness: { lastDeliveredAt } }) => (lastDeliveredAt === null ? [] : [[lastDeliveredAt / 1000]]),
  ),
  metric(
    'gauge',
    'dead_letters',
    'Open dead letters, by kind and source.',
    ['kind', 'source'],
    ({ deadLetters: { groups } }) => summed(groups, ({ kind, source, open }) => [open, { kind, source }]),
  ),
  metric('gauge', 'holds', 'Changes that are held until a person decides.', [], ({ holds }) => [
    [holds.open],
  ]),
  metric(
    'gauge',
    'drifted_customers',
    'Customers whose values at the destination differ from what it acknowledged, by kind.',
    ['kind'],
    ({ drifts }) => drifts.map(({ kind, count }) => [count, { kind }]),
  ),
  metric(
    'gauge',
    'quarantined_values',
    'Values left out because they failed their type or rule, which nobody has acknowledged.',
    [],
    ({ quarantined }) => [[quarantined]],
  ),
  metric('gauge', 'paused', 'Whether a source, or the destination, is paused.', ['name'], (status) =>
    parties(status).map(({ name, paused }) => [Number(paused !== null), { name }]),
  ),
  metric(
    'gauge',
    'circuit_open',
    'Whether calls to the destination are suspended because it fails repeatedly. Of this process.',
    [],
    ({ destination: { circuit } }) => [[Number(circuit.state !== 'closed')]],
  ),
  metric(
    'gauge',
    'batches_under_way',
    'Batches that the destination has not finished.',
    [],
    ({ destination: { batches } }) => [[batches.underWay]],
  ),
  metric(
    'gauge',
    'quota_limit_calls',
    'The calls that Tributary may make in the window of a quota.',
    ['name', 'quota'],
    (status) =>
      parties(status).flatMap(({ name, budget }) =>
        budget.map(({ quota, limit }) => [limit, { name, quota }] as const),
      ),
  ),
  metric(
    'gauge',
    'quota_used_calls',
    'The calls made in the present window of a quota, as far as this process knows.',
    ['name', 'quota'],
    (status) =>
      parties(status).flatMap(({ name, budget }) =>
        budget.map(({ quota, used }) => [used, { name, quota }] as const),
      ),
  ),
  metric(
    'counter',
    'requests_total',
    'Requests of this process to a vendor, by status code.',
    ['name', 'status'],
    (status) =>
      parties(status).flatMap(({ name, calls }) =>
        Object.entries(calls?.byStatus ?? {}).map(
          ([code, count]) => [count, { name, status: code }] as const,
        ),
      ),
  ),
  metric('gauge', 'source_records', 'The number of stored records of a source.', ['source'], ({ sources }) =>
    sources.map(({ name, records }) => [records, { source: name }]),
  ),
  metric(
    'gauge',
    'source_last_run_timestamp_seconds',
    'When the last run of a source ended, Unix time. Absent if none has.',
    ['source'],
    ({ sources }) =>
      sources.flatMap(({ name, lastRun }) =>
        lastRun?.endedAt ? [[lastRun.endedAt / 1000, { source: name }] as const] : [],
      ),
  ),
  metric(
    'gauge',
    'source_last_run_failed',
    'Whether the last run of a source failed.',
    ['source'],
    ({ sources }) =>
      sources.flatMap(({ name, lastRun }) =>
        lastRun ? [[Number(lastRun.state === 'failed'), { source: name }] as const] : [],
      ),
  ),
  metric(
    'gauge',
    'webhooks_waiting',
    'Webhook items that are stored and not ingested yet, and records that they name and that are to be read.',
    ['name'],
    ({ sources, destination: { webhook } }) =>
      [
        ...sources.map(({ name, webhook: own }) => ({ name, own })),
        { name: destination, own: webhook },
      ].flatMap(({ name, own }) => (own ? [[own.waiting + own.toRead, { name }] as const] : [])),
  ),
  metric('gauge', 'loops_failing', 'Loops of this process whose last step failed.', [], ({ loops }) => [
    [loops.length],
  ]),
  metric(
    'gauge',
    'database_fault',
    'Whether the database is unresponsive or read-only.',
    [],
    ({ databaseFault }) => [[Number(databaseFault !== null)]],
  ),
  metric(
    'gauge',
    'api_end_timestamp_seconds',
    'When the version of a vendor’s API ends, Unix time. Only versions that end within 90 days.',
    ['name'],
    ({ apiEnds }) => apiEnds.map(({ name, endsOn }) => [Date.parse(endsOn) / 1000, { name }]),
  ),
];

/** Groups that differ only in what is no label are one sample. */
function summed<Of, Own extends Labels>(
  groups: readonly Of[],
  sampleOf: (group: Of) => readonly [number, Own],
): (readonly [number, Own])[] {
  const byLabels = new Map<string, readonly [number, Own]>();
  for (const [value, labels] of groups.map(sampleOf)) {
    const key = JSON.stringify(labels);
    byLabels.set(key, [(byLabels.get(key)?.[0] ?? 0) + value, labels]);
  }
  return [...byLabels.values()];
}

export class MetricsPage {
  /** Of Node itself: memory, CPU, event loop. */
  readonly #process = new Registry();
  #isCollecting = false;

  /** The text format of Prometheus. */
  async of(status: Status): Promise<{ type: string; text: string }> {
    // From the first scrape on: its timers cost what nobody may look at.
    if (!this.#isCollecting) collectDefaultMetrics({ register: this.#process });
    this.#isCollecting = true;
    const registry = new Registry();
    for (const { name, help, kind, labels, samples } of metrics) {
      const options = { name, help, labelNames: [...labels], registers: [registry] };
      const made = kind === 'gauge' ? new Gauge(options) : new Counter(options);
      for (const [value, sample = {}] of samples(status)) made.inc(sample, value);
    }
    new Gauge({
      name: 'tributary_info',
      help: 'The version, as a label.',
      labelNames: ['version'],
      registers: [registry],
    }).set({ version: status.version }, 1);
    return { type: registry.contentType, text: await Registry.merge([registry, this.#process]).metrics() };
  }
}

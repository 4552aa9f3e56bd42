// What was spent of each account's quotas, and what syncs were forecast to take and took.
import { html } from 'hono/html';
import type { KeptForecast } from '../../contract/forecast.ts';
import type { Status } from '../../contract/status.ts';
import { lanes } from '../../engine/quota/lanes.ts';
import { destinationName } from '../../tables/pauses.ts';
import { counted, duration, number, percent } from '../../words.ts';
import { byQuota, type QuotaSpend, type VendorSpend } from '../spend.ts';
import { budgets } from './budgets.ts';
import { type Bar, hours } from './chart.ts';
import { address, blank, head, pager, sourcePath, table, tabs } from './lists.ts';
import { ask, chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';

interface Filter {
  range?: '24h' | '7d';
  source?: string | undefined;
  cursor?: number | undefined;
}

export interface SpendView {
  status: Status;
  vendors: VendorSpend[];
  /** Where the time begins that is shown, epoch milliseconds. */
  from: number;
  forecasts: KeptForecast[];
  next: number | null;
  filter: Filter;
  /** Those that are pulled. */
  sources: string[];
}

export function spendPage({
  status,
  vendors,
  from,
  forecasts,
  next,
  filter,
  sources,
}: SpendView): PageContent {
  const { range = '24h', source, cursor } = filter;
  const at = (over: Filter) =>
    address('/spend', { range: range === '24h' ? undefined : range, source, ...over });
  return {
    title: 'Spend and forecasts',
    at: '/spend',
    everySeconds: cursor === undefined ? 10 : null,
    body: html`${head('Spend and forecasts', {
      sub: 'Calls to each vendor. A call that draws on several quotas counts for each.',
      actions: sources.length === 0 ? '' : forecastForm(sources),
    })}
${tabs('Time', [
  { name: '24 hours', href: address('/spend', { source }), isCurrent: range === '24h' },
  { name: '7 days', href: address('/spend', { source, range: '7d' }), isCurrent: range === '7d' },
])}
<div class="stack-y" data-key="vendors">${vendors.map((vendor) => spent(vendor, status, from))}</div>
<h2 data-key="h" id="forecasts">Forecasts${source === undefined ? '' : html` of ${source} <small><a href="/spend">all sources</a></small>`}</h2>
${
  forecasts.length === 0
    ? blank(
        'No forecasts yet',
        'A forecast counts records with a few calls and simulates the sync against the current quotas. What the sync then takes is kept beside it.',
      )
    : table(
        'Forecasts',
        columns,
        forecasts.map((one) => row(one, status.now)),
      )
}${pager(cursor === undefined ? null : at({}), next === null ? null : at({ cursor: next }))}`,
  };
}

function forecastForm(sources: readonly string[]): Html {
  return ask(
    'Make a forecast…',
    '/api/plan',
    html`<label>Source<select name="source">${sources.map((name) => html`<option value="${name}">${name}</option>`)}</select></label>
<label>Mode<select name="mode"><option value="full">full: everything</option><option value="incremental">incremental: what changed</option></select></label>`,
    { body: { force: true }, done: 'The forecast was made', button: 'Forecast' },
  );
}

function spent({ name, account, spent: list }: VendorSpend, status: Status, from: number): Html {
  const { now, destination } = status;
  const quotas = byQuota(list);
  const [main] = quotas;
  const isDestination = name === destinationName;
  const budget = isDestination
    ? destination.budget
    : (status.sources.find((one) => one.name === name)?.budget ?? []);
  return html`<section class="card" data-key="${name}" aria-label="${name}"><div class="title-row"><h2>${isDestination ? html`<a href="/deliveries">${destination.connector}</a>` : html`<a href="${sourcePath(name)}">${name}</a>`} <small>${account}</small></h2>${
    main
      ? html`<p><b>${number(main.calls)}</b> <small>calls</small>${main.refused > 0 ? html` ${chip('bad', `${number(main.refused)} refused`)}` : ''}</p>`
      : ''
  }</div>
${
  main
    ? html`${hours(`Calls to ${name}`, barsOf(main.lines), { from, to: now, thing: 'call' })}${lanesOf(quotas)}`
    : html`<p class="empty">No call in this time.</p>`
}${budgets(budget, now)}</section>`;
}

function barsOf(lines: VendorSpend['spent']): Bar[] {
  return [...Map.groupBy(lines, ({ hour }) => hour)].map(([hour, ofHour]) => ({
    hour,
    count: ofHour.reduce((sum, { calls }) => sum + calls, 0),
    bad: ofHour.reduce((sum, { refused }) => sum + refused, 0),
  }));
}

function lanesOf(quotas: readonly QuotaSpend[]): Html {
  const rows = quotas.map(({ quota, lines, calls, refused }) => {
    const of = (lane: string) => lines.reduce((sum, one) => (one.lane === lane ? sum + one.calls : sum), 0);
    return html`<tr data-key="${quota}"><th scope="row">${quota}</th><td class="figure" data-name="Calls">${number(calls)}</td>${lanes.map((lane) => html`<td class="figure ${of(lane) === 0 ? 'zero' : ''}" data-name="${lane}">${number(of(lane))}</td>`)}<td class="figure ${refused === 0 ? 'zero' : 'bad-text'}" data-name="Refused">${number(refused)}</td></tr>`;
  });
  return html`<div class="gap">${table(
    'Calls by quota and lane',
    [
      { name: 'Quota' },
      { name: 'Calls', isFigure: true },
      ...lanes.map((lane) => ({ name: lane, isFigure: true })),
      { name: 'Refused', isFigure: true },
    ],
    rows,
  )}</div>`;
}

const columns = [
  { name: 'Forecast' },
  { name: 'Records', isFigure: true },
  { name: 'Customers', isFigure: true },
  { name: 'Calls', isFigure: true },
  { name: 'Time', isFigure: true },
  { name: 'It took' },
];

function row({ id, madeAt, forecast, runId, actual, ratio }: KeptForecast, now: number): Html {
  const { source, mode, records, customers, totals, minutes, fits, bottleneck, assumptions } = forecast;
  const took =
    actual === null
      ? runId === null
        ? html`<small>no run yet</small>`
        : html`<a href="/runs/${runId}">run ${runId}</a> <small>in progress</small>`
      : html`<a href="/runs/${runId}">run ${runId}</a> ${duration(actual.minutes * 60)} <small>${counted((actual.calls.source ?? 0) + (actual.calls.destination ?? 0), 'call')}${ratio?.calls ? `, ${percent(ratio.calls)} of the forecast` : ''}</small>`;
  return html`<tr data-key="${id}"><th scope="row"><a href="${address('/spend', { source })}">${source}</a><small>${mode} · ${moment(madeAt, now)}</small><details data-key="why"><summary>What it assumes</summary><ul class="bullets">${assumptions.map((one) => html`<li>${one}</li>`)}</ul></details></th>
<td class="figure" data-name="Records">${number(records.count)} <small>${records.basis}</small></td><td class="figure" data-name="Customers">${number(customers)}</td><td class="figure" data-name="Calls">${number(totals.source + totals.destination)}</td><td class="figure" data-name="Time">${duration(minutes * 60)}${bottleneck ? html`<br><small>waits for ${bottleneck.quota}</small>` : ''}${fits ? '' : chip('bad', 'does not fit')}</td><td data-name="It took">${took}</td></tr>`;
}

// The overview: how far the destination is in step and why, and the parts that it consists of, each with a link to more.
import { html } from 'hono/html';
import type { LetterGroup } from '../../contract/dead-letter.ts';
import type { HoldGroup } from '../../contract/hold.ts';
import type { Columns, Run } from '../../contract/run.ts';
import type { Status } from '../../contract/status.ts';
import type { Verification } from '../../contract/verification.ts';
import { counted, duration, number } from '../../words.ts';
import { callsByHour, type VendorSpend } from '../spend.ts';
import { causeBlock } from './causes.ts';
import { type Bar, hours } from './chart.ts';
import { destinationSection } from './destination.ts';
import { chip, type Html, legend, moment, type Share, stacked } from './parts.ts';
import { driftCauses } from './problems/drift.ts';
import { holdCause } from './problems/holds.ts';
import { proofSection } from './proof.ts';
import { runsSection } from './runs.ts';
import { type PageContent, problemsOf, verdictOf } from './shell.ts';
import { sourcesSection } from './sources.ts';
import { receivedShares, sumText } from './sums.ts';

const causesShown = 3;

export interface Overview {
  status: Status;
  runs: Run[];
  /** By run, what became of the columns of the file that it read. */
  columns: ReadonlyMap<number, Columns>;
  /** The most frequent causes of dead letters. */
  groups: LetterGroup[];
  /** What the breaker holds. */
  holds: HoldGroup[];
  /** The newest verification. */
  proof: Verification | null;
  flow: Flow;
  /** How far apart single calls to the destination are that its quotas allow for ever, milliseconds. Null: it has no quota. */
  spacingMs: number | null;
}

/** What flowed, by hour. */
export interface Flow {
  range: '24h' | '7d';
  /** Where it begins, epoch milliseconds. */
  from: number;
  delivered: { hour: number; deliveries: number }[];
  spent: VendorSpend[];
}

export function overviewPage({
  status,
  runs,
  columns,
  groups,
  holds,
  proof,
  flow,
  spacingMs,
}: Overview): PageContent {
  return {
    title: 'Overview',
    at: '/',
    isInParts: true,
    everySeconds: 1,
    body: html`${troubles(status)}
${headline(status, spacingMs)}
${problems(status, groups, holds)}
${flowSection(status, flow)}
<div class="columns"><div>${sourcesSection(status, status.now)}</div><div>${destinationSection(status)}</div></div>
${runsSection(runs, status.now, columns)}
${proofSection(proof, status.now)}`,
  };
}

/** What fails in the process itself; an empty section where nothing does, so that the script can fill it. */
function troubles({ databaseFault, loops, differingClocks, differingWorkers, apiEnds, now }: Status): Html {
  return html`<section id="troubles" data-live aria-label="What fails">${
    databaseFault
      ? html`<p class="banner bad" data-key="database">The database has not worked since ${moment(databaseFault.since, now)}: ${databaseFault.reason}.</p>`
      : ''
  }${loops.map(
    ({ name, failingSince, failures, lastError }) =>
      html`<p class="banner bad" data-key="loop ${name}">The loop “${name}” has been failing since ${moment(failingSince, now)} (${number(failures)} times): ${lastError}</p>`,
  )}${
    differingClocks === null ? '' : html`<p class="banner wait" data-key="clocks">${differingClocks}</p>`
  }${differingWorkers.map(
    ({ note, host, pid }) => html`<p class="banner wait" data-key="worker ${host} ${pid}">${note}</p>`,
  )}${apiEnds.map(({ name, note }) => html`<p class="banner wait" data-key="api ${name}">${note}</p>`)}</section>`;
}

/** How far the destination is in step, in one sentence and one bar. Each number leads to its customers. */
function headline(status: Status, spacingMs: number | null): Html {
  const { customers, received } = status;
  const inState = (state: string) => `/customers?state=${state}`;
  const shares: Share[] = [
    { name: 'delivered', count: customers.delivered, tone: 'good', href: inState('delivered') },
    { name: 'waiting', count: customers.waiting, tone: 'note', href: inState('waiting') },
    { name: 'held', count: customers.held, tone: 'wait', href: inState('held') },
    { name: 'dead', count: customers.dead, tone: 'bad', href: inState('dead') },
  ];
  const { state, sentence, next } = status.headline;
  const { lastDeliveredAt } = status.freshness;
  const { href, see } = verdictOf(status);
  return html`<section id="headline" class="headline" data-live data-state="${state}" aria-label="In short">
<h1>${sentence}</h1><p class="verdict">${
    lastDeliveredAt === null
      ? 'Nothing has been delivered yet.'
      : html`Last delivery ${moment(lastDeliveredAt, status.now)}.`
  } ${href === '/' ? '' : html`<a href="${href}">${see}</a>`}${next === null ? '' : html`${href === '/' ? 'Run' : ' or run'} <code>${next}</code>`}</p>
<div class="whole"><p class="total"><a href="/customers"><b id="customers-total">${number(customers.total)}</b> ${customers.total === 1 ? 'customer' : 'customers'}</a></p>
${customers.total > 0 ? stacked('Customers', shares) : html`<svg class="stack" viewBox="0 0 1000 10" aria-hidden="true"></svg>`}
${legend(shares)}</div>${received === null ? '' : html`<p class="hint sum-line" data-key="received">${sumText('received', received.records, receivedShares(received))}</p>`}${toMend(status, spacingMs)}</section>`;
}

/** What it takes to send what waits. */
function toMend(
  { customers: { waiting }, destination: { circuit, paused, bulk } }: Status,
  spacingMs: number | null,
): Html | '' {
  if (waiting === 0 || spacingMs === null || paused !== null || circuit.state !== 'closed') return '';
  const most = duration(Math.max((waiting * spacingMs) / 1000, 1));
  return html`<p class="hint" data-key="to-mend">Sending what waits takes at most ${counted(waiting, 'call')} and ${most} at the present quota${bulk.off ? '' : ', less in batches'}.</p>`;
}

/** Throughput, and calls with those that were refused. */
function flowSection({ now }: Status, { range, from, delivered, spent }: Flow): Html {
  const bars: Bar[] = callsByHour(spent);
  const sum = (list: readonly Bar[], of: (bar: Bar) => number) =>
    list.reduce((total, bar) => total + of(bar), 0);
  const refused = sum(bars, ({ bad = 0 }) => bad);
  const changes = delivered.map(({ hour, deliveries }) => ({ hour, count: deliveries }));
  const other = range === '24h' ? html`<a href="/?range=7d">7 days</a>` : html`<a href="/">24 hours</a>`;
  return html`<section id="flow" data-live aria-labelledby="flow-title"><div class="title-row"><h2 id="flow-title">Last ${range === '24h' ? '24 hours' : '7 days'}</h2>${other}</div>
<div class="halves"><div class="card"><div class="title-row"><h3>Changes delivered <small>without backfills</small></h3><b>${number(sum(changes, ({ count }) => count))}</b></div>${hours('Changes delivered, without backfills', changes, { from, to: now, thing: 'change' })}</div>
<div class="card"><div class="title-row"><h3><a href="/spend">Calls to vendors</a></h3><span><b>${number(sum(bars, ({ count }) => count))}</b>${refused > 0 ? html` ${chip('bad', `${number(refused)} refused`)}` : ''}</span></div>${hours('Calls', bars, { from, to: now, thing: 'call' })}</div></div></section>`;
}

/** The most frequent causes, where something waits for a person. */
function problems(status: Status, groups: readonly LetterGroup[], holds: readonly HoldGroup[]): Html {
  const open = problemsOf(status);
  const causes = [
    ...holds.map((group) => holdCause(group, status)),
    ...groups.map((group) => causeBlock(group, status.now)),
    ...driftCauses(status),
  ];
  return html`<section id="problems" data-live aria-label="Problems">${
    open === 0
      ? ''
      : html`<div class="title-row" data-key="title"><h2>Problems</h2><a href="/problems">All ${counted(open, 'problem')}</a></div><div class="card flush" data-key="causes">${causes.slice(0, causesShown)}</div>`
  }</section>`;
}

// What is on its way to the destination, and what keeps it.
import { html } from 'hono/html';
import type { Calls } from '../../contract/call.ts';
import type { Status } from '../../contract/status.ts';
import { type Lane, lanes } from '../../engine/quota/lanes.ts';
import type { ListedBatch, QueuedDelivery } from '../../sync/views/delivery-queue.ts';
import { destinationName } from '../../tables/pauses.ts';
import { counted, duration, number } from '../../words.ts';
import { budgets } from './budgets.ts';
import { callsSection } from './calls.ts';
import { circuitBanner, freshness } from './destination.ts';
import { address, blank, customerPath, facts, head, sourcePath, table, tabs } from './lists.ts';
import { action, ask, chip, type Html, moment, pauseBanner, pauseChip } from './parts.ts';
import type { PageContent } from './shell.ts';

export interface DeliveriesView {
  status: Status;
  lane: Lane | undefined;
  queue: QueuedDelivery[];
  batches: ListedBatch[];
  /** The last ones to the destination. */
  calls: Calls;
  onlyFailed: boolean;
}

export function deliveriesPage({
  status,
  lane,
  queue,
  batches,
  calls,
  onlyFailed,
}: DeliveriesView): PageContent {
  const { destination, now, customers } = status;
  const { paused, connector, circuit, schemaWait, budget } = destination;
  const chipOf = paused
    ? pauseChip(paused)
    : customers.waiting > 0
      ? chip('note', 'delivering')
      : chip('good', 'at rest');
  return {
    title: 'Deliveries',
    at: '/deliveries',
    everySeconds: 2,
    body: html`${head(html`Deliveries to ${connector} ${chipOf}`, {
      sub: 'One for each customer: the duty to bring the newest revision there. Further changes of a customer do not add another.',
      actions: paused
        ? html`${paused.cause === 'project' ? projectActions() : action('Resume', `/api/${destinationName}/resume`, { done: 'Deliveries continue', kind: 'main', about: 'deliveries' })}`
        : ask(
            'Pause…',
            `/api/${destinationName}/pause`,
            html`<label>Reason (shown to everybody)<input name="reason" maxlength="500" autocomplete="off"></label>`,
            { done: 'Deliveries are paused', about: 'deliveries', button: 'Pause' },
          ),
    })}
${paused ? pauseBanner(paused, now) : ''}${circuitBanner(circuit, now)}${schemaWait ? html`<p class="banner bad" data-key="schema">${schemaWait.sentence}</p>` : ''}
${funnel(status)}
<div class="split space" data-key="split"><div class="stack-y"><section data-key="queue" aria-label="Next">
${tabs('Lanes', [
  { name: 'All lanes', href: '/deliveries', isCurrent: lane === undefined, count: customers.waiting },
  ...lanes.map((one) => ({
    name: one,
    href: address('/deliveries', { lane: one }),
    isCurrent: one === lane,
    count: status.backlog.find((entry) => entry.lane === one)?.waiting ?? 0,
  })),
])}
${
  queue.length === 0
    ? idle(lane, batches.length > 0, status)
    : table(
        'Next deliveries',
        columns,
        queue.map((one) => row(one, now)),
      )
}
${queue.length >= 50 ? html`<p class="hint">The first ${queue.length}, in the order in which they go. <a href="/customers?state=waiting">All that wait</a></p>` : ''}</section>
${
  batches.length === 0
    ? ''
    : html`<section data-key="batches" aria-label="Batches"><h2 class="first">Batches in progress</h2>${table(
        'Batches',
        batchColumns,
        batches.map((batch) => batchRow(batch, now)),
      )}</section>`
}
${callsSection({
  ...calls,
  vendor: connector,
  at: {
    all: `${address('/deliveries', { lane })}#calls`,
    failed: `${address('/deliveries', { lane, calls: 'failed' })}#calls`,
  },
  onlyFailed,
  now,
})}
</div><div class="stack-y">
${about(status)}
${budget.length === 0 ? '' : html`<section class="card" data-key="budget" aria-label="Budget"><h2>Budget</h2>${budgets(budget, now)}</section>`}
${status.writeBacks.map((back) => writeBack(back, now))}
</div></div>`,
  };
}

function projectActions(): Html {
  const url = `/api/${destinationName}/project`;
  return html`${action('It is a new project', url, { body: { as: 'new' }, done: 'Every customer is sent to it', confirm: 'Send every customer to the project in the configuration?' })}${action('It is the same', url, { body: { as: 'same' }, done: 'What was acknowledged still counts' })}`;
}

/** In place of the queue where nobody stands in it. */
function idle(lane: Lane | undefined, isInBatches: boolean, { backlog, customers }: Status): Html {
  if (isInBatches) return blank('All that waits is being sent', 'It is in the batches below.');
  const waiting =
    lane === undefined ? customers.waiting : (backlog.find((entry) => entry.lane === lane)?.waiting ?? 0);
  if (waiting > 0) return blank('All that waits is being sent', 'A worker has claimed it.');
  const where = lane === undefined ? '' : ` in the lane ${lane}`;
  return blank('Nothing waits', `The newest revision of every customer${where} was sent.`);
}

/** Each number leads to its customers. */
function funnel({ customers }: Status): Html {
  const tile = (name: string, count: number, state: string, tone: string) =>
    html`<a class="tile ${count > 0 && tone === 'bad' ? 'bad' : ''}" href="${address('/customers', { state })}"><span><span class="dot ${tone}"></span>${name}</span><b>${number(count)}</b></a>`;
  return html`<div class="tiles" data-key="funnel">${tile('Customers', customers.total, '', 'quiet')}${tile('Delivered', customers.delivered, 'delivered', 'good')}${tile('Waiting', customers.waiting, 'waiting', 'note')}${tile('Held', customers.held, 'held', 'wait')}${tile('Dead', customers.dead, 'dead', 'bad')}</div>`;
}

const columns = [
  { name: 'Customer' },
  { name: 'Lane' },
  { name: 'Waits' },
  { name: 'Next try' },
  { name: 'Attempts', isFigure: true },
];

function row(
  { sourceId, lane, revision, acknowledged, dueAt, waitingSince, attempts, carriedBy, error }: QueuedDelivery,
  now: number,
): Html {
  const due = carriedBy
    ? chip('note', 'being sent')
    : dueAt === null || dueAt <= now
      ? 'now'
      : moment(dueAt, now);
  return html`<tr class="link" data-key="${sourceId}"><th scope="row"><a class="to" href="${customerPath(sourceId)}">${sourceId}</a><small>revision ${revision}${acknowledged === null ? '' : `, ${acknowledged} acknowledged`}</small>${error ? html`<small class="bad-text">${error}</small>` : ''}</th>
<td data-name="Lane">${lane}</td><td data-name="Waits">${waitingSince === null ? '–' : duration(Math.max(0, (now - waitingSince) / 1000))}</td><td data-name="Next try">${due}</td><td class="figure ${attempts === 0 ? 'zero' : ''}" data-name="Attempts">${number(attempts)}</td></tr>`;
}

const batchColumns = [
  { name: 'Batch' },
  { name: 'Customers', isFigure: true },
  { name: 'Sent' },
  { name: 'Polled', isFigure: true },
  { name: 'Next poll' },
];

function batchRow(
  { id, actionId, kind, submittedAt, polls, dueAt, customers, lost }: ListedBatch,
  now: number,
): Html {
  return html`<tr data-key="${id}"><th scope="row"><code>${actionId ?? id}</code><small>${kind}${actionId === null ? ', not named by the destination yet' : ''}</small>${lost ? html`<small class="bad-text">Its answer was lost: ${lost}</small>` : ''}</th>
<td class="figure" data-name="Customers">${number(customers)}</td><td data-name="Sent">${moment(submittedAt, now)}</td><td class="figure" data-name="Polled">${number(polls)}</td><td data-name="Next poll">${dueAt <= now ? 'now' : moment(dueAt, now)}</td></tr>`;
}

function about(status: Status): Html {
  const {
    destination,
    freshness: { oldestWaitSeconds, lastDeliveredAt },
    now,
    putOff,
  } = status;
  const { bulk, batches, calls, circuit } = destination;
  return html`<section class="card" data-key="about" aria-label="State"><h2>State</h2>${facts([
    ['Oldest wait', oldestWaitSeconds === null ? 'nothing waits' : duration(oldestWaitSeconds)],
    ['Last delivery', lastDeliveredAt === null ? 'none yet' : moment(lastDeliveredAt, now)],
    [
      'Circuit',
      circuit.state === 'closed'
        ? html`closed <small>calls are made</small>`
        : html`<span class="bad-text">${circuit.state}</span>`,
    ],
    [
      'Batch size',
      bulk.off ? 'one by one: batches were refused' : `up to ${counted(bulk.records, 'customer')}`,
    ],
    [
      'In progress',
      `${counted(batches.underWay, 'batch', 'batches')} with ${counted(batches.customers, 'customer')}`,
    ],
    calls === null
      ? null
      : [
          'Calls',
          html`${number(calls.total)} since the start <small>${Object.entries(calls.byStatus)
            .map(([code, count]) => `${code}: ${number(count)}`)
            .join(', ')}</small>`,
        ],
    putOff === null
      ? null
      : [
          'Put off',
          html`${counted(putOff.customers, 'customer')}, next ${moment(putOff.nextAt, now)}${putOff.why === null ? '' : html` <small>${putOff.why}</small>`}`,
        ],
  ])}${freshness(status)}</section>`;
}

function writeBack(
  {
    source,
    waiting,
    delivered,
    dead,
    unlinked,
    oldestWaitingAt,
    lastDeliveredAt,
    paused,
    dryRun,
    failing,
    deadLetters,
  }: Status['writeBacks'][number],
  now: number,
): Html {
  const base = `/api/write-backs/${encodeURIComponent(source)}`;
  const about = `writing to ${source}`;
  return html`<section class="card" data-key="back ${source}" aria-label="Write-back to ${source}"><div class="title-row"><h2>Write-back to <a href="${sourcePath(source)}">${source}</a></h2>${paused ? pauseChip(paused) : dryRun ? chip('quiet', 'dry run') : waiting > 0 ? chip('note', 'writing') : chip('good', 'at rest')}</div>
${paused ? pauseBanner(paused, now) : ''}${failing === null ? '' : html`<p class="banner wait">Writing waits: ${failing}</p>`}
${facts([
  ['Delivered', number(delivered)],
  [
    'Waiting',
    html`${number(waiting)}${oldestWaitingAt === null ? '' : html` <small>the oldest from ${moment(oldestWaitingAt, now)}</small>`}`,
  ],
  [
    'Dead',
    deadLetters === 0
      ? number(dead)
      : html`<a href="${address('/problems', { show: 'letters', kind: 'writeBack', source })}">${number(dead)}</a>`,
  ],
  ['Unlinked', html`${number(unlinked)} <small>${source} has no record of them</small>`],
  ['Last', lastDeliveredAt === null ? 'none yet' : moment(lastDeliveredAt, now)],
])}
<div class="actions acts">${paused ? action('Resume writing', `${base}/resume`, { done: `Writing to ${source} was resumed`, about }) : action('Pause writing', `${base}/pause`, { body: {}, done: `Writing to ${source} is paused`, about })}</div></section>`;
}

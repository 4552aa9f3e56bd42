// The destination: what waits for it by lane, what may be sent, and a pause.
import { html } from 'hono/html';
import type { Status } from '../../contract/status.ts';
import { destinationName } from '../../tables/pauses.ts';
import { counted, duration, number } from '../../words.ts';
import { budgets } from './budgets.ts';
import { action, chip, type Html, moment, pauseBanner, pauseChip } from './parts.ts';
import { webhooks } from './webhooks.ts';

export function destinationSection(status: Status): Html {
  const { destination, now, customers } = status;
  const { paused, connector, batches } = destination;
  return html`<section id="destination" data-live aria-labelledby="destination-title">
<div class="title-row"><h2 id="destination-title">Destination</h2><a href="/deliveries">Deliveries</a></div>
<article class="card ${paused ? 'paused' : ''}">
<header><h3>${connector}</h3>${paused ? pauseChip(paused) : customers.waiting > 0 ? chip('note', 'delivering') : chip('good', 'at rest')}</header>
${paused ? pauseBanner(paused, now) : ''}
${circuitBanner(destination.circuit, now)}
${destination.schemaWait ? html`<p class="banner bad" data-key="schema">${destination.schemaWait.sentence}</p>` : ''}
<table class="lanes" data-key="lanes"><caption>Customers waiting, by lane</caption>
<thead class="unseen"><tr><th scope="col">Lane</th><th scope="col">Share</th><th scope="col">Waiting</th><th scope="col">Longest wait</th></tr></thead>
<tbody>${status.backlog.map((lane) => laneRow(lane, customers.waiting))}</tbody></table>
<p class="hint" data-key="batches">${
    batches.underWay === 0
      ? 'No batch is under way'
      : `${counted(batches.underWay, 'batch', 'batches')} under way with ${counted(batches.customers, 'customer')}`
  }${destination.calls ? ` · ${counted(destination.calls.total, 'call')} since the start` : ''}</p>
${freshness(status)}
${drift(status)}
${webhooks(destination.webhook, now, { brings: false })}
${budgets(destination.budget, now)}
<footer class="actions" data-key="actions">${
    paused
      ? action('Resume', `/api/${destinationName}/resume`, {
          done: 'Deliveries continue',
          kind: 'main',
          about: 'deliveries',
        })
      : action('Pause', `/api/${destinationName}/pause`, {
          body: {},
          done: 'Deliveries are paused',
          kind: 'quiet',
          about: 'deliveries',
        })
  }</footer>
</article></section>`;
}

export function circuitBanner(
  { state, failures, openUntil, reason }: Status['destination']['circuit'],
  now: number,
): Html | '' {
  if (state === 'closed') return '';
  const next = openUntil && openUntil > now ? html` One tries again ${moment(openUntil, now)}.` : '';
  return html`<p class="banner bad" data-key="circuit">It failed ${counted(failures, 'time')} in a row, so nothing is sent.${next}${reason === null ? '' : html` ${reason}`}</p>`;
}

/** How long changes took from the source to here. */
export function freshness({ freshness: { lastDay } }: Status): Html | '' {
  if (lastDay.length === 0) return '';
  const parts = lastDay.map(
    ({ lane, p50Seconds, p99Seconds }) =>
      `${lane} half within ${duration(p50Seconds)}, 99 % within ${duration(p99Seconds)}`,
  );
  return html`<p class="hint" data-key="fresh">From change to delivery, last 24 hours: ${parts.join(' · ')}</p>`;
}

const driftWords = {
  differs: ['holds another value', 'hold other values'],
  deleted: ['is gone there', 'are gone there'],
  unknown: ['was never sent', 'were never sent'],
} as const;

/** Customers that are not as they were acknowledged. */
function drift({ drifts }: Status): Html | '' {
  if (drifts.length === 0) return '';
  const parts = drifts.map(({ kind, count }) => `${number(count)} ${driftWords[kind][count === 1 ? 0 : 1]}`);
  const total = drifts.reduce((sum, { count }) => sum + count, 0);
  return html`<p class="banner wait drift" data-key="drift">${counted(total, 'customer')} drifted: ${parts.join(', ')}. <a href="/problems?show=drift">Which</a></p>`;
}

function laneRow({ lane, waiting, oldestWaitSeconds }: Status['backlog'][number], total: number): Html {
  return html`<tr data-key="${lane}" class="${waiting === 0 ? 'idle' : ''}"><th scope="row">${lane}</th>
<td class="bar"><progress max="${Math.max(total, 1)}" value="${waiting}" aria-label="Share of the lane ${lane}"></progress></td>
<td class="figure">${number(waiting)}</td><td class="figure wait">${oldestWaitSeconds === null ? '' : duration(oldestWaitSeconds)}</td></tr>`;
}

// How the webhooks of one source stand, as a block of its card.
import { html } from 'hono/html';
import type { WebhookState } from '../../contract/webhook.ts';
import { counted, duration, lag, percent } from '../../words.ts';
import { chip, type Html, moment } from './parts.ts';

/** `brings`: it tells of changes, which the destination's own do not. */
export function webhooks(
  state: WebhookState | null,
  now: number,
  { brings = true }: { brings?: boolean } = {},
): Html | '' {
  if (!state) return '';
  return html`<div class="webhooks" data-key="webhooks">
<p><span>Webhooks</span>${mark(state)}</p>
${state.configured ? '' : html`<p class="hint" data-key="missing">${state.missing}</p>`}
${brings ? coverage(state) : ''}
${waiting(state, now)}
${refusals(state, now)}</div>`;
}

function mark({ configured, waiting, dead, toRead }: WebhookState): Html {
  if (!configured) return chip('quiet', 'not configured');
  if (dead > 0) return chip('bad', counted(dead, 'dead request'));
  return waiting + toRead > 0 ? chip('note', 'opening') : chip('good', 'listening');
}

/** Who told of changes first, and how late either was. */
function coverage({ configured, coverage }: WebhookState): Html | '' {
  if (!coverage || coverage.share === null)
    return configured ? html`<p class="hint" data-key="coverage">No change in 24 hours</p>` : '';
  const { share, webhook, poll } = coverage;
  const changes = webhook.changes + poll.changes;
  const lags = [
    ...(webhook.p50Seconds === null || webhook.p99Seconds === null
      ? []
      : [`half within ${lag(webhook.p50Seconds)}, 99 % within ${lag(webhook.p99Seconds)}`]),
    ...(poll.p50Seconds === null ? [] : [`found by reading: half within ${lag(poll.p50Seconds)}`]),
  ];
  return html`<meter data-key="meter" min="0" max="1" low="0.95" optimum="1" value="${share.toFixed(3)}" aria-label="Changes that a webhook reported first">${percent(share)}</meter>
<p class="hint" data-key="coverage">${percent(share)} of ${counted(changes, 'change')} in 24 hours arrived by webhook first${
    lags.length > 0 ? html`<br>${lags.join(' · ')}` : ''
  }</p>`;
}

function waiting(state: WebhookState, now: number): Html | '' {
  const { waiting, oldestWaitingAt, toRead, oldestToReadAt } = state;
  const since = (at: number | null) =>
    at === null ? '' : ` for ${duration(Math.max(0, (now - at) / 1000))}`;
  const parts = [
    ...(waiting > 0 ? [`${counted(waiting, 'request')} to open${since(oldestWaitingAt)}`] : []),
    ...(toRead > 0 ? [`${counted(toRead, 'record')} to read${since(oldestToReadAt)}`] : []),
  ];
  return parts.length === 0 ? '' : html`<p class="hint" data-key="waiting">${parts.join(' · ')}</p>`;
}

function refusals({ refusals }: WebhookState, now: number): Html | '' {
  const [last] = refusals;
  if (!last) return '';
  const count = refusals.reduce((sum, one) => sum + one.count, 0);
  return html`<p class="hint" data-key="refused"><span class="bad-text">${counted(count, 'request')} refused</span>, the last ${moment(last.lastAt, now)}: ${last.reason}</p>`;
}

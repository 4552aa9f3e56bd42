// The last requests to a vendor and their answers, each closed until it is looked into.
import { html } from 'hono/html';
import type { Calls } from '../../contract/call.ts';
import { counted, duration } from '../../words.ts';
import { tabs } from './lists.ts';
import { chip, type Html, moment, type Share } from './parts.ts';

export interface CallsView extends Calls {
  /** The name of the vendor. */
  vendor: string;
  /** The page that they are on, and the same with those that failed. */
  at: { all: string; failed: string };
  onlyFailed: boolean;
  now: number;
}

export function callsSection({ vendor, worker, calls, at, onlyFailed, now }: CallsView): Html {
  return html`<section data-key="calls" id="calls" aria-labelledby="calls-title"><div class="title-row"><h2 class="first" id="calls-title">Last requests to ${vendor}</h2><small>made by this worker: ${worker.host}, process ${worker.pid}</small></div>
${tabs('Requests', [
  { name: 'All', href: at.all, isCurrent: !onlyFailed },
  { name: 'Failed', href: at.failed, isCurrent: onlyFailed },
])}
${
  calls.length === 0
    ? html`<p class="empty" data-key="none">None in the last 15 minutes.</p>`
    : html`<div class="card flush calls" data-key="list">${calls.map((call) => callOf(call, now))}</div>
<p class="hint" data-key="hint">${counted(calls.length, 'request')} of the last 15 minutes, without credentials. Of a body only the beginning is kept. Each worker keeps its own.</p>`
}</section>`;
}

function callOf(
  { id, at, method, path, lane, status, failure, tookMs, sent, answered }: Calls['calls'][number],
  now: number,
): Html {
  return html`<details data-key="${id}"><summary>${chip(tone(status), status === null ? 'no answer' : String(status))}<code>${method} ${path}</code><small>${lane} · ${tookMs < 1_000 ? `${tookMs} ms` : duration(tookMs / 1000)} · ${moment(at, now)}</small></summary>
${failure === null ? '' : html`<p class="bad-text">${failure}</p>`}${body('Sent', sent)}${body('Answered', answered)}</details>`;
}

function body(title: string, text: string | null): Html | '' {
  return text === null || text === '' ? '' : html`<h3>${title}</h3><pre tabindex="0">${text}</pre>`;
}

function tone(status: number | null): Share['tone'] {
  if (status === null || status >= 500) return 'bad';
  return status >= 400 ? 'wait' : 'good';
}

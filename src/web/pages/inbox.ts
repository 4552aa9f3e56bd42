// The newest requests of the inbox that have faults, and the buttons that open them again.
import { html } from 'hono/html';
import type { InboxRequest } from '../../contract/inbox.ts';
import type { Status } from '../../contract/status.ts';
import { counted } from '../../words.ts';
import { action, chip, type Html, moment } from './parts.ts';

/** Nothing where no source and no destination pushes. */
export function inboxSection(status: Status, rejected: readonly InboxRequest[]): Html | '' {
  const states = [...status.sources, status.destination].map(({ webhook }) => webhook);
  if (states.every((state) => state === null)) return '';
  const waiting = states.reduce((sum, state) => sum + (state?.waiting ?? 0), 0);
  return html`<section id="inbox" data-live aria-labelledby="inbox-title">
<h2 id="inbox-title">Inbox</h2>
${strays(status)}
${
  rejected.length === 0
    ? html`<p class="card empty"><span class="dot good"></span> Every webhook request that came was read whole.${waiting > 0 ? html` <b>${counted(waiting, 'request')}</b> to open.` : ''}</p>`
    : html`<div class="card letters">
<ul class="groups" data-key="groups">${[...Map.groupBy(rejected, ({ source }) => source)].map(
        ([
          source,
          requests,
        ]) => html`<li data-key="${source}"><span><b>${source}</b> <small>${requests.length} with faults</small></span>
${action('Open all again', '/api/inbox/replay', {
  body: { source, rejected: true },
  done: 'Opened again',
  about: `that have faults, of ${source}`,
  confirm: `Open every request of ${source} again that has faults? What they say is taken in as it is read now.`,
})}</li>`,
      )}</ul>
<ol class="list" data-key="list">${rejected.map((request) => item(request, status.now))}</ol>
<p class="hint" data-key="more">All of them: <code>tributary webhooks inbox --rejected</code>. What would come of it first: <code>tributary webhooks replay --rejected --dry-run</code></p>
</div>`
}</section>`;
}

function strays({ strayWebhooks, now }: Status): Html | '' {
  if (!strayWebhooks) return '';
  const { count, lastAt, lastName } = strayWebhooks;
  return html`<p class="banner wait" data-key="strays">${counted(count, 'webhook request')} named no known source, the last to “${lastName}” ${moment(lastAt, now)}. Correct the address at the vendor: <code>tributary webhooks setup SOURCE</code> prints it.</p>`;
}

function item({ id, source, state, receivedAt, bytes, counts, error }: InboxRequest, now: number): Html {
  const items = counts ? ` · ${counts.unreadable} of ${counted(counts.items, 'item')} unreadable` : '';
  return html`<li data-key="${id}"><div><p class="about"><b>Request ${id}</b> <small>${source} · ${moment(receivedAt, now)} · ${counted(bytes, 'byte')}${items}</small> ${state === 'dead' ? chip('bad', 'dead') : chip('wait', 'rejected')}</p>
${error ? html`<blockquote>${error}</blockquote>` : ''}</div>
${action('Open again', `/api/inbox/${id}/replay`, { body: {}, done: `Request ${id} was opened again`, about: `request ${id}` })}</li>`;
}

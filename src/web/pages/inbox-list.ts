// The list of webhook requests that were kept.
import { html } from 'hono/html';
import type { InboxRequest, InboxState } from '../../contract/inbox.ts';
import type { Status } from '../../contract/status.ts';
import { counted, number } from '../../words.ts';
import { address, blank, choice, head, pager, table, tabs } from './lists.ts';
import { action, chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';

interface Filter {
  source?: string | undefined;
  state?: InboxState | undefined;
  rejected?: boolean;
  cursor?: number | undefined;
}

export interface InboxView {
  status: Status;
  requests: InboxRequest[];
  next: number | null;
  filter: Filter;
}

export function inboxPage({ status, requests, next, filter }: InboxView): PageContent {
  const { source, state, rejected, cursor } = filter;
  const at = (over: Filter) => address('/inbox', { source, state, rejected: rejected || undefined, ...over });
  const tab = (name: string, over: Filter, isCurrent: boolean) => ({
    name,
    href: address('/inbox', { source, state: over.state, rejected: over.rejected }),
    isCurrent,
  });
  const names = [
    ...status.sources.filter(({ webhook }) => webhook !== null).map(({ name }) => name),
    'destination',
  ];
  const faulty = [...new Set(requests.filter(isFaulty).map((request) => request.source))];
  return {
    title: 'Webhook inbox',
    at: '/inbox',
    fixed: html`${head('Webhook inbox', { sub: 'Requests from vendors as received, newest first. They are stored before they are opened, so none is lost.' })}
${tabs('Requests by state', [
  tab('All', {}, state === undefined && !rejected),
  tab('With faults', { rejected: true }, rejected === true),
  tab('Waiting', { state: 'waiting' }, state === 'waiting'),
  tab('Opened', { state: 'opened' }, state === 'opened'),
  tab('Dead', { state: 'dead' }, state === 'dead'),
])}${
  names.length < 2
    ? ''
    : html`<form class="filters" method="get" action="/inbox">${state ? html`<input type="hidden" name="state" value="${state}">` : ''}${rejected ? html`<input type="hidden" name="rejected" value="true">` : ''}${choice('source', 'Source', names, source)}<button type="submit">Apply</button></form>`
}`,
    body: html`${strays(status)}${
      rejected && faulty.length > 0
        ? html`<div class="actions acts list-actions" data-key="all">${faulty.map((one) => openAll(one))}</div>`
        : ''
    }${
      requests.length === 0
        ? nothing(filter)
        : table(
            'Requests',
            columns,
            requests.map((request) => row(request, status.now)),
          )
    }${pager(cursor === undefined ? null : at({}), next === null ? null : at({ cursor: next }))}`,
  };
}

const columns = [
  { name: 'Request' },
  { name: 'State' },
  { name: 'Received' },
  { name: 'Items', isFigure: true },
  { name: 'Changed', isFigure: true },
  { name: 'Unreadable', isFigure: true },
  { name: '' },
];

function isFaulty({ state, counts }: InboxRequest): boolean {
  return state === 'dead' || (counts?.unreadable ?? 0) > 0;
}

function openAll(source: string): Html {
  return action('Open all again', '/api/inbox/replay', {
    body: { source, rejected: true },
    done: 'Opened again',
    about: `that have faults, of ${source}`,
    confirm: `Open every request of ${source} again that has faults? Their content is ingested by the current rules.`,
  });
}

function nothing({ source, state, rejected }: Filter): Html {
  if (rejected) return blank('No faults', 'Every webhook request was read in full.');
  if (state !== undefined || source !== undefined)
    return blank(
      'No such requests',
      'None of those that are stored matches.',
      html`<a href="/inbox">All requests</a>`,
    );
  return blank(
    'No webhook received yet',
    'Set up webhooks at the vendor: the page of each source shows the address and the settings.',
    html`<a href="/sources">To the sources</a>`,
  );
}

export function requestChip(request: Pick<InboxRequest, 'state' | 'counts'>): Html {
  if (request.state === 'dead') return chip('bad', 'dead');
  if (request.state === 'waiting') return chip('note', 'waiting');
  return (request.counts?.unreadable ?? 0) > 0 ? chip('wait', 'rejected') : chip('good', 'opened');
}

export function openAgain(id: number): Html {
  return action('Open again', `/api/inbox/${id}/replay`, {
    body: {},
    done: `Request ${id} was opened again`,
    about: `request ${id}`,
    kind: 'small',
  });
}

function row(request: InboxRequest, now: number): Html {
  const { id, source, receivedAt, bytes, counts, error } = request;
  const count = (value: number | undefined, name: string, tone = '') =>
    html`<td class="figure ${value ? tone : 'zero'}" data-name="${name}">${value === undefined ? '–' : number(value)}</td>`;
  return html`<tr class="link" data-key="${id}"><th scope="row"><a class="to" href="/inbox/${id}">Request ${id}</a><small>${source} · ${counted(bytes, 'byte')}</small>${error ? html`<small class="bad-text">${error}</small>` : ''}</th>
<td data-name="State">${requestChip(request)}</td><td data-name="Received">${moment(receivedAt, now)}</td>
${count(counts?.items, 'Items')}${count(counts?.changed, 'Changed')}${count(counts?.unreadable, 'Unreadable', 'bad-text')}
<td class="acts narrow">${isFaulty(request) ? openAgain(id) : ''}</td></tr>`;
}

function strays({ strayWebhooks, now }: Status): Html | '' {
  if (!strayWebhooks) return '';
  const { count, lastAt, lastName } = strayWebhooks;
  return html`<p class="banner wait" data-key="strays">${counted(count, 'webhook request')} named no known source, the last to “${lastName}” ${moment(lastAt, now)}. Correct the address at the vendor: <code>tributary webhooks setup SOURCE</code> prints it.</p>`;
}

// What the breaker holds until a person decides: by run and by what would be lost, and one by one with the exact difference.
import { html } from 'hono/html';
import type { HoldGroup, Holds } from '../../../contract/hold.ts';
import type { Status } from '../../../contract/status.ts';
import { lossWords, segmentOf } from '../../../customer/losses.ts';
import { counted } from '../../../words.ts';
import { cause } from '../causes.ts';
import { value } from '../format.ts';
import { address, blank, customerPath, pager, table } from '../lists.ts';
import { action, type Html, moment } from '../parts.ts';
import type { PageContent } from '../shell.ts';
import { problemTabs } from './tabs.ts';

interface Filter {
  runId?: number | undefined;
  change?: string | undefined;
  cursor?: string | undefined;
}

export function holdCause(
  { source, runId, change, open, firstHeldAt, samples }: HoldGroup,
  { now, destination }: Status,
): Html {
  const which = { ...(runId !== null && { runId }), change };
  const isDeletion = change === 'deleted';
  const isMove = segmentOf(change) !== null;
  const loss = lossWords(change, samples[0]?.from ?? null);
  const about = `${change} of run ${runId ?? 'none'}`;
  return cause({
    key: `hold ${source} ${runId} ${change}`,
    title: `${counted(open, 'customer')} would ${loss}`,
    href: address('/problems', { show: 'holds', ...which }),
    tags: html`<small>${source}${runId === null ? '' : html` · <a href="/runs/${runId}">run ${runId}</a>`} · held ${moment(firstHeldAt, now)}</small>`,
    tone: 'wait',
    plain: html`Too many customers would change in the same way at once, so none of these changes is sent to ${destination.connector}. For example ${samples.map(({ sourceId, from }, index) => html`${index > 0 ? ', ' : ''}<a href="${customerPath(sourceId)}">${sourceId}</a>${isDeletion || isMove ? '' : html` (now ${value(from)})`}`)}.`,
    quotes: [],
    next: isMove
      ? 'Distributions, earning rules and referral tiers fire on who enters or leaves an active segment. Release to send these customers, refuse to pin the values that the destination has.'
      : isDeletion
        ? `Check whether ${source} really no longer has these people. Release to delete them, refuse to keep them.`
        : `Check whether ${source} really emptied the field. Release to blank it, refuse to pin the values that the destination has.`,
    actions: html`${action('Release', '/api/holds/release', {
      body: which,
      done: 'Released: they are sent as they are now',
      about,
      confirm: `Send ${counted(open, 'customer')} as they are now? ${isMove ? `They ${loss}.` : isDeletion ? 'They are deleted as configured.' : `${change} is blanked.`}`,
    })}${action('Refuse', '/api/holds/refuse', {
      body: which,
      done: 'Refused: the destination keeps what it has',
      about,
      confirm: `Keep the destination's values of ${counted(open, 'customer')}?`,
    })}`,
  });
}

export function holdsPage({
  status,
  groups,
  holds,
  next,
  filter,
}: Omit<Holds, 'nextCursor'> & { status: Status; next: number | null; filter: Filter }): PageContent {
  const { runId, change, cursor } = filter;
  const at = (over: Filter) => address('/problems', { show: 'holds', runId, change, ...over });
  const rows = holds.map(
    ({ id, sourceId, change: lost, from, action: does, difference, heldAt }) =>
      html`<tr data-key="${id}"><th scope="row"><a href="${customerPath(sourceId)}">${sourceId}</a><small>held ${moment(heldAt, status.now)}</small></th><td data-name="Loses">${lost === 'deleted' ? 'the customer' : segmentOf(lost) ? html`would ${lossWords(lost, from)}` : html`<code>${lost}</code> ${value(from)}`}</td><td data-name="Would be sent" class="wide">${
        does === 'write'
          ? html`<ul class="changes">${Object.entries(difference).map(([field, { from: was, to }]) => html`<li><code>${field}</code> <del>${value(was)}</del> → <ins>${value(to)}</ins></li>`)}</ul>`
          : words[does]
      }</td></tr>`,
  );
  return {
    title: 'Held',
    at: '/problems',
    body: html`${problemTabs(status, 'holds')}${
      groups.length === 0
        ? blank('Nothing is held', 'No run would change too many customers in the same way.')
        : html`<div class="card flush" data-key="causes">${groups.map((group) => holdCause(group, status))}</div><h2 data-key="h">One by one</h2>${table('Held customers', [{ name: 'Customer' }, { name: 'Loses' }, { name: 'Would be sent' }], rows)}`
    }${pager(cursor === undefined ? null : at({}), next === null ? null : at({ cursor: String(next) }))}`,
  };
}

const words = {
  none: 'nothing',
  write: '',
  remove: 'a deletion',
  erase: 'an erasure',
} as const;

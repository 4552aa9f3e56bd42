// Customers that the destination holds otherwise than it acknowledged.
import { html } from 'hono/html';
import type { Drift } from '../../../contract/drift.ts';
import type { OpenOrAcknowledged } from '../../../contract/parts.ts';
import type { Status } from '../../../contract/status.ts';
import { counted, iso } from '../../../words.ts';
import { cause } from '../causes.ts';
import { value } from '../format.ts';
import { address, blank, customerPath, pager, table } from '../lists.ts';
import { action, chip, type Html, moment } from '../parts.ts';
import type { PageContent } from '../shell.ts';
import { acknowledgement, acknowledging, stateTabs } from './acknowledging.ts';
import { problemTabs } from './tabs.ts';

const kinds = {
  differs: {
    title: 'with other values there',
    plain: 'A person or another program has changed them since they were delivered.',
    next: 'Find out who writes them. A verification that heals sends our values again.',
  },
  deleted: {
    title: 'deleted there',
    plain: 'They were delivered, and the destination no longer has them.',
    next: 'If they are wanted there, a verification that heals creates them again.',
  },
  unknown: {
    title: 'there that were never sent',
    plain: 'No source has them, so they are left alone.',
    next: 'Nothing, unless they should come from a source.',
  },
} as const;

export function driftCauses({ drifts }: Status): Html[] {
  return drifts
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) =>
      cause({
        key: `drift ${kind}`,
        title: `${counted(count, 'customer')} ${kinds[kind].title}`,
        href: '/problems?show=drift',
        tags: chip('quiet', kind),
        tone: kind === 'unknown' ? 'quiet' : 'bad',
        plain: kinds[kind].plain,
        quotes: [],
        next: kinds[kind].next,
        actions: html`${
          kind === 'unknown'
            ? ''
            : action('Verify and heal', '/api/verify', {
                body: { full: true, heal: true },
                done: 'Verifying; customers that differ are resent',
                about: kind,
                confirm: 'Read back all customers, and resend those that differ?',
              })
        }${acknowledging('/api/drifts/acknowledge', 'Acknowledge all…', {
          body: { kind },
          asOf: 'foundUntil',
          about: `that are ${kind}`,
          confirm: `Acknowledge ${counted(count, 'customer')} ${kinds[kind].title}? A difference is open again when it changes.`,
        })}`,
      }),
    );
}

export function driftPage({
  status,
  drifts,
  next,
  filter: { state, cursor },
}: {
  status: Status;
  drifts: Drift[];
  next: string | null;
  filter: { state: OpenOrAcknowledged; cursor: string | undefined };
}): PageContent {
  const at = (over: { state?: OpenOrAcknowledged; cursor?: string }) =>
    address('/problems', { show: 'drift', state: state === 'open' ? undefined : state, ...over });
  const isOpen = state === 'open';
  const open = status.drifts.reduce((sum, { count }) => sum + count, 0);
  const rows = drifts.map((one) => row(one, status));
  const columns = [{ name: 'Customer' }, { name: 'Kind' }, { name: 'Acknowledged → found' }, { name: '' }];
  return {
    title: 'Drift',
    at: '/problems',
    body: html`${problemTabs(status, 'drift')}${stateTabs('Drift by state', 'drift', state, { open, acknowledged: status.acknowledgedDrifts })}${
      drifts.length === 0
        ? isOpen
          ? blank(
              'No drift',
              `No difference between ${status.destination.connector} and what it acknowledged is known${status.acknowledgedDrifts > 0 ? ', but those that were acknowledged' : ''}.`,
              html`<a href="/verification">Verify it</a>`,
            )
          : blank('None', 'No difference is acknowledged. One that is open can be, with a reason.')
        : html`${isOpen ? html`<div class="card flush" data-key="causes">${driftCauses(status)}</div><h2 data-key="h">One by one</h2>` : ''}${table('Customers that differ', columns, rows)}`
    }${pager(cursor === undefined ? null : at({}), next === null ? null : at({ cursor: next }))}`,
  };
}

function row({ sourceId, kind, fields, by, foundAt, acknowledged }: Drift, { now }: Status): Html {
  const body = { sourceIds: [sourceId], foundUntil: iso(foundAt) };
  const act = acknowledged
    ? action('Reopen', '/api/drifts/reopen', {
        body: { sourceIds: [sourceId] },
        done: 'It needs a person again',
        kind: 'small',
        about: sourceId,
      })
    : acknowledging('/api/drifts/acknowledge', 'Acknowledge…', { body, about: sourceId, kind: 'small' });
  return html`<tr data-key="${sourceId}"><th scope="row"><a href="${customerPath(sourceId)}">${sourceId}</a><small>${by}, ${moment(foundAt, now)}</small></th><td data-name="Kind">${chip(kind === 'unknown' ? 'quiet' : 'bad', kind)}</td><td class="wide" data-name="Difference"><ul class="changes">${Object.entries(fields).map(([field, { expected, found }]) => html`<li><code>${field}</code> ${value(expected)} → <ins>${value(found)}</ins></li>`)}</ul>${acknowledgement(acknowledged, now)}</td><td class="acts">${act}</td></tr>`;
}

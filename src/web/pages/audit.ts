// Who changed what, newest first.
import { html } from 'hono/html';
import type { AuditEntry } from '../../contract/access.ts';
import { iso } from '../../words.ts';
import { address, blank, choice, head, pager, table, tabs } from './lists.ts';
import { chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';

interface Filter {
  by?: string | undefined;
  cursor?: number | undefined;
}

export interface AuditView {
  entries: AuditEntry[];
  next: number | null;
  filter: Filter;
  names: readonly string[];
  now: number;
}

export function auditPage({ entries, next, filter: { by, cursor }, names, now }: AuditView): PageContent {
  const at = (over: Filter) => address('/audit', { by, ...over });
  return {
    title: 'Audit',
    at: '/audit',
    everySeconds: cursor === undefined ? 5 : null,
    fixed: html`${head('Audit', { sub: 'Every request that may change something, with those that were refused, logins, and floods of wrong tokens. Kept for 400 days.' })}
${auditTabs('changes')}<form class="filters" method="get" action="/audit">${choice('by', 'Token', [...new Set([...names, ...(by === undefined ? [] : [by])])], by, 'Everybody')}<button type="submit">Apply</button></form>`,
    body: html`${
      entries.length === 0
        ? blank(
            'Nothing is noted',
            by === undefined
              ? 'Nobody has changed anything yet.'
              : html`<b class="inline">${by}</b> has changed nothing.`,
          )
        : table(
            'Audit',
            columns,
            entries.map((entry) => row(entry, now)),
          )
    }${pager(cursor === undefined ? null : at({}), next === null ? null : at({ cursor: next }))}`,
  };
}

export function auditTabs(current: 'changes' | 'erasures'): Html {
  return tabs('Kinds of entries', [
    { name: 'Changes', href: '/audit', isCurrent: current === 'changes' },
    { name: 'Erasures', href: '/audit/erasures', isCurrent: current === 'erasures' },
  ]);
}

const columns = [
  { name: 'What' },
  { name: 'On' },
  { name: 'Who' },
  { name: 'When' },
  { name: 'Answer', isFigure: true },
];

function row({ id, at, by, role, action, targets, status }: AuditEntry, now: number): Html {
  const tone = status < 400 ? 'good' : status < 500 ? 'wait' : 'bad';
  return html`<tr data-key="${id}"><th scope="row"><code>${action}</code></th><td data-name="On" class="${targets.length === 0 ? 'zero' : ''}">${targets.join(', ') || '–'}</td><td data-name="Who"><a href="${address('/audit', { by })}">${by}</a> <small>${role}</small></td><td data-name="When">${moment(at, now)} <small class="unbroken">${iso(at).slice(0, 16).replace('T', ' ')}</small></td><td class="figure" data-name="Answer">${chip(tone, String(status))}</td></tr>`;
}

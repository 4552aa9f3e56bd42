// The list of customers, and the search for one.
import { html } from 'hono/html';
import { type CustomerLine, type DeliveryState, deliveryStates } from '../../contract/customer.ts';
import type { CustomerCounts } from '../../contract/status.ts';
import { number } from '../../words.ts';
import { address, blank, customerPath, head, pager, table, tabs } from './lists.ts';
import { chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';

interface Filter {
  q?: string | undefined;
  state?: DeliveryState | undefined;
  /** Whether a search looks at all customers, however long that takes. */
  all?: 'true' | undefined;
  cursor?: string | undefined;
}

export interface CustomerList {
  customers: CustomerLine[];
  next: string | null;
  /** So many customers were searched, and there are more of them. Null: the page is full, or all were. */
  searched: number | null;
  filter: Filter;
  counts: CustomerCounts;
  now: number;
}

export function customersPage(list: CustomerList): PageContent {
  const { customers, next, searched, filter, counts, now } = list;
  const { q, state, all, cursor } = filter;
  const at = (change: Filter) => address('/customers', { q, state, all, ...change });
  return {
    title: 'Customers',
    at: '/customers',
    // A search may read all customers: it is not repeated by itself.
    everySeconds: q === undefined ? 3 : null,
    fixed: html`${head('Customers')}
<form class="filters" method="get" action="/customers" role="search"><div class="grow"><label for="q" class="unseen">Source ID, record ID, e-mail, phone or name</label>
<input id="q" name="q" type="search" value="${q ?? ''}" placeholder="Source ID, record ID, e-mail, phone, name, or metadata.plan:gold" maxlength="200" autocomplete="off" spellcheck="false" aria-keyshortcuts="/"></div>
<button type="submit" class="main">Find</button></form>`,
    body: html`${
      q === undefined
        ? tabs('Customers by the state of their delivery', [
            { name: 'All', href: '/customers', isCurrent: state === undefined, count: counts.total },
            ...deliveryStates.map((one) => ({
              name: names[one],
              href: address('/customers', { state: one }),
              isCurrent: state === one,
              count: counts[one],
            })),
          ])
        : ''
    }${
      searched === null
        ? ''
        : html`<p class="hint">${number(searched)} of ${number(counts.total)} customers were searched. <a href="${at({ all: 'true' })}">Search all</a></p>`
    }${
      customers.length === 0
        ? nothing(filter, searched)
        : table(
            'Customers',
            columns,
            customers.map((line) => row(line, now)),
          )
    }${pager(
      cursor === undefined ? null : at({ cursor: undefined }),
      next === null ? null : at({ cursor: next }),
    )}`,
  };
}

const names = { delivered: 'Delivered', waiting: 'Waiting', held: 'Held', dead: 'Dead' } as const;

const columns = [
  { name: 'Customer' },
  { name: 'E-mail' },
  { name: 'State' },
  { name: 'Revision', isFigure: true },
  { name: 'Changed' },
];

function nothing({ q, state }: Filter, searched: number | null): Html {
  if (q !== undefined)
    return blank(
      searched === null ? 'Nobody was found' : 'Nobody was found so far',
      html`No customer's source ID, e-mail, phone or name begins with <b class="inline">${q}</b>${searched === null ? '' : ', among those that were searched'}, and no record has that ID.`,
      html`<a href="/customers">All customers</a>`,
    );
  if (state !== undefined)
    return blank(
      `Nobody is ${state}`,
      html`No delivery is in this state now.`,
      html`<a href="/customers">All customers</a>`,
    );
  return blank(
    'There are no customers yet',
    'They appear with the first records of a source.',
    html`<a href="/sources">To the sources</a>`,
  );
}

const tones = { delivered: 'good', waiting: 'note', held: 'wait', dead: 'bad' } as const;

export function stateChip(state: CustomerLine['state']): Html | '' {
  return state ? chip(tones[state], state) : '';
}

function row(
  { sourceId, name, email, state, orphaned, revision, acknowledged, updatedAt }: CustomerLine,
  now: number,
): Html {
  return html`<tr class="link" data-key="${sourceId}"><th scope="row"><a class="to" href="${customerPath(sourceId)}">${name ?? email ?? sourceId}</a><small>${sourceId}</small></th>
<td class="${email === null ? 'zero' : ''}" data-name="E-mail">${email ?? '–'}</td>
<td data-name="State">${stateChip(state)}${orphaned ? chip('wait', 'orphaned') : ''}</td>
<td class="figure" data-name="Revision">${number(revision)}${acknowledged === revision ? '' : html` <small>${acknowledged === null ? 'nothing acknowledged' : `${number(acknowledged)} acknowledged`}</small>`}</td>
<td data-name="Changed">${moment(updatedAt, now)}</td></tr>`;
}

// Receipts of erasures: what each store answered. None of them names the person.
import { html } from 'hono/html';
import { isOpen, type Receipt } from '../../contract/erasure.ts';
import { counted, iso } from '../../words.ts';
import { auditTabs } from './audit.ts';
import { address, blank, head, pager, table } from './lists.ts';
import { chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';

export interface ErasuresView {
  receipts: Receipt[];
  next: string | null;
  cursor: string | undefined;
  now: number;
}

export function erasuresPage({ receipts, next, cursor, now }: ErasuresView): PageContent {
  return {
    title: 'Erasures',
    at: '/audit',
    crumbs: [{ name: 'Erasures' }],
    everySeconds: cursor === undefined ? 5 : null,
    body: html`${head('Audit', { sub: 'Receipts of people who were erased. A receipt is open until every store has answered, and names nobody.' })}${auditTabs('erasures')}${
      receipts.length === 0
        ? blank('Nobody was erased', 'An admin erases a person on the page of the customer.')
        : table(
            'Receipts',
            columns,
            receipts.map((receipt) => row(receipt, now)),
          )
    }${pager(cursor === undefined ? null : '/audit/erasures', next === null ? null : address('/audit/erasures', { cursor: next }))}`,
  };
}

const columns = [{ name: 'Receipt' }, { name: 'State' }, { name: 'Requested' }, { name: 'Stores' }];

function row(
  { id, state, permanent, known, subject, requestedAt, stores, signed }: Receipt,
  now: number,
): Html {
  const waiting = stores.filter(({ answer }) => isOpen(answer));
  return html`<tr data-key="${id}"><th scope="row"><code>${id}</code><small>${permanent ? 'permanently' : 'erased'}${known ? '' : ' · nothing of them was known here'} · subject <code>${subject.slice(0, 12)}…</code>${signed === null ? '' : ' · signed'}</small></th>
<td data-name="State">${state === 'complete' ? chip('good', 'complete') : chip('wait', waiting.length === 0 ? 'open' : `${counted(waiting.length, 'store')} to answer`)}</td>
<td data-name="Requested">${moment(requestedAt, now)} <small>${iso(requestedAt).slice(0, 16).replace('T', ' ')}</small></td>
<td class="wide" data-name="Stores"><details data-key="stores"><summary>${counted(stores.length, 'answer')}</summary><ul class="changes">${stores.map(({ store, answer, rows, note }) => html`<li><code>${store}</code> ${answer}${rows === null ? '' : html` <small>${counted(rows, 'row')}</small>`}${note === null ? '' : html` <small>${note}</small>`}</li>`)}</ul></details></td></tr>`;
}

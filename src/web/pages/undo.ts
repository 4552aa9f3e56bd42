// What undoing a run would do, before it is done; and of an undo what it still keeps and has spared.
import { html } from 'hono/html';
import type { Run } from '../../contract/run.ts';
import { segmentSentences } from '../../contract/segment-words.ts';
import type { Undo, UndoPreview } from '../../contract/undo.ts';
import type { SparedValue } from '../../tables/spared-values.ts';
import { counted, number } from '../../words.ts';
import { value } from './format.ts';
import { address, blank, customerPath, head, pager, table } from './lists.ts';
import { action, type Html } from './parts.ts';
import type { PageContent } from './shell.ts';

const sparedShown = 50;

export interface UndoView {
  run: Run;
  preview: UndoPreview;
  takesCreated: boolean;
  mayUndo: boolean;
}

export function undoPage({ run, preview, takesCreated, mayUndo }: UndoView): PageContent {
  const { summary, differs, customers, fields, spared, segments, notes } = preview;
  const path = `/runs/${run.id}/undo`;
  const rows = fields.map(
    ({ field, changed }) =>
      html`<tr><th scope="row"><code>${field}</code></th><td class="figure" data-name="Customers">${number(changed.count)}</td><td class="wide" data-name="For example"><ul class="changes">${changed.samples.slice(0, 3).map(({ sourceId, from, to }) => html`<li><a href="${customerPath(sourceId)}">${sourceId}</a> <del>${value(from)}</del> → <ins>${value(to)}</ins></li>`)}</ul></td></tr>`,
  );
  return {
    title: `Undo run ${run.id}`,
    at: '/runs',
    crumbs: [{ name: `#${run.id}`, href: `/runs/${run.id}` }, { name: 'Undo' }],
    everySeconds: null,
    body: html`${head(`Undo run ${run.id} of ${run.source}`, {
      sub: 'Nothing has been changed yet.',
      actions:
        differs && mayUndo
          ? action('Undo', `/api/runs/${run.id}/undo`, {
              body: { created: takesCreated },
              done: `Run ${run.id} is being undone: see the runs`,
              kind: 'danger',
              about: `run ${run.id}`,
              confirm: `${summary} Undo run ${run.id}?`,
            })
          : '',
    })}
<section class="card space-below" aria-label="What it would do"><p><b>${summary}</b></p>
<ul class="why bullets">${[
      group('would come back', customers.kept.count + customers.broughtBack.count),
      group('would be taken away from the destination', customers.takenAway.count),
      ...segmentSentences(segments),
      ...notes,
    ]
      .filter((line) => line !== null)
      .map((line) => html`<li>${line}</li>`)}</ul>
<p>${takesCreated ? html`<a href="${path}">Leave customers that the run created</a>` : html`<a href="${path}?created=true">Also take customers away that the run created</a>`}</p></section>
${rows.length === 0 ? '' : table('Values that go back', [{ name: 'Field' }, { name: 'Customers', isFigure: true }, { name: 'For example' }], rows)}
<h2>Spared</h2>${sparedTable(spared.values.slice(0, sparedShown))}${more(spared)}`,
  };
}

/** Afterwards the page of the undo lists all of them, page by page. */
function more({ counts, values }: UndoPreview['spared']): Html | '' {
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  const shown = Math.min(values.length, sparedShown);
  if (all <= shown) return '';
  return html`<p class="hint">The first ${number(shown)} of ${number(all)}. The page of the undo lists all of them.</p>`;
}

function group(words: string, count: number): string | null {
  return count === 0 ? null : `${counted(count, 'customer')} ${words}.`;
}

/** The card of an undo on its own page. */
export function undoCard(
  undo: Undo,
  spared: { values: readonly SparedValue[]; next: string | null; isFirst: boolean },
): Html {
  const { run, undoes, standing, withheld } = undo;
  return html`<section class="card" data-key="undo" aria-label="What it keeps"><h2>Undo of <a href="/runs/${undoes}">run ${undoes}</a></h2>
<p>${counted(standing.values, 'value')} of ${counted(standing.customers, 'customer')} still ${standing.values === 1 ? 'stands' : 'stand'} as before that run${withheld > 0 ? `, and ${counted(withheld, 'customer')} ${withheld === 1 ? 'is' : 'are'} kept away from the destination` : ''}. A value ends when its records give something else.</p>
<h3>Spared</h3>${sparedTable(spared.values)}${pager(
    spared.isFirst ? null : `/runs/${run.id}`,
    spared.next === null ? null : address(`/runs/${run.id}`, { spared: spared.next }),
  )}</section>`;
}

function sparedTable(values: readonly SparedValue[]): Html {
  if (values.length === 0)
    return blank('Nothing was spared', 'Nobody else has changed these customers since.');
  return table(
    'Spared values',
    [{ name: 'Customer' }, { name: 'Field' }, { name: 'Why' }],
    values.map(
      ({ sourceId, field, because, by }) =>
        html`<tr><th scope="row"><a href="${customerPath(sourceId)}">${sourceId}</a></th><td data-name="Field">${field === null ? 'the customer' : html`<code>${field}</code>`}</td><td data-name="Why">${because} ${by}</td></tr>`,
    ),
  );
}

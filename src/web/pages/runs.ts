// The last runs, each with counts that balance.
import { html } from 'hono/html';
import type { Columns, Run } from '../../contract/run.ts';
import { duration, number } from '../../words.ts';
import { chip, type Html, moment, type Share, stacked } from './parts.ts';

export function runsSection(runs: readonly Run[], now: number, columns: ReadonlyMap<number, Columns>): Html {
  return html`<section id="runs" data-live aria-labelledby="runs-title">
<div class="title-row"><h2 id="runs-title">Last runs</h2><a href="/runs">All runs</a></div>
${
  runs.length === 0
    ? html`<p class="card empty">Nothing has run yet.</p>`
    : html`<div class="card table"><table class="runs" aria-labelledby="runs-title">
<thead><tr><th scope="col">Run</th><th scope="col">When</th><th scope="col" class="figure">Received</th><th scope="col" class="figure sum">Changed</th><th scope="col" class="figure sum">Unchanged</th><th scope="col" class="figure sum">Superseded</th><th scope="col" class="figure sum">Filtered</th><th scope="col" class="figure sum">Rejected</th><th scope="col" class="figure">Customers</th><th scope="col">State</th></tr></thead>
<tbody>${runs.map((run) => row(run, now, columns.get(run.id)))}</tbody></table></div>`
}</section>`;
}

const tones = { requested: 'note', finished: 'good', failed: 'bad', cancelled: 'quiet' } as const;

function row(run: Run, now: number, columns: Columns | undefined): Html {
  const shares: Share[] = [
    { name: 'changed', count: run.changed, tone: 'good' },
    { name: 'unchanged', count: run.unchanged, tone: 'quiet' },
    { name: 'superseded', count: run.superseded, tone: 'note' },
    { name: 'filtered', count: run.filtered, tone: 'wait' },
    { name: 'rejected', count: run.rejected, tone: 'bad' },
  ];
  const took = run.startedAt ? ((run.endedAt ?? now) - run.startedAt) / 1000 : null;
  return html`<tr data-key="${run.id}"><th scope="row"><b><a href="/runs/${run.id}">${run.source}</a></b> <small>${run.request.dryRun ? 'dry run, ' : ''}${run.mode} · ${run.trigger} · #${run.id}</small></th>
<td data-name="When">${moment(run.startedAt ?? run.requestedAt, now)}<small>${took === null ? '' : ` · ${duration(Math.max(took, 0))}`}</small></td>
<td class="figure" data-name="Received"><b>${number(run.received)}</b>${run.received > 0 ? stacked(`Run ${run.id}`, shares) : ''}</td>
${shares.map(({ name, count, tone }) => html`<td class="figure sum ${count === 0 ? 'none' : ''} ${count > 0 && tone === 'bad' ? 'bad-text' : ''}" data-name="${name}">${number(count)}</td>`)}
<td class="figure" data-name="Customers">${number(run.customers)}</td>
<td data-name="State">${chip(tones[run.state], run.state === 'requested' ? (run.working ? 'running' : 'waiting') : run.state)}${
    run.error ? html`<small class="error">${run.error}</small>` : ''
  }${run.notes.map(({ message, count }) => html`<small class="notes">${message}${count > 1 ? ` (${number(count)}×)` : ''}</small>`)}${columns ? columnsOf(columns) : ''}</td></tr>`;
}

/** What became of the columns of a file, folded up. */
function columnsOf({ recognised, sourceId, fields, leftOut }: Columns): Html {
  const lines = [
    ...(sourceId === null ? [] : [`source ID ← ${sourceId}`]),
    ...fields.map(({ field, columns }) => `${field} ← ${columns.join(' + ')}`),
    ...leftOut.map(({ column, reason }) => `left out: ${column} (${reason})`),
  ];
  const kind = recognised === null ? '' : `, ${recognised}`;
  return html`<details data-key="columns"><summary>Columns${kind}: ${fields.length} read, ${leftOut.length} left out</summary><pre>${lines.join('\n')}</pre></details>`;
}

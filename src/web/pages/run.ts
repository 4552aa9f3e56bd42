// One run: how far it is, whether its counts balance, and what it left behind.
import { html } from 'hono/html';
import type { Columns, ReportedRun } from '../../contract/run.ts';
import { segmentSentences } from '../../contract/segment-words.ts';
import type { TouchedRecord } from '../../sync/views/run-records.ts';
import { counted, duration, iso, number, percent } from '../../words.ts';
import { rate } from './format.ts';
import { address, customerPath, facts, head, sourcePath, table } from './lists.ts';
import { action, chip, type Html, legend, moment, stacked } from './parts.ts';
import { runChip, runSeconds, runShares } from './run-list.ts';
import type { PageContent } from './shell.ts';

export interface RunView {
  run: ReportedRun;
  /** Null: not asked for, because finding them reads the records of the source. */
  records: TouchedRecord[] | null;
  /** Of an undo: what it keeps and has spared. */
  undone: Html | null;
  mayUndo: boolean;
  now: number;
}

export function runPage({ run, records, undone, mayUndo, now }: RunView): PageContent {
  const title = `Run ${run.id} of ${run.source}`;
  return {
    title,
    at: '/runs',
    crumbs: [{ name: `#${run.id}` }],
    everySeconds: records !== null || run.state !== 'requested' ? null : 1,
    body: html`${head(html`${title} ${runChip(run)}`, {
      sub: html`${run.request.dryRun ? 'Dry run: nothing was stored or sent. ' : ''}${modes[run.mode]} ${triggers[run.trigger]}`,
      actions:
        run.state === 'requested'
          ? action('Cancel', `/api/runs/${run.id}/cancel`, {
              done: `Run ${run.id} was cancelled`,
              kind: 'danger',
              about: `run ${run.id}`,
              confirm: `Cancel run ${run.id}? The records that it has ingested stay.`,
            })
          : mayUndo && !run.request.dryRun
            ? html`<a class="button" href="/runs/${run.id}/undo">Undo…</a>`
            : '',
    })}
${run.error ? html`<p class="banner ${run.state === 'failed' ? 'bad' : 'wait'}" data-key="error">${run.error}</p>` : ''}
${run.state === 'requested' ? progress(run, now) : ''}
<div class="split" data-key="split"><div class="stack-y">${balance(run)}${undone ?? ''}${run.report ? report(run.report) : ''}${touched(run, records, now)}</div>
<div class="stack-y">${about(run, now)}${notes(run)}${run.columns ? columnsOf(run.columns) : ''}</div></div>`,
  };
}

const modes: { readonly [mode in ReportedRun['mode']]: string } = {
  incremental: 'Reads what changed,',
  full: 'Reads everything,',
  records: 'Reads single records,',
  import: 'Imports a file,',
  remap: 'Maps stored records again,',
  undo: 'Undoes another run,',
};

const triggers: { readonly [trigger in ReportedRun['trigger']]: string } = {
  start: 'because Tributary started.',
  schedule: 'as scheduled.',
  manual: 'because a person asked for it.',
  mapping: 'because the mapping changed.',
  coverage: 'because webhooks leave changes out.',
  gap: 'because the journal of the vendor no longer has all changes.',
};

function progress(run: ReportedRun, now: number): Html {
  const { expected, received, ratePerSecond } = run;
  const known = expected !== null && expected > 0;
  const left =
    known && ratePerSecond && expected > received
      ? ` · about ${duration((expected - received) / ratePerSecond)} left`
      : '';
  const said = known
    ? `${number(received)} of ${number(expected)} records, ${percent(Math.min(received / expected, 1))}`
    : `${counted(received, 'record')} so far`;
  return html`<div class="card" data-key="progress"><p><b>${run.step ?? (run.working ? 'It begins' : 'It waits for a worker')}</b></p>
<progress${known ? html` max="${expected}" value="${Math.min(received, expected)}"` : html` class="${run.working ? 'moving' : ''}" max="1" value="0"`} aria-label="Progress of run ${run.id}">${said}</progress>
<p class="hint">${said}${ratePerSecond ? ` · ${rate(ratePerSecond)}` : ''}${left}${run.working || run.dueAt <= now ? '' : html` · next try ${moment(run.dueAt, now)}`}${run.cancelRequestedAt === null ? '' : ' · it ends after this page'}</p></div>`;
}

/** Every record is accounted for. */
function balance(run: ReportedRun): Html {
  const shares = runShares(run).map((share) =>
    share.name === 'rejected' && share.count > 0
      ? { ...share, href: address('/problems', { show: 'letters', kind: 'record', source: run.source }) }
      : share,
  );
  const sum = shares.reduce((total, { count }) => total + count, 0);
  return html`<section class="card" data-key="balance" aria-label="Balance"><h2>Balance</h2>
<p><b>${number(run.received)}</b> received ${run.received === sum ? '=' : '≠'} ${shares.map(({ name, count }) => `${number(count)} ${name}`).join(' + ')} ${run.received === sum ? chip('good', 'balances') : chip('bad', 'does not balance')}</p>
<div class="gap">${stacked('Records received', shares)}</div>${legend(shares)}
<p class="hint">${counted(run.customers, 'customer')} changed by it · ${counted(run.pages, 'page')} read</p></section>`;
}

function about(run: ReportedRun, now: number): Html {
  const took = runSeconds(run, now);
  return html`<section class="card" data-key="about" aria-label="About this run"><h2>About this run</h2>${facts(
    [
      ['Source', html`<a href="${sourcePath(run.source)}">${run.source}</a>`],
      ['Mode', run.mode],
      ['Trigger', run.trigger],
      ['Lane', run.lane],
      ['Requested', moment(run.requestedAt, now)],
      run.slot === null ? null : ['Slot', iso(run.slot)],
      run.startedAt === null ? null : ['Started', moment(run.startedAt, now)],
      run.endedAt === null ? null : ['Ended', moment(run.endedAt, now)],
      took === null ? null : ['Took', duration(took)],
      run.attempts === 0 ? null : ['Failed attempts', number(run.attempts)],
      run.request.recordIds ? ['Records', listed(run.request.recordIds)] : null,
      run.request.path ? ['File', run.request.path.split(/[\\/]/).at(-1) ?? ''] : null,
      run.request.rewoundTo === undefined ? null : ['Rewound to', iso(run.request.rewoundTo)],
    ],
  )}</section>`;
}

function listed(ids: readonly string[]): string {
  return ids.length > 5 ? `${ids.slice(0, 5).join(', ')} and ${number(ids.length - 5)} more` : ids.join(', ');
}

function notes(run: ReportedRun): Html | '' {
  if (run.notes.length === 0) return '';
  return html`<section class="card" data-key="notes" aria-label="Notes"><h2>Notes</h2><ul class="why">${run.notes.map(
    ({ code, message, count }) =>
      html`<li data-key="${code} ${message}">${message}${count > 1 ? html` <small>${number(count)}×</small>` : ''}</li>`,
  )}</ul></section>`;
}

/** What a dry run would do. */
function report({ summary, kinds, segments, notes: remarks }: NonNullable<ReportedRun['report']>): Html {
  return html`<section class="card" data-key="report" aria-label="What it would do"><h2>What it would do</h2><p>${summary}</p>
<ul class="why">${kinds.map(({ sentence, sourceIds }) => html`<li>${sentence}${sourceIds.length === 0 ? '' : html` <small>${sourceIds.slice(0, 3).map((id, index) => html`${index > 0 ? ', ' : ''}<a href="${customerPath(id)}">${id}</a>`)}</small>`}</li>`)}</ul>
${segments ? html`<ul class="why bullets">${segmentSentences(segments).map((sentence) => html`<li>${sentence}</li>`)}</ul>` : ''}
${remarks.map((remark) => html`<p class="hint">${remark}</p>`)}</section>`;
}

function touched(run: ReportedRun, records: TouchedRecord[] | null, now: number): Html | '' {
  if (run.changed === 0 || run.request.dryRun) return '';
  if (records === null)
    return html`<p data-key="touched"><a href="/runs/${run.id}?records=true">Show the records that it changed</a></p>`;
  const rows = records.map(
    ({ stream, recordId, sourceId, changedAt, deleted, filtered }) =>
      html`<tr><th scope="row">${recordId}<small>${stream}</small></th><td data-name="Customer">${sourceId === null ? '–' : html`<a href="${customerPath(sourceId)}">${sourceId}</a>`}</td><td data-name="Changed">${moment(changedAt, now)}</td><td>${deleted ? chip('wait', 'deleted') : ''}${filtered ? chip('quiet', filtered) : ''}</td></tr>`,
  );
  return html`<section data-key="touched" aria-label="Records"><h2>Records that it changed last</h2>${table(
    'Records that it changed last',
    [{ name: 'Record' }, { name: 'Customer' }, { name: 'Changed at the source' }, { name: '' }],
    rows,
  )}<p class="hint">${records.length === 0 ? 'Later runs have changed all of them again.' : `The first ${records.length} that no later run has changed.`}</p></section>`;
}

/** What became of the columns of a file. */
function columnsOf({ recognised, sourceId, fields, leftOut }: Columns): Html {
  return html`<section class="card" data-key="columns" aria-label="Columns"><h2>Columns${recognised === null ? '' : html` <small>${recognised}</small>`}</h2>${facts(
    [
      ...(sourceId === null ? [] : [['source ID', sourceId] as const]),
      ...fields.map(({ field, columns }) => [field, columns.join(' + ')] as const),
      ...leftOut.map(({ column, reason }) => [column, html`<small>left out: ${reason}</small>`] as const),
    ],
  )}</section>`;
}

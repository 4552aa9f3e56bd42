// The list of runs.
import { html } from 'hono/html';
import type { Received } from '../../contract/balance.ts';
import { type Run, type RunState, runStates } from '../../contract/run.ts';
import { duration, number } from '../../words.ts';
import { address, blank, type Column, choice, head, pager, table, tabs } from './lists.ts';
import { chip, type Html, moment, type Share, stacked } from './parts.ts';
import type { PageContent } from './shell.ts';

interface Filter {
  source?: string | undefined;
  state?: RunState | undefined;
  cursor?: number | undefined;
}

export interface RunList {
  runs: Run[];
  next: number | null;
  filter: Filter;
  sources: readonly string[];
  now: number;
}

const stateNames: { readonly [state in RunState]: string } = {
  requested: 'Not ended',
  finished: 'Finished',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export function runsPage({ runs, next, filter, sources, now }: RunList): PageContent {
  const { source, state, cursor } = filter;
  const at = (change: Filter) => address('/runs', { source, state, ...change });
  return {
    title: 'Runs',
    at: '/runs',
    everySeconds: 2,
    fixed: html`${head('Runs', { sub: 'Runs of all sources, newest first. Each accounts for every record that it received.' })}
${tabs('Runs by state', [
  { name: 'All', href: at({ state: undefined }), isCurrent: state === undefined },
  ...runStates.map((one) => ({ name: stateNames[one], href: at({ state: one }), isCurrent: state === one })),
])}
${
  sources.length < 2
    ? ''
    : html`<form class="filters" method="get" action="/runs">${state ? html`<input type="hidden" name="state" value="${state}">` : ''}${choice('source', 'Source', sources, source)}<button type="submit">Apply</button></form>`
}`,
    body: html`${
      runs.length === 0 ? nothing(filter) : runsTable(runs, now)
    }${pager(cursor === undefined ? null : at({}), next === null ? null : at({ cursor: next }))}`,
  };
}

/** `isNarrow`: of one source, beside something else. */
export function runsTable(runs: readonly Run[], now: number, { isNarrow = false } = {}): Html {
  return table(
    'Runs',
    columns.filter(({ isWideOnly }) => !isNarrow || !isWideOnly),
    runs.map((run) => row(run, now, isNarrow)),
  );
}

const columns: readonly (Column & { isWideOnly?: boolean })[] = [
  { name: 'Run' },
  { name: 'State' },
  { name: 'When' },
  { name: 'Took', isFigure: true, isWideOnly: true },
  { name: 'Received', isFigure: true },
  { name: 'Outcome', isWideOnly: true },
  { name: 'Changed', isFigure: true },
  { name: 'Rejected', isFigure: true },
  { name: 'Customers', isFigure: true, isWideOnly: true },
];

function nothing({ source, state }: Filter): Html {
  if (source === undefined && state === undefined)
    return blank(
      'Nothing has run yet',
      'A run begins by its schedule, or when you sync a source.',
      html`<a href="/sources">To the sources</a>`,
    );
  return blank('No such runs', 'No run matches these filters.', html`<a href="/runs">All runs</a>`);
}

const tones = { requested: 'note', finished: 'good', failed: 'bad', cancelled: 'quiet' } as const;

export function runChip({ state, working }: Pick<Run, 'state' | 'working'>): Html {
  return chip(tones[state], state === 'requested' ? (working ? 'running' : 'waiting') : state);
}

/** What became of the records that it received. */
export function runShares(run: Omit<Received, 'records'>): Share[] {
  return [
    { name: 'changed', count: run.changed, tone: 'good' },
    { name: 'unchanged', count: run.unchanged, tone: 'quiet' },
    { name: 'superseded', count: run.superseded, tone: 'note' },
    { name: 'filtered', count: run.filtered, tone: 'wait' },
    { name: 'rejected', count: run.rejected, tone: 'bad' },
  ];
}

export function runSeconds({ startedAt, endedAt }: Run, now: number): number | null {
  return startedAt === null ? null : Math.max(((endedAt ?? now) - startedAt) / 1000, 0);
}

function row(run: Run, now: number, isNarrow: boolean): Html {
  const took = runSeconds(run, now);
  const count = (value: number, name: string, tone = '') =>
    html`<td class="figure ${value === 0 ? 'zero' : tone}" data-name="${name}">${number(value)}</td>`;
  const what = `${run.request.dryRun ? 'dry run, ' : ''}${run.mode} · ${run.trigger}`;
  const error = run.error ? html`<small class="bad-text">${run.error}</small>` : '';
  return html`<tr class="link" data-key="${run.id}"><th scope="row">${
    isNarrow
      ? html`<a class="to" href="/runs/${run.id}">#${run.id}</a><small>${what}</small>${error}`
      : html`<a class="to" href="/runs/${run.id}">${run.source}</a><small>#${run.id} · ${what}</small>`
  }</th>
<td data-name="State">${runChip(run)}</td>
<td data-name="When">${moment(run.startedAt ?? run.requestedAt, now)}</td>
${isNarrow ? '' : html`<td class="figure" data-name="Took">${took === null ? '–' : duration(took)}</td>`}
${count(run.received, 'Received')}
${isNarrow ? '' : html`<td class="mini wide">${run.received > 0 ? stacked(`Run ${run.id}`, runShares(run)) : ''}${error}</td>`}
${count(run.changed, 'Changed')}${count(run.rejected, 'Rejected', 'bad-text')}${isNarrow ? '' : count(run.customers, 'Customers')}</tr>`;
}

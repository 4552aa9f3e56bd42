// The sources as cards: what each is doing, what it last did, and what may be asked of it.
import { html } from 'hono/html';
import type { Run } from '../../contract/run.ts';
import type { SourceStatus, Status } from '../../contract/status.ts';
import type { WriteBackVendor } from '../../contract/write-back.ts';
import { counted, duration, number, percent } from '../../words.ts';
import { budgets } from './budgets.ts';
import { rate, schedule } from './format.ts';
import { sourcePath } from './lists.ts';
import { action, chip, type Html, moment, pauseBanner, pauseChip } from './parts.ts';
import { webhooks } from './webhooks.ts';

export function sourcesSection(
  { sources, writeBacks }: Pick<Status, 'sources' | 'writeBacks'>,
  now: number,
  titleClass: 'first' | 'unseen' = 'first',
): Html {
  return html`<section id="sources" data-live aria-labelledby="sources-title">
<h2 id="sources-title" class="${titleClass}">Sources</h2>
${
  sources.length === 0
    ? html`<p class="card empty">No source is configured yet. Name one under <code>sources</code> in your configuration and start Tributary again.</p>`
    : html`<div class="cards">${sources.map((source) =>
        card(
          source,
          writeBacks.find((one) => one.source === source.name),
          now,
        ),
      )}</div>`
}</section>`;
}

function card(source: SourceStatus, back: WriteBackVendor | undefined, now: number): Html {
  const { name, going, lastRun, paused, pulls } = source;
  const run = going[0];
  return html`<article class="card source ${paused ? 'paused' : ''}" data-key="${name}" data-source="${name}" aria-label="Source ${name}">
<header><h3><a href="${sourcePath(name)}">${name}</a></h3>${sourceChip(source)}</header>
<p class="about">${source.connector} · ${pulls ? schedule(source.schedule) : 'only pushes'}${
    source.schedule === null || source.timezone === 'UTC' ? '' : ` · ${source.timezone}`
  } · ${counted(source.records, 'record')}</p>
${paused ? pauseBanner(paused, now) : ''}
${run || pulls ? doing(source, now) : ''}
${lastRun ? last(lastRun, now) : ''}
${webhooks(source.webhook, now)}
${back ? writtenBack(back, paused !== null, now) : ''}
${budgets(source.budget, now)}
${actions(source, run)}
</article>`;
}

/** What flows back to the vendor: what waits since when, what was given up, and why nothing is written. */
function writtenBack(back: WriteBackVendor, isSourcePaused: boolean, now: number): Html {
  const { source, waiting, delivered, oldestWaitingAt, deadLetters, paused, dryRun, failing } = back;
  const base = `/api/write-backs/${encodeURIComponent(source)}`;
  const about = `writing to ${source}`;
  const isOwnPause = paused !== null && !isSourcePaused;
  return html`<div class="doing" data-key="write-back"><p class="hint">Written back: ${number(delivered)} delivered · ${number(waiting)} pending${
    oldestWaitingAt === null ? '' : html`, the oldest from ${moment(oldestWaitingAt, now)}`
  } · ${counted(deadLetters, 'dead letter')}</p>
${dryRun ? chip('quiet', 'dry run: nothing is written') : ''}
${failing === null ? '' : html`<p class="banner wait" data-key="write-back-failing">Writing waits: ${failing}</p>`}
${isOwnPause ? html`${pauseBanner(paused, now)}${action('Resume writing', `${base}/resume`, { done: `Writing to ${source} was resumed`, about })}` : ''}
</div>`;
}

function doing({ going, lastRun }: SourceStatus, now: number): Html {
  const [run] = going;
  return html`<div class="doing" data-key="doing">${run ? current(run, now) : html`<p class="rest">${lastRun ? 'At rest' : 'Not read yet'}</p>`}
${going.length > 1 ? html`<p class="hint" data-key="queued">${counted(going.length - 1, 'more run')} waiting</p>` : ''}</div>`;
}

export function sourceChip({ paused, going, lastRun, pulls }: SourceStatus): Html | '' {
  if (paused) return pauseChip(paused);
  if (going.some((run) => run.working)) return chip('note', 'reading');
  if (going.length > 0) return chip('quiet', going[0]!.error !== null ? 'trying again' : 'waiting');
  if (lastRun?.state === 'failed') return chip('bad', 'last run failed');
  if (lastRun) return chip('good', 'up to date');
  // Of one that only pushes its webhooks say how it stands.
  return pulls ? chip('quiet', 'new') : '';
}

/** What the run that goes has brought so far. */
export function current(run: Run, now: number): Html {
  const { expected, received } = run;
  const known = expected !== null && expected > 0;
  const label = `Run ${run.id} of ${run.source}`;
  const share = known ? Math.min(received / expected, 1) : 0;
  return html`<div class="run" data-key="run-${run.id}">
<p><span>${run.working ? (run.step ?? `${run.mode} run begins`) : `${run.mode} run waits`}</span>
<b class="received">${number(received)}${known ? html`<small> of ${number(expected)}</small>` : ''}</b></p>
${
  known
    ? html`<progress max="${expected}" value="${Math.min(received, expected)}" aria-label="${label}">${percent(share)}</progress>`
    : html`<progress class="${run.working ? 'moving' : ''}" aria-label="${label}" max="1" value="0"></progress>`
}
<p class="hint">${rateText(run)}${run.startedAt ? html` · begun ${moment(run.startedAt, now)}` : ''}${
    run.working || run.dueAt <= now ? '' : html` · next try ${moment(run.dueAt, now)}`
  }</p>
${run.error ? html`<p class="banner wait">${run.error}</p>` : ''}</div>`;
}

function rateText({ ratePerSecond, expected, received }: Run): string {
  if (ratePerSecond === undefined || ratePerSecond === null || ratePerSecond <= 0) return 'no records yet';
  const left =
    expected !== null && expected > received
      ? ` · ${duration((expected - received) / ratePerSecond)} left`
      : '';
  return `${rate(ratePerSecond)}${left}`;
}

function last(run: Run, now: number): Html {
  const text = `${run.mode} run ${run.state}: ${number(run.received)} received, ${number(run.changed)} changed`;
  return html`<p class="hint" data-key="last">${text} · ${moment(run.endedAt ?? run.requestedAt, now)}${
    run.error ? html`<br><span class="bad-text">${run.error}</span>` : ''
  }</p>`;
}

function actions(source: SourceStatus, run: Run | undefined): Html | '' {
  const { name, paused, imports, pulls, readsById } = source;
  // Nothing of it is ever begun here, so nothing can be paused.
  if (!pulls && !readsById && !paused && !run) return '';
  const base = `/api/sources/${encodeURIComponent(name)}`;
  return html`<footer class="actions" data-key="actions">
${
  paused
    ? action('Resume', `${base}/resume`, { done: `${name} was resumed`, kind: 'main', about: name })
    : pulls
      ? html`${action('Sync now', `${base}/sync`, { body: { mode: 'incremental' }, done: `A sync of ${name} was requested`, kind: 'main', about: name })}
${action('Full sync', `${base}/sync`, { body: { mode: 'full' }, done: `A full sync of ${name} was requested`, about: name })}`
      : ''
}
${
  imports && !paused
    ? html`<label class="button" data-key="import">Import a file<span class="unseen"> into ${name}</span><input type="file" accept=".csv,.tsv,.txt,text/csv" class="unseen" data-import="${base}/imports"></label>`
    : ''
}
${run ? action('Cancel', `/api/runs/${run.id}/cancel`, { done: `Run ${run.id} was cancelled`, kind: 'quiet', about: `run ${run.id}` }) : ''}
${paused ? '' : action('Pause', `${base}/pause`, { body: {}, done: `${name} was paused`, kind: 'quiet', about: name })}
</footer>`;
}

// The sources, and one of them: when it is read next, where its readers stand, how its webhooks are set up, and what can be asked
// of it.
import { html } from 'hono/html';
import type { Calls } from '../../contract/call.ts';
import type { KeptForecast } from '../../contract/forecast.ts';
import type { Run } from '../../contract/run.ts';
import type { BlastRadius } from '../../contract/segment.ts';
import { segmentSentences } from '../../contract/segment-words.ts';
import type { SourceStatus, Status } from '../../contract/status.ts';
import type { checkpoints } from '../../tables/checkpoints.ts';
import { counted, duration, number } from '../../words.ts';
import type { WebhookSetup } from '../api/webhooks.ts';
import { budgets } from './budgets.ts';
import { callsSection } from './calls.ts';
import { schedule } from './format.ts';
import { address, blank, facts, head, sourcePath, table } from './lists.ts';
import { action, ask, chip, type Html, moment, pauseBanner } from './parts.ts';
import { runsTable } from './run-list.ts';
import type { PageContent } from './shell.ts';
import { current, sourceChip, sourcesSection } from './sources.ts';
import { webhooks } from './webhooks.ts';

export function sourcesPage(status: Status): PageContent {
  return {
    title: 'Sources',
    at: '/sources',
    everySeconds: 2,
    body: html`${head('Sources', { sub: 'The accounts that customers are read from.' })}${
      status.vanished.length === 0
        ? ''
        : status.vanished.map(
            ({ name, note }) => html`<p class="banner wait" data-key="gone ${name}">${note}</p>`,
          )
    }${sourcesSection(status, status.now, 'unseen')}`,
  };
}

export interface SourceView {
  source: SourceStatus;
  status: Status;
  runs: Run[];
  checkpoints: (typeof checkpoints.$inferSelect)[];
  streams: string[];
  mapping: { fields: number; fingerprint: string };
  sourceId: { path: string | null; policy: string };
  forecasts: KeptForecast[];
  /** Who enters and leaves segments, as the newest dry run found. Null where none of the runs shown is one. */
  dryRun: { run: Run; segments: BlastRadius } | null;
  /** Null where the vendor does not push. */
  setup: WebhookSetup | null;
  /** When it is read next by its schedule, epoch milliseconds. */
  slots: { next: number | null; full: number | null };
  /** The last ones to its vendor; null where it has no API. */
  calls: Calls | null;
  onlyFailed: boolean;
}

export function sourcePage(view: SourceView): PageContent {
  const { source, status, runs } = view;
  const { name, paused, going, pulls, webhook, budget } = source;
  const { now } = status;
  const [run] = going;
  return {
    title: name,
    at: '/sources',
    crumbs: [{ name }],
    everySeconds: 2,
    body: html`${head(html`${name} ${sourceChip(source)}`, {
      sub: html`${source.connector} · ${pulls ? schedule(source.schedule) : 'only pushes'} · ${counted(source.records, 'record')}`,
      actions: actions(view),
    })}
${paused ? pauseBanner(paused, now) : ''}
<div class="split" data-key="split"><div class="stack-y">
${run ? html`<section class="card" data-key="now" aria-label="Now">${current(run, now)}</section>` : ''}
<section data-key="runs" aria-label="Runs"><div class="title-row"><h2 class="first">Runs</h2><a href="${address('/runs', { source: name })}">All runs of ${name}</a></div>
${runs.length === 0 ? (pulls ? blank('Not read yet', 'It is read on its schedule, or when you sync it.') : blank('Nothing to read', 'The vendor only pushes: its webhooks keep this source up to date.')) : runsTable(runs, now, { isNarrow: true })}</section>
${readers(view)}
${view.setup ? setup(view.setup, name) : ''}
${lastCalls(view)}
</div><div class="stack-y">
${about(view)}
${forecast(view)}
${webhook ? html`<section class="card" data-key="hooks" aria-label="Webhooks">${webhooks(webhook, now)}</section>` : ''}
${budget.length === 0 ? '' : html`<section class="card" data-key="budget" aria-label="Budget"><h2>Budget</h2>${budgets(budget, now)}</section>`}
</div></div>`,
  };
}

// ── What can be asked ───────────────────────────────────────────────────────────────────────────────────────────

function actions(view: SourceView): Html {
  const { name, paused, pulls, imports } = view.source;
  const base = `/api/sources/${encodeURIComponent(name)}`;
  if (paused)
    return action('Resume', `${base}/resume`, { done: `${name} was resumed`, kind: 'main', about: name });
  return html`${
    pulls
      ? html`${action('Sync now', `${base}/sync`, { body: { mode: 'incremental' }, done: `A sync of ${name} was requested`, kind: 'main', about: name })}
${ask('Full sync…', `${base}/sync`, html`<p>Everything is read, and customers that differ are sent.</p>${forecastText(view)}${radiusText(view)}`, { body: { mode: 'full' }, done: `A full sync of ${name} was requested`, button: 'Start the full sync' })}
${ask('Dry run…', `${base}/sync`, html`<p>Nothing is stored or sent. The run says what it would do.</p><label>Mode<select name="mode"><option value="incremental">incremental: what changed</option><option value="full">full: everything</option></select></label>`, { body: { dryRun: true }, done: `A dry run of ${name} was requested`, button: 'Start the dry run' })}
${ask('Rewind…', `${base}/rewind`, html`<p>Everything that changed since this time is read again.</p><label>ISO 8601 time, with Z or an offset<input name="to" required placeholder="2026-03-01T12:00:00Z" autocomplete="off" spellcheck="false"></label>`, { done: `${name} was rewound`, button: 'Rewind' })}`
      : ''
  }${
    imports
      ? html`<label class="button" data-key="import">Import a file<span class="unseen"> into ${name}</span><input type="file" accept=".csv,.tsv,.txt,text/csv" class="unseen" data-import="${base}/imports"></label>`
      : ''
  }${ask('Pause…', `${base}/pause`, html`<label>Reason (shown to everybody)<input name="reason" maxlength="500" autocomplete="off"></label>`, { done: `${name} was paused`, button: 'Pause' })}`;
}

function forecastText({ forecasts, status }: SourceView): Html {
  const newest = forecasts.find(({ forecast }) => forecast.mode === 'full');
  if (!newest)
    return html`<p class="hint">No forecast has been made. “Forecast a full sync” on this page shows what it would take.</p>`;
  return html`<p><b>${sentenceOf(newest)}</b></p><p class="hint">Forecast ${moment(newest.madeAt, status.now)}.</p>`;
}

/** Distributions react to whom a sync moves into a segment: who that would be is told before it begins. */
function radiusText({ dryRun, status }: SourceView): Html {
  if (dryRun === null)
    return html`<p class="hint">A dry run shows who would enter and leave which segment.</p>`;
  const { run, segments } = dryRun;
  const sentences = segmentSentences(segments);
  if (sentences.length === 0) return html``;
  return html`<ul class="why bullets">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul><p class="hint">By the ${run.mode} <a href="/runs/${run.id}">dry run ${run.id}</a>, ${moment(run.endedAt ?? run.requestedAt, status.now)}.</p>`;
}

function sentenceOf({ forecast: { records, totals, minutes, customers, fits } }: KeptForecast): string {
  return `${counted(records.count, 'record')}, ${counted(totals.source + totals.destination, 'call')} (${number(totals.source)} to the source), ${counted(customers, 'customer')} written, about ${duration(minutes * 60)}${fits ? '' : '; a quota has too few calls left'}.`;
}

function forecast(view: SourceView): Html | '' {
  const { source, forecasts, status } = view;
  if (!source.pulls) return '';
  const { name } = source;
  return html`<section class="card" data-key="forecast" aria-label="Forecast"><h2>Forecast</h2>${
    forecasts.length === 0
      ? html`<p class="empty">A forecast shows what a sync would take: calls, shares of quotas, minutes.</p>`
      : html`<ul class="why">${forecasts.slice(0, 2).map((one) => html`<li data-key="${one.id}"><b>${one.forecast.mode}</b> ${sentenceOf(one)} <small>${moment(one.madeAt, status.now)}</small></li>`)}</ul>`
  }<div class="actions acts">${action('Forecast a full sync', '/api/plan', { body: { source: name, mode: 'full', force: true }, done: 'The forecast was made' })}<a class="button" href="${address('/spend', { source: name })}#forecasts">All forecasts</a></div></section>`;
}

// ── How it stands ───────────────────────────────────────────────────────────────────────────────────────────────

function about({ source, slots, streams, mapping, sourceId, status: { now } }: SourceView): Html {
  const { schedule: cron, fullSchedule, timezone, pulls, readsById, records } = source;
  const time = (at: number | null) => (at === null ? '' : html` · next ${moment(at, now)}`);
  return html`<section class="card" data-key="about" aria-label="About this source"><h2>About this source</h2>${facts(
    [
      ['Connector', source.connector],
      pulls ? ['Schedule', html`${schedule(cron)}${time(slots.next)}`] : null,
      fullSchedule === null ? null : ['Everything', html`${schedule(fullSchedule)}${time(slots.full)}`],
      cron === null && fullSchedule === null ? null : ['Time zone', timezone],
      ['Streams', streams.join(', ') || '–'],
      [
        'Source ID',
        html`${sourceId.path === null ? 'by the connector' : html`<code>${sourceId.path}</code>`} <small>${sourceId.policy}</small>`,
      ],
      [
        'Mapping',
        html`<a href="${address('/mapping', { source: source.name })}">${counted(mapping.fields, 'field')}</a> <small><code>${mapping.fingerprint.slice(0, 12)}</code></small>`,
      ],
      ['Records', number(records)],
      ['Reads by ID', readsById ? 'yes' : 'no'],
    ],
  )}</section>`;
}

function readers({ checkpoints, status: { now } }: SourceView): Html | '' {
  if (checkpoints.length === 0) return '';
  const rows = checkpoints.map(
    ({ stream, reader, cursor, restedAt, updatedAt }) =>
      html`<tr data-key="${stream} ${reader}"><th scope="row">${stream}<small>${readerWords[reader] ?? reader}</small></th><td data-name="At rest">${restedAt === null ? 'never yet' : moment(restedAt, now)}</td><td data-name="Moved">${moment(updatedAt, now)}</td><td class="wide"><details data-key="cursor"><summary>Cursor</summary><pre tabindex="0">${JSON.stringify(cursor, null, 2)}</pre></details></td></tr>`,
  );
  return html`<section data-key="readers" aria-label="Cursors"><h2 class="first">Cursors</h2>${table('Cursors', [{ name: 'Stream' }, { name: 'At rest' }, { name: 'Moved' }, { name: '' }], rows)}</section>`;
}

const readerWords: { readonly [reader: string]: string } = {
  lead: 'what changed, up to now',
  trail: 'the same again, after the index of the vendor has settled',
  full: 'everything',
  tombstones: 'what was deleted',
  remap: 'stored records, by a new mapping',
};

function lastCalls({ source: { name }, calls, onlyFailed, status: { now } }: SourceView): Html | '' {
  if (calls === null) return '';
  const path = sourcePath(name);
  const at = { all: `${path}#calls`, failed: `${address(path, { calls: 'failed' })}#calls` };
  return callsSection({ ...calls, vendor: name, at, onlyFailed, now });
}

function size(bytes: number): string {
  if (bytes % 2 ** 20 === 0) return `${number(bytes / 2 ** 20)} MiB`;
  return bytes % 2 ** 10 === 0 ? `${number(bytes / 2 ** 10)} KiB` : counted(bytes, 'byte');
}

function setup(about: WebhookSetup, name: string): Html {
  const { url, isPublic, authentication, checks, headers, handshake, notes, recipe, limits } = about;
  const lines = [...handshake, ...checks, ...notes];
  return html`<section class="card" data-key="setup" aria-label="Set up webhooks"><div class="title-row"><h2>Set up webhooks at the vendor</h2>${action('Send a sample', `/api/sources/${encodeURIComponent(name)}/webhook/test`, { done: 'A sample was sent: see the inbox', kind: 'small', about: `to ${name}` })}</div>
${isPublic ? '' : html`<p class="banner wait">No <code>publicUrl</code> is configured: the address below is that of this page. A vendor must be able to reach it.</p>`}
${facts([
  ['Address', html`<code>${url}</code>`],
  [
    'Authentication',
    authentication.length === 0
      ? chip('wait', 'not configured')
      : html`<ul class="why ways">${authentication.map((way) => html`<li>${way}</li>`)}</ul>`,
  ],
  ...headers.map((one) => [one.name, html`<code>${one.value}</code>`] as const),
  [
    'Limits',
    `${counted(limits.requestsPerSecond, 'request')} a second, at most ${size(limits.maxBodyBytes)} each`,
  ],
])}
${lines.length === 0 ? '' : html`<ul class="why bullets">${lines.map((line) => html`<li>${line}</li>`)}</ul>`}
${recipe ? html`<details data-key="recipe"><summary>What to paste: ${recipe.where}</summary><pre tabindex="0">${recipe.method}\n${recipe.headers.map((one) => `${one.name}: ${one.value}`).join('\n')}\n\n${recipe.body}</pre></details>` : ''}
<p class="hint"><a href="${address('/inbox', { source: name })}">Requests received</a></p></section>`;
}

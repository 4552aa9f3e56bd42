// Dead letters: by cause, and one by one.
import { html } from 'hono/html';
import type { DeadLetter, DeadLetterKind, LetterGroup } from '../../../contract/dead-letter.ts';
import { deadLetterKinds } from '../../../contract/dead-letter.ts';
import type { Status } from '../../../contract/status.ts';
import { counted } from '../../../words.ts';
import { causeBlock, discardForm, letterThings, retryUrl } from '../causes.ts';
import { value } from '../format.ts';
import { address, blank, choice, customerPath, pager } from '../lists.ts';
import { action, chip, type Html, moment } from '../parts.ts';
import type { PageContent } from '../shell.ts';
import { problemTabs } from './tabs.ts';

interface Filter {
  kind?: DeadLetterKind | undefined;
  source?: string | undefined;
  code?: string | undefined;
  text?: string | undefined;
  cursor?: string | undefined;
}

export interface LettersView {
  status: Status;
  groups: LetterGroup[];
  letters: DeadLetter[];
  next: number | null;
  filter: Filter;
}

export function lettersPage({ status, groups, letters, next, filter }: LettersView): PageContent {
  const { kind, source, code, text, cursor } = filter;
  const isFiltered = [kind, source, code, text].some((one) => one !== undefined);
  const at = (change: Filter) =>
    address('/problems', { show: 'letters', kind, source, code, text, ...change });
  const names = [
    ...new Set([
      ...status.sources.map(({ name }) => name),
      'destination',
      ...groups.map((group) => group.source),
    ]),
  ];
  return {
    title: 'Dead letters',
    at: '/problems',
    fixed: html`<div id="tabs" data-live>${problemTabs(status, 'letters')}</div><form class="filters" id="filters" method="get" action="/problems"><input type="hidden" name="show" value="letters">
${choice('kind', 'About', deadLetterKinds, kind)}${choice('source', 'Source', names, source)}<label>Code<input name="code" value="${code ?? ''}" autocomplete="off" spellcheck="false"></label>
<label class="grow">Text in its reference or message<input name="text" type="search" value="${text ?? ''}" autocomplete="off"></label><button type="submit">Apply</button>${isFiltered ? html`<a class="button" href="/problems?show=letters">Clear</a>` : ''}</form>`,
    body: html`${
      letters.length === 0 && groups.length === 0
        ? isFiltered
          ? blank('No such dead letters', 'No open dead letter matches these filters.')
          : blank(
              'No dead letters',
              'Every record became part of a customer or was filtered, and the destination rejected no customer.',
            )
        : html`<div class="card flush" data-key="causes">${groups.slice(0, 20).map((group) => causeBlock(group, status.now))}</div>
<h2 data-key="h">One by one</h2>
<ol class="card flush letters-list" data-key="list">${letters.map((letter) => item(letter, status.now))}</ol>`
    }${pager(cursor === undefined ? null : at({}), next === null ? null : at({ cursor: String(next) }))}`,
  };
}

function item(letter: DeadLetter, now: number): Html {
  const { id, kind, source, stream, ref, code, message, times, lastAt, runId, detail } = letter;
  const about =
    kind === 'delivery' || kind === 'writeBack'
      ? html`<a href="${customerPath(ref)}">${ref}</a>`
      : kind === 'inbox'
        ? html`<a href="/inbox/${encodeURIComponent(ref.split('#')[0] ?? '')}">${requestText(ref)}</a>`
        : html`${ref}`;
  return html`<li data-key="${id}"><div><p><b>${about}</b> ${chip('quiet', code)} <small>${letterThings[kind][0]} · ${source}${stream ? ` · ${stream}` : ''}${runId === null ? '' : html` · <a href="/runs/${runId}">run ${runId}</a>`} · ${moment(lastAt, now)}${
    times > 1 ? ` · ${counted(times, 'time')}` : ''
  }</small></p>
<blockquote class="quote">${message}</blockquote>
<details data-key="detail"><summary>Stored content</summary><pre tabindex="0">${value(JSON.stringify(detail, null, 2))}</pre></details></div>
<div class="actions acts">${action('Retry', retryUrl, { body: { ids: [id] }, done: 'Retried', about: ref, kind: 'small' })}${discardForm('Discard…', { ids: [id] }, ref)}</div></li>`;
}

/** `7#2` as `Request 7, item 2`. */
function requestText(ref: string): string {
  const [request, place] = ref.split('#');
  return `Request ${request}${place === undefined ? '' : `, item ${place}`}`;
}

// What was given up, in the vendor's words, and the buttons that try it again.
import { html } from 'hono/html';
import type { DeadLetter, LetterGroup } from '../../contract/dead-letter.ts';
import type { Status } from '../../contract/status.ts';
import { counted } from '../../words.ts';
import { value } from './format.ts';
import { action, type Html, moment } from './parts.ts';

/** What a letter of each kind is about: one, and several. */
const things = {
  inbox: ['webhook', 'webhooks'],
  record: ['record', 'records'],
  delivery: ['delivery', 'deliveries'],
  writeBack: ['write-back', 'write-backs'],
} as const;

const retryUrl = '/api/dead-letters/retry';

export function deadLettersSection(
  status: Status,
  letters: readonly DeadLetter[],
  groups: readonly LetterGroup[],
): Html {
  const { open } = status.deadLetters;
  // What was said stands with each letter; a cause repeats it only where not all of its letters are shown.
  const quotes = open > letters.length;
  return html`<section id="dead-letters" data-live aria-labelledby="letters-title">
<h2 id="letters-title">Dead letters</h2>
${
  letters.length === 0
    ? html`<p class="card empty"><span class="dot good"></span> None. Every record became part of a customer or was left out on purpose, and the destination refused nobody.</p>`
    : html`<div class="card letters">
<ul class="groups causes" data-key="groups">${groups.slice(0, 12).map((group) => cause(group, quotes))}</ul>
<ol class="list" data-key="list">${letters.map((letter) => item(letter, status.now))}</ol>
${open > letters.length ? html`<p class="hint" data-key="more">The newest ${letters.length} of ${counted(open, 'letter')}. All of them: <code>GET /api/dead-letters</code></p>` : ''}
</div>`
}</section>`;
}

/** One cause: how many, in plain words and in those that were said, and what to do next. */
function cause({ kind, source, code, letters, plain, next, words }: LetterGroup, quotes: boolean): Html {
  return html`<li data-key="${kind} ${source} ${code}"><div><p class="about"><b>${counted(letters, things[kind][0], things[kind][1])}</b> <code>${code}</code> <small>${source}</small></p>
<p>${plain}</p>${words.slice(0, quotes ? 1 : 0).map(({ message }) => html`<blockquote>${message}</blockquote>`)}
<p class="hint"><b>Next:</b> ${next}</p></div>
${action('Retry all', retryUrl, { body: { kind, source, code }, done: 'Retried', about: `with ${code} of ${source}` })}</li>`;
}

function item(letter: DeadLetter, now: number): Html {
  const { id, kind, source, ref, code, message, times, lastAt, detail } = letter;
  const about =
    kind === 'delivery'
      ? html`<a href="/?q=${encodeURIComponent(ref)}" data-search="${ref}">${ref}</a>`
      : html`${kind === 'inbox' ? requestText(ref) : ref}`;
  return html`<li data-key="${id}"><div><p class="about"><b>${about}</b> <small>${kind} · ${source}${letter.stream ? ` · ${letter.stream}` : ''} · <code>${code}</code> · ${moment(lastAt, now)}${
    times > 1 ? ` · ${times} times` : ''
  }</small></p>
<blockquote>${message}</blockquote>
<details data-key="detail"><summary>Stored content</summary><pre>${value(JSON.stringify(detail, null, 2))}</pre></details></div>
${action('Retry', retryUrl, { body: { ids: [id] }, done: 'Retried', about: ref })}</li>`;
}

/** `7#2` as `Request 7, item 2`. */
function requestText(ref: string): string {
  const [request, item] = ref.split('#');
  return `Request ${request}${item === undefined ? '' : `, item ${item}`}`;
}

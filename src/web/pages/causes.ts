// A cause of problems: how many, in the vendor's words and in ours, the next step, and what can be done at once.
import { html } from 'hono/html';
import type { DeadLetterKind, LetterGroup } from '../../contract/dead-letter.ts';
import { counted, number } from '../../words.ts';
import { address } from './lists.ts';
import { action, ask, chip, type Html, moment, type Share } from './parts.ts';

/** What a letter of each kind is about: one, and several. */
export const letterThings: { readonly [kind in DeadLetterKind]: readonly [string, string] } = {
  inbox: ['webhook', 'webhooks'],
  record: ['record', 'records'],
  delivery: ['delivery', 'deliveries'],
  writeBack: ['write-back', 'write-backs'],
};

export interface Cause {
  key: string;
  title: Html | string;
  /** Where all of them are listed. */
  href: string | null;
  tags: Html | '';
  /** What it means, in our words. */
  plain: Html | string;
  /** What was said, word for word. */
  quotes: readonly string[];
  next: Html | string;
  /** Default: Next step. */
  nextLabel?: string;
  actions: Html | '';
  tone?: Share['tone'];
}

export function cause({
  key,
  title,
  href,
  tags,
  plain,
  quotes,
  next,
  nextLabel = 'Next step',
  actions,
  tone = 'bad',
}: Cause): Html {
  return html`<article class="cause" data-key="${key}"><h3><span class="dot ${tone}"></span>${href === null ? title : html`<a href="${href}">${title}</a>`} ${tags}</h3>
<div class="acts">${actions}</div>
<div class="body-text"><p>${plain}</p>${quotes.map((message) => html`<blockquote>${message}</blockquote>`)}<p><b>${nextLabel}</b> ${next}</p></div></article>`;
}

export const retryUrl = '/api/dead-letters/retry';
export const discardUrl = '/api/dead-letters/discard';

/** Dead letters of one kind, source and code. */
export function causeBlock(group: LetterGroup, now: number): Html {
  const { kind, source, code, letters, plain, next, words, firstAt, lastAt } = group;
  const [one, several] = letterThings[kind];
  const about = `with ${code} of ${source}`;
  const body = { kind, source, code };
  return cause({
    key: `${kind} ${source} ${code}`,
    title: counted(letters, one, several),
    href: address('/problems', { show: 'letters', ...body }),
    tags: html`${chip('quiet', code)} <small>${source} · ${firstAt === lastAt ? '' : html`first ${moment(firstAt, now)}, `}last ${moment(lastAt, now)}</small>`,
    plain,
    quotes: words
      .slice(0, 2)
      .map((said) =>
        said.letters > 1 && words.length > 1 ? `${said.message} (${number(said.letters)}×)` : said.message,
      ),
    next,
    actions: html`${action('Retry all', retryUrl, { body, done: 'Retried', about })}${discardForm('Discard…', body, about)}`,
  });
}

/** Dead letters are given up for good only with a reason, which is kept. */
export function discardForm(label: string, which: object, about: string): Html {
  return ask(
    label,
    discardUrl,
    html`<label>Reason (stored)<input name="reason" required maxlength="500" autocomplete="off"></label>`,
    { body: which, done: 'Discarded', kind: 'danger', about, button: 'Discard' },
  );
}

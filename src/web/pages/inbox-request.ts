// One webhook request as it came, without credentials, and what became of its items.
import { html } from 'hono/html';
import type { WholeRequest } from '../../contract/inbox.ts';
import { counted, number } from '../../words.ts';
import { openAgain, requestChip } from './inbox-list.ts';
import { facts, head, sourcePath } from './lists.ts';
import { chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';

export function requestPage({ request, now }: { request: WholeRequest; now: number }): PageContent {
  const { id, source, receivedAt, method, bytes, attempts, openedAt, error, faults } = request;
  return {
    title: `Request ${id}`,
    at: '/inbox',
    crumbs: [{ name: `#${id}` }],
    everySeconds: request.state === 'waiting' ? 2 : null,
    body: html`${head(html`Request ${id} ${requestChip(request)}`, {
      sub: html`${source === 'destination' ? source : html`<a href="${sourcePath(source)}">${source}</a>`} · received ${moment(receivedAt, now)}`,
      actions: bytes > 0 ? openAgain(id) : '',
    })}
${error ? html`<p class="banner ${request.state === 'dead' ? 'bad' : 'wait'}" data-key="error">${error}</p>` : ''}
<div class="split" data-key="split"><div class="stack-y">${body(request)}${
      faults.length === 0
        ? ''
        : html`<section class="card" aria-label="Faults"><h2>Faults</h2><ul class="why">${faults.map(({ item, code, message }) => html`<li>${item === null ? '' : `Item ${item}: `}${message} ${chip('quiet', code)}</li>`)}</ul></section>`
    }</div><div class="stack-y">
<section class="card" aria-label="About this request"><h2>About this request</h2>${facts([
      ['Method', method],
      ['Size', counted(bytes, 'byte')],
      openedAt === null ? null : ['Opened', moment(openedAt, now)],
      attempts === 0 ? null : ['Attempts', number(attempts)],
    ])}</section>
${counts(request)}${pairs('Query', request.query)}${pairs('Headers', request.headers)}</div></div>`,
  };
}

function body({ body: { encoding, content }, bytes }: WholeRequest): Html {
  return html`<section class="card" aria-label="Body"><h2>Body${encoding === 'base64' ? html` <small>as base64: it is not UTF-8</small>` : ''}</h2>${
    bytes === 0
      ? html`<p class="empty">It is no longer stored.</p>`
      : html`<pre class="tall" tabindex="0">${pretty(content)}</pre>`
  }</section>`;
}

/** JSON with line breaks; anything else as it is. Numbers keep their digits where a parser would round them. */
function pretty(content: string): string {
  if (/\d{16}/.test(content)) return content;
  try {
    return JSON.stringify(JSON.parse(content), null, 2);
  } catch {
    return content;
  }
}

function counts({ counts: found }: WholeRequest): Html | '' {
  if (!found) return '';
  const list = Object.entries(found).filter(([name, count]) => count > 0 || name === 'items');
  return html`<section class="card" aria-label="Items"><h2>Items</h2>${facts(list.map(([name, count]) => [name, number(count)] as const))}</section>`;
}

function pairs(title: string, list: { [name: string]: string }): Html | '' {
  const entries = Object.entries(list);
  if (entries.length === 0) return '';
  return html`<section class="card" aria-label="${title}"><h2>${title}</h2>${facts(entries.map(([name, text]) => [name, html`<code>${text}</code>`] as const))}</section>`;
}

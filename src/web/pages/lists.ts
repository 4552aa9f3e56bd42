// What lists have in common: the head of a page, tabs and filters that are addresses, tables, and the way to the next page.
import { html } from 'hono/html';
import { number } from '../../words.ts';
import type { Html } from './parts.ts';

/** The head of a page: what it is, in a line what it shows, and what can be done. */
export function head(
  title: Html | string,
  { sub = '', actions = '' }: { sub?: Html | string; actions?: Html | '' } = {},
): Html {
  return html`<div class="head" data-key="head"><div><h1>${title}</h1>${sub === '' ? '' : html`<p class="sub">${sub}</p>`}</div>${
    actions === '' ? '' : html`<div class="actions acts">${actions}</div>`
  }</div>`;
}

export interface Tab {
  name: string;
  href: string;
  isCurrent: boolean;
  /** Null: it is not known without counting. */
  count?: number | null;
}

export function tabs(label: string, list: readonly Tab[]): Html {
  return html`<nav class="tabs" aria-label="${label}" data-key="tabs">${list.map(
    ({ name, href, isCurrent, count = null }) =>
      html`<a href="${href}"${isCurrent ? html` aria-current="true"` : ''}>${name}${count === null ? '' : html`<b>${number(count)}</b>`}</a>`,
  )}</nav>`;
}

/** An address with a query; what is empty is left out. */
export function address(path: string, query: { readonly [name: string]: unknown }): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

export const customerPath = (sourceId: string) => `/customers/${encodeURIComponent(sourceId)}`;
export const sourcePath = (name: string) => `/sources/${encodeURIComponent(name)}`;

/** Nothing to show: why, and what to do. */
export function blank(title: string, why: Html | string, next: Html | '' = ''): Html {
  return html`<div class="blank" data-key="blank"><b>${title}</b><p>${why}</p>${next === '' ? '' : html`<p>${next}</p>`}</div>`;
}

export interface Column {
  name: string;
  isFigure?: boolean;
}

/** `label`: what is listed. */
export function table(label: string, columns: readonly Column[], rows: readonly Html[]): Html {
  return html`<table class="rows" data-key="table"><caption class="unseen">${label}</caption>
<thead><tr>${columns.map(({ name, isFigure }) => html`<th scope="col"${isFigure ? html` class="figure"` : ''}>${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table>`;
}

/** To the first page and to the next one: both are addresses. */
export function pager(first: string | null, next: string | null): Html | '' {
  if (first === null && next === null) return '';
  return html`<nav class="pager" aria-label="Pages of this list" data-key="pager"><span>${first === null ? '' : html`<a href="${first}">Back to the beginning</a>`}</span><span>${
    next === null ? '' : html`<a href="${next}" rel="next">Next page</a>`
  }</span></nav>`;
}

/** A field of a filter with its choices; the empty one means all. */
export function choice(
  name: string,
  label: string,
  options: readonly string[],
  chosen: string | undefined,
  all = 'All',
): Html {
  return html`<label>${label}<select name="${name}"><option value="">${all}</option>${options.map(
    (option) => html`<option value="${option}"${option === chosen ? html` selected` : ''}>${option}</option>`,
  )}</select></label>`;
}

/** Pairs of a name and what it is. */
export function facts(list: readonly (readonly [string, Html | string] | null)[]): Html {
  return html`<dl class="facts" data-key="facts">${list.map((one) => (one === null ? '' : html`<dt>${one[0]}</dt><dd>${one[1]}</dd>`))}</dl>`;
}

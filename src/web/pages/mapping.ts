// How the records of a source become fields of customers, and what a changed mapping would do to those that are stored.
import { html } from 'hono/html';
import type { MappingEntry } from '../../connector.ts';
import type { Preview } from '../../contract/preview.ts';
import { segmentSentences } from '../../contract/segment-words.ts';
import { counted, number } from '../../words.ts';
import { value } from './format.ts';
import { address, blank, customerPath, head, table, tabs } from './lists.ts';
import { chip, type Html } from './parts.ts';
import type { PageContent } from './shell.ts';

export interface MappingView {
  /** Null: none is configured. */
  source: string | null;
  sources: readonly string[];
  /** It is the connector's own. */
  isDefault: boolean;
  fingerprint: string;
  fields: { field: string; entry: MappingEntry; rule: string; type: string | null }[];
  schemaIsKnown: boolean;
  hasSchema: boolean;
  /** The mapping as JSON. */
  written: string;
  /** The visitor may ask for a preview. */
  mayTry: boolean;
  /** What a person has pasted; null before. */
  pasted: string | null;
  fault: string | null;
  preview: Preview | null;
}

export function mappingPage(view: MappingView): PageContent {
  const { source, sources, pasted, fault, preview } = view;
  return {
    title: 'Mapping',
    at: '/mapping',
    everySeconds: null,
    body:
      source === null
        ? html`${head('Mapping')}${blank('No source is configured', 'A mapping belongs to a source.')}`
        : html`${head('Mapping', { sub: 'Where each field comes from, how it is read, and which source wins it.' })}
${tabs(
  'Sources',
  sources.map((name) => ({ name, href: address('/mapping', { source: name }), isCurrent: name === source })),
)}
${fault === null ? '' : html`<p class="banner bad space-below lines" role="alert">${fault}</p>`}${preview === null ? '' : previewOf(preview)}
${inForce(view)}${view.mayTry ? form(view, source, pasted) : ''}`,
  };
}

function inForce({ fields, isDefault, fingerprint, schemaIsKnown, hasSchema }: MappingView): Html {
  const rows = fields.map(
    ({ field, entry, rule, type }) =>
      html`<tr data-key="${field}"><th scope="row"><code>${field}</code></th><td data-name="Read from">${from(entry)}</td><td data-name="As" class="${how(entry) === '' ? 'zero' : ''}">${how(entry) || '–'}</td><td data-name="Type" class="${type === null ? 'zero' : ''}">${type ?? '–'}</td><td data-name="Who wins"><code>${rule}</code></td></tr>`,
  );
  return html`<section aria-label="In force"><div class="title-row"><h2 class="first">In force ${isDefault ? html`<small>the default of the connector</small>` : ''}</h2><small>fingerprint <code>${fingerprint.slice(0, 16)}</code></small></div>
${fields.length === 0 ? blank('Nothing is mapped by name', 'The connector maps the columns of each file by their names.') : table('Mapping in force', [{ name: 'Field' }, { name: 'Read from' }, { name: 'As' }, { name: 'Type' }, { name: 'Who wins' }], rows)}
<p class="hint">${schemaIsKnown ? (hasSchema ? 'Types are those of the metadata schema.' : 'No metadata schema is used: values are sent as they are.') : 'The metadata schema is not known yet.'}</p></section>`;
}

function from(entry: MappingEntry): Html | string {
  if (typeof entry === 'function') return html`${chip('quiet', 'a function')}`;
  const path =
    typeof entry === 'string' || Array.isArray(entry)
      ? entry
      : (entry as { from: string | readonly string[] }).from;
  const paths = typeof path === 'string' ? [path] : (path as readonly string[]);
  return html`${paths.map((one, index) => html`${index > 0 ? ' + ' : ''}<code>${one}</code>`)}`;
}

function how(entry: MappingEntry): string {
  if (typeof entry !== 'object' || Array.isArray(entry)) return '';
  const { from: _, as, ...rest } = entry as { from: unknown; as?: string; [option: string]: unknown };
  return [as, ...Object.entries(rest).map(([name, option]) => `${name} ${value(option)}`)]
    .filter((one) => one !== undefined)
    .join(', ');
}

function form({ written }: MappingView, source: string, pasted: string | null): Html {
  return html`<section class="card space" aria-labelledby="try"><h2 id="try">Try another mapping</h2>
<p class="hint">It is compared with what is stored. Nothing is stored or sent, and the configuration stays as it is.</p>
<form method="post" action="/mapping" class="wide-form"><input type="hidden" name="source" value="${source}">
<label for="mapping">Mapping of ${source}, as in the configuration</label>
<textarea id="mapping" name="mapping" spellcheck="false" rows="12">${pasted ?? written}</textarea>
<div><button type="submit" class="main">Preview</button></div></form></section>`;
}

function previewOf({
  summary,
  customers,
  fields,
  kinds,
  writes,
  segments,
  faults,
  notes,
  unread,
}: Preview): Html {
  const changes = ['set', 'changed', 'cleared', 'dropped'] as const;
  const rows = fields.map(
    (one) =>
      html`<tr><th scope="row"><code>${one.field}</code></th>${changes.map((change) => html`<td class="figure ${one[change].count === 0 ? 'zero' : ''}" data-name="${change}">${number(one[change].count)}</td>`)}<td class="wide" data-name="For example"><ul class="changes">${changes.flatMap((change) => one[change].samples.slice(0, 1)).map(({ sourceId, from: was, to }) => html`<li><a href="${customerPath(sourceId)}">${sourceId}</a> <del>${value(was)}</del> → <ins>${value(to)}</ins></li>`)}</ul></td></tr>`,
  );
  return html`<section class="card space-below" aria-labelledby="preview" role="status"><h2 id="preview">What it would do</h2>
<p><b>${summary}</b></p>
<p class="hint">${counted(customers.looked, 'customer')} looked at, ${number(customers.differing)} would change · ${counted(writes.customers, 'customer')} written with ${counted(writes.calls.total, 'call')}${writes.removed > 0 ? `, ${number(writes.removed)} removed` : ''}</p>
${rows.length === 0 ? '' : html`<div class="gap">${table('Changes by field', [{ name: 'Field' }, ...changes.map((change) => ({ name: change, isFigure: true })), { name: 'For example' }], rows)}</div>`}
<ul class="why bullets">${[...segmentSentences(segments), ...kinds.map(({ sentence }) => sentence), ...faults.map(({ source, field, newlyFaulty, noLongerFaulty }) => `${field} of ${source}: ${counted(newlyFaulty.count, 'value')} would be left out, ${number(noLongerFaulty.count)} no longer`), ...unread.map(({ source, properties }) => `${source} is not asked for ${properties.join(', ')} yet: a full sync reads them`), ...notes].map((line) => html`<li>${line}</li>`)}</ul></section>`;
}

// The search for a customer, and what is known of the one found.
import { html } from 'hono/html';
import type { Customer, CustomerLine } from '../../contract/customer.ts';
import type { ExplainedAttribute, ExplainedWriteBack } from '../../customer/explain-write-back.ts';
import { value } from './format.ts';
import { chip, type Html, moment } from './parts.ts';

/** What a search has found: one customer, or several to choose from. */
export type Found = {
  query: string;
  customer: Customer | null;
  others: CustomerLine[];
  /** Of the customer. */
  writeBacks: ShownWriteBack[];
};

export type ShownWriteBack = ExplainedWriteBack & { sentences: string[] };

export function customerSection(found: Found | null, now: number): Html {
  return html`<section aria-labelledby="customer-title">
<h2 id="customer-title">Find a customer</h2>
<div class="card">
<form id="search" method="get" action="/" role="search">
<label for="q" class="unseen">Source ID, e-mail or name</label>
<input id="q" name="q" type="search" value="${found?.query ?? ''}" placeholder="Source ID, e-mail or name" maxlength="200" autocomplete="off" spellcheck="false">
<button type="submit" class="main">Find</button>
</form>
<div id="found" data-live aria-live="polite">${found === null ? '' : result(found, now)}</div>
</div></section>`;
}

function result({ query, customer, others, writeBacks }: Found, now: number): Html {
  if (!customer && others.length === 0) {
    return html`<p class="empty" data-key="none">No customer's source ID, e-mail or name begins with <b>${query}</b>.</p>`;
  }
  return html`${customer ? known(customer, writeBacks, now) : ''}${
    others.length === 0
      ? ''
      : html`<ul class="matches" data-key="matches">${others.map(
          (line) =>
            html`<li data-key="${line.sourceId}"><a href="/?q=${encodeURIComponent(line.sourceId)}" data-search="${line.sourceId}"><b>${line.name ?? line.email ?? line.sourceId}</b> <small>${line.email ?? ''} · ${line.sourceId}</small></a>${stateChip(line.state)}</li>`,
        )}</ul>`
  }`;
}

function stateChip(state: CustomerLine['state']): Html | '' {
  const tones = { delivered: 'good', waiting: 'note', held: 'wait', dead: 'bad' } as const;
  return state ? chip(tones[state], state) : '';
}

function known(customer: Customer, writeBacks: readonly ShownWriteBack[], now: number): Html {
  const { sourceId, fields, delivery, acknowledged, records, orphaned } = customer;
  const names = [...new Set([...Object.keys(fields), ...Object.keys(acknowledged?.fields ?? {})])].sort();
  return html`<article class="customer" data-key="${sourceId}" aria-label="Customer ${sourceId}">
<header><h3>${fields['name'] ?? fields['email'] ?? sourceId}</h3><code>${sourceId}</code>${stateChip(delivery?.state ?? null)}${orphaned ? chip('wait', 'orphaned') : ''}</header>
${delivery ? html`<p class="hint" data-key="delivery">${deliveryText(customer, now)}</p>` : ''}
${delivery?.error ? html`<p class="banner ${delivery.state === 'dead' ? 'bad' : 'wait'}" data-key="error">${delivery.errorCode ? html`<code>${delivery.errorCode}</code> ` : ''}${delivery.error}</p>` : ''}
<div class="table" data-key="fields"><table class="fields"><caption class="unseen">Fields</caption><thead><tr><th scope="col">Field</th><th scope="col">Wanted</th><th scope="col">Acknowledged</th></tr></thead>
<tbody>${names.map((name) => fieldRow(name, fields[name], acknowledged?.fields))}</tbody></table></div>
${writeBacks.map((one) => flowingBack(one, now))}
<h4 data-key="h">Records</h4>
<ul class="records" data-key="records">${records.map(
    (record) =>
      html`<li data-key="${record.source} ${record.stream} ${record.recordId}"><b>${record.source}</b> ${record.stream} <code>${record.recordId}</code> <small>changed ${moment(record.changedAt, now)}${
        record.runId === null ? '' : ` · run ${record.runId}`
      }</small>${record.deleted ? chip('wait', 'deleted') : ''}${record.filtered ? chip('quiet', record.filtered) : ''}${(
        record.faults ?? []
      ).map(
        ({ field, reason }) => html`<small class="bad-text error">${field}: ${reason}</small>`,
      )}<details data-key="body"><summary>As it came</summary><pre>${JSON.stringify(record.body, null, 2)}</pre></details></li>`,
  )}</ul></article>`;
}

const writeBackTones = { delivered: 'good', waiting: 'note', unlinked: 'quiet', dead: 'bad' } as const;

function flowingBack({ source, state, sentences, attributes }: ShownWriteBack, now: number): Html {
  return html`<h4 data-key="back ${source}">Written back to ${source} ${state === null ? '' : chip(writeBackTones[state], state)}</h4>
<p class="hint" data-key="back-why ${source}">${sentences.join(' ')}</p>
<div class="table" data-key="back-fields ${source}"><table class="fields"><caption class="unseen">Attributes at ${source}</caption><thead><tr><th scope="col">Attribute</th><th scope="col">Wanted</th><th scope="col">Acknowledged</th><th scope="col">Comes from</th></tr></thead>
<tbody>${attributes.map((attribute) => attributeRow(attribute, now))}</tbody></table></div>`;
}

function attributeRow(
  { attribute, path, meaning, wanted, acknowledged, isSame, known }: ExplainedAttribute,
  now: number,
): Html {
  const there =
    acknowledged === undefined
      ? html`<span class="none">not yet</span>`
      : isSame
        ? html`<span class="good-text">the same</span>`
        : html`${value(acknowledged)}`;
  const from =
    path === null
      ? html`<span class="none">declared no more</span>`
      : html`<span title="${meaning ?? ''}">${path}</span>${known === null ? '' : html` <small>${known.by} ${moment(known.at, now)}</small>`}`;
  return html`<tr data-key="${attribute}" class="${isSame ? '' : 'differs'}"><th scope="row">${attribute}</th><td>${wanted === undefined ? html`<span class="none">not read yet</span>` : value(wanted)}</td><td>${there}</td><td>${from}</td></tr>`;
}

function fieldRow(
  name: string,
  wanted: unknown,
  acknowledged: { [field: string]: unknown } | undefined,
): Html {
  const same = acknowledged !== undefined && JSON.stringify(acknowledged[name]) === JSON.stringify(wanted);
  const there =
    acknowledged === undefined || !(name in acknowledged)
      ? html`<span class="none">not yet</span>`
      : same
        ? html`<span class="good-text">the same</span>`
        : html`${value(acknowledged[name])}`;
  return html`<tr data-key="${name}" class="${same ? '' : 'differs'}"><th scope="row">${name}</th><td>${wanted === undefined ? html`<span class="none">nothing</span>` : value(wanted)}</td><td>${there}</td></tr>`;
}

function deliveryText({ delivery, revision, acknowledged }: Customer, now: number): Html {
  const { state, lane, waitingSince, carriedBy, attempts } = delivery!;
  const known = acknowledged
    ? html`revision ${acknowledged.revision} acknowledged ${moment(acknowledged.at, now)}`
    : html`nothing acknowledged yet`;
  const waits =
    state === 'waiting'
      ? html` · waiting in the lane ${lane}${waitingSince ? html` since ${moment(waitingSince, now)}` : ''}${carriedBy ? `, with a ${carriedBy} now` : ''}${attempts > 0 ? ` · ${attempts} attempts` : ''}`
      : '';
  return html`Revision ${revision} wanted · ${known}${waits}`;
}

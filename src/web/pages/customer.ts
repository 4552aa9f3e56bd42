// One customer: what is wanted and what the destination has, why each value is as it is, what happened, and the records behind it.
import { html } from 'hono/html';
import type { Role } from '../../contract/access.ts';
import type { Customer } from '../../contract/customer.ts';
import type { Explanation, History } from '../../contract/explanation.ts';
import type { SourceStatus } from '../../contract/status.ts';
import { lossWords, segmentOf } from '../../customer/losses.ts';
import { counted, number } from '../../words.ts';
import { maskedText } from '../masking.ts';
import { stateChip } from './customer-list.ts';
import { value } from './format.ts';
import { address, customerPath, facts, head } from './lists.ts';
import { action, ask, chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';
import { writeBackBlock } from './write-back.ts';

export interface CustomerCard {
  customer: Customer;
  explanation: Explanation;
  history: History;
  sources: readonly SourceStatus[];
  /** The one to explain. */
  field: string | null;
  /** The history is not from its beginning. */
  /** Where the vendors' own pages show the records, by `recordKey`. */
  pages: ReadonlyMap<string, string | null>;
  isOlder: boolean;
  role: Role;
  now: number;
}

export function customerPage(card: CustomerCard): PageContent {
  const { customer, explanation, isOlder, role, now } = card;
  const { sourceId, fields, delivery, orphaned } = customer;
  const name = value(fields['name'] ?? fields['email'] ?? sourceId);
  return {
    title: name,
    at: '/customers',
    crumbs: [{ name: sourceId }],
    everySeconds: isOlder ? null : 3,
    body: html`${head(
      html`${name} ${stateChip(delivery?.state ?? null)}${orphaned ? chip('wait', 'orphaned') : ''}`,
      {
        sub: html`<code>${sourceId}</code> · ${deliveryText(customer, now)}`,
        actions: actions(card, role),
      },
    )}
${troubles(explanation, delivery, now)}
<div class="split" data-key="split"><div class="stack-y">
${fieldsCard(card)}
${explanation.writeBacks.map((one) => writeBackBlock(one, now))}
${recordsCard(card)}
</div><div class="stack-y">
${card.field === null ? summary(explanation) : whyCard(card)}
${timeline(card)}
</div></div>`,
  };
}

// ── What can be done ────────────────────────────────────────────────────────────────────────────────────────────

function actions({ customer, explanation, sources }: CustomerCard, role: Role): Html {
  const { sourceId, records } = customer;
  const readable = sources.filter(({ readsById, paused }) => readsById && !paused);
  const letters = explanation.deadLetters.map(({ id }) => id);
  return html`${letters.length === 0 ? '' : action('Retry', '/api/dead-letters/retry', { body: { ids: letters }, done: 'Retried', kind: 'main', about: sourceId })}
${readable.flatMap(({ name }) => {
  const recordIds = records.filter(({ source }) => source === name).map(({ recordId }) => recordId);
  if (recordIds.length === 0) return [];
  return action(`Read again from ${name}`, `/api/sources/${encodeURIComponent(name)}/sync`, {
    body: { mode: 'records', recordIds: recordIds.slice(0, 1000) },
    done: `A run of ${counted(recordIds.length, 'record')} of ${name} was requested`,
  });
})}
${
  role === 'admin'
    ? ask(
        'Erase…',
        `/api${customerPath(sourceId)}`,
        html`<p>The customer is erased here and at the destination, and no source brings the person back. This cannot be undone.</p>
<label class="check"><input type="checkbox" name="permanent">Permanently, with everything that belongs to it there</label>
<label class="check"><input type="checkbox" required>I want this person erased</label>`,
        {
          method: 'DELETE',
          done: 'The erasure was requested: its receipt is in the audit',
          kind: 'danger',
          button: 'Erase',
        },
      )
    : ''
}`;
}

// ── How it stands ───────────────────────────────────────────────────────────────────────────────────────────────

function deliveryText({ delivery, revision, acknowledged }: Customer, now: number): Html {
  const known = acknowledged
    ? html`revision ${acknowledged.revision} acknowledged ${moment(acknowledged.at, now)}`
    : html`nothing acknowledged yet`;
  if (!delivery) return html`Revision ${revision} · ${known}`;
  const { state, lane, waitingSince, carriedBy, attempts } = delivery;
  const waits =
    state === 'waiting'
      ? html` · waiting in the lane ${lane}${waitingSince ? html` since ${moment(waitingSince, now)}` : ''}${carriedBy ? `, being sent ${carriedBy === 'batch' ? 'in a batch' : 'by a worker'}` : ''}${attempts > 0 ? ` · ${counted(attempts, 'attempt')}` : ''}`
      : '';
  return html`Revision ${revision} wanted · ${known}${waits}`;
}

function troubles({ holds, deadLetters }: Explanation, delivery: Customer['delivery'], now: number): Html {
  const letters = deadLetters.map(
    ({ id, kind, code, message, lastAt }) =>
      html`<p class="banner bad" data-key="letter ${id}"><b>Dead letter</b> <code>${code}</code> ${message} <small>${kind}, ${moment(lastAt, now)} · <a href="${address('/problems', { show: 'letters', kind, code })}">All with this cause</a></small></p>`,
  );
  const held = holds.map(
    ({ id, change, from, heldAt }) =>
      html`<p class="banner wait" data-key="hold ${id}"><b>Held</b> ${change === 'deleted' ? 'The customer would be deleted' : segmentOf(change) ? `The customer would ${lossWords(change, from)}` : html`<code>${change}</code> would be blanked, now ${value(from)}`}. <small>${moment(heldAt, now)} · <a href="/problems?show=holds">Decide</a></small></p>`,
  );
  const error =
    delivery?.error && deadLetters.length === 0
      ? html`<p class="banner ${delivery.state === 'dead' ? 'bad' : 'wait'}" data-key="error">${delivery.errorCode ? html`<code>${delivery.errorCode}</code> ` : ''}${delivery.error}</p>`
      : '';
  return html`${letters}${held}${error}`;
}

function fieldsCard({ customer, explanation, field: chosen }: CustomerCard): Html {
  const { sourceId, fields, acknowledged } = customer;
  const explained = new Map(explanation.fields.map((one) => [one.field, one]));
  const names = [
    ...new Set([...Object.keys(fields), ...Object.keys(acknowledged?.fields ?? {}), ...explained.keys()]),
  ].sort();
  const rows = names.map((name) => {
    const one = explained.get(name);
    const from = one?.pin
      ? chip('note', one.pin.undoneBy === null ? 'pinned' : 'undone')
      : one?.winner
        ? html`<small>${one.winner.source}</small>`
        : '';
    return html`<tr data-key="${name}"${name === chosen ? html` class="chosen"` : ''}><th scope="row"><a href="${customerPath(sourceId)}?field=${encodeURIComponent(name)}#why"${name === chosen ? html` aria-current="true"` : ''}>${breakable(name)}</a></th>
<td>${name in fields ? held(fields[name]) : html`<span class="none">nothing</span>`} ${from}</td><td>${there(customer, name)}</td></tr>`;
  });
  return html`<section class="card" data-key="fields" aria-label="Fields"><h2>Fields</h2><div class="table"><table class="fields"><caption class="unseen">Fields</caption><thead><tr><th scope="col">Field</th><th scope="col">Wanted</th><th scope="col">Acknowledged</th></tr></thead>
<tbody>${rows}</tbody></table></div>${
    explanation.dropped.length === 0
      ? ''
      : html`<p class="hint">No longer in any record: ${explanation.dropped.join(', ')}.</p>`
  }${explanation.quarantined.map(
    ({ field, value: found, reason, source }) =>
      html`<p class="hint bad-text">${field} of ${source} was left out: ${reason} Found: ${value(found)}</p>`,
  )}</section>`;
}

/** On a narrow screen `address.postal_code` breaks after a point or a line, not within a word. */
function breakable(name: string): Html {
  return html`${name.split(/(?<=[._])/).map((part, index) => (index === 0 ? part : html`<wbr>${part}`))}`;
}

function there({ fields, acknowledged }: Customer, name: string): Html {
  const isThere = acknowledged !== null && name in acknowledged.fields;
  // What is empty and was never there is as it should be.
  const isSame = isThere
    ? JSON.stringify(acknowledged.fields[name]) === JSON.stringify(fields[name])
    : acknowledged !== null && (fields[name] ?? null) === null;
  if (isSame) return html`<span class="good-text">the same</span>`;
  return isThere ? held(acknowledged.fields[name]) : html`<span class="none">not yet</span>`;
}

/** A value; one that is empty in words. */
function held(found: unknown): Html {
  return found === null || found === '' ? html`<span class="none">empty</span>` : html`${value(found)}`;
}

// ── Why ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function sentenceList(sentences: readonly string[]): Html {
  if (sentences.length > 0 && sentences.every((sentence) => sentence === maskedText))
    return html`<p class="empty">The sentences quote values, so they are masked for the role viewer.</p>`;
  return html`<ul class="why">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

function summary({ sentences }: Explanation): Html {
  return html`<section class="card" id="why" data-key="why" aria-label="In short"><h2>In short</h2>${sentenceList(sentences)}
<p class="hint">Choose a field to see where its value comes from.</p></section>`;
}

function whyCard({ customer: { sourceId }, explanation, field }: CustomerCard): Html {
  const one = explanation.fields.find((explained) => explained.field === field);
  const close = html`<a href="${customerPath(sourceId)}" aria-label="Close the explanation">Close</a>`;
  if (!one)
    return html`<section class="card" id="why" data-key="why"><div class="title-row"><h2>${field}</h2>${close}</div><p>This customer has no field of this name.</p></section>`;
  const { winner, losers, raw, rule, pin, quarantined, sentences } = one;
  return html`<section class="card" id="why" data-key="why" aria-label="Why ${field} is so"><div class="title-row"><h2>Why <code>${field}</code> is so</h2>${close}</div>
<p class="big-value">${held(one.value ?? null)}</p>
${sentenceList(sentences)}
${facts([
  ['Rule', html`<code>${rule}</code>`],
  winner === null
    ? null
    : ['Record', html`${winner.source} (${winner.stream}) <code>${winner.recordId}</code>`],
  winner?.run
    ? ['Run', html`<a href="/runs/${winner.run.id}">#${winner.run.id}</a> ${winner.run.mode}`]
    : null,
  raw === null
    ? null
    : [
        'Read from',
        html`${raw.properties.map((property, index) => html`<code>${property}</code> ${value(raw.values[index])} `)}`,
      ],
])}
${losers.length === 0 ? '' : html`<h3>Did not win</h3><ul class="changes">${losers.map((loser) => html`<li>${value(loser.value)} <small>${loser.source} (${loser.stream}) ${loser.recordId}: ${loser.reason}</small></li>`)}</ul>`}
${quarantined.map(({ source, reason, value: found }) => html`<p class="hint bad-text">Left out of ${source}: ${reason} Found: ${value(found)}</p>`)}
<div class="actions acts">${pinForms(sourceId, field!, pin)}</div></section>`;
}

function pinForms(sourceId: string, field: string, pin: Explanation['fields'][number]['pin']): Html {
  const path = `/api${customerPath(sourceId)}/pins/${encodeURIComponent(field)}`;
  return html`${ask(
    pin === null ? 'Pin a value…' : 'Pin another value…',
    path,
    html`<label>Value of ${field} (leave empty for none)<input name="value" data-empty="null" autocomplete="off"></label>
<label>Reason (shown in explanations)<input name="note" maxlength="500" autocomplete="off"></label>`,
    { method: 'PUT', done: `${field} was pinned`, button: 'Pin' },
  )}${pin !== null ? action(pin.undoneBy === null ? 'Release the pin' : 'Take what the records give', path, { method: 'DELETE', done: `${field} was released`, about: `of ${field}` }) : ''}`;
}

// ── What happened ───────────────────────────────────────────────────────────────────────────────────────────────

function timeline({ customer: { sourceId }, history, isOlder, now }: CustomerCard): Html {
  const revisions = history.revisions.map(({ revision, at, by, changed, cause }) => {
    const run = (cause as { runId?: number | null } | null)?.runId;
    return {
      at,
      item: html`<li data-key="r${revision}"><b>Revision ${revision}</b> ${moment(at, now)} <small>${run ? html`<a href="/runs/${run}">${by}</a>` : by}</small>
<ul class="changes">${Object.entries(changed).map(([field, change]) => html`<li><code>${field}</code> ${'from' in change ? html`<del>${held(change.from)}</del> → ` : ''}<ins>${'to' in change ? held(change.to) : 'gone'}</ins></li>`)}</ul></li>`,
    };
  });
  const written = history.writeBacks.map(({ source, at, event, message }, index) => ({
    at,
    item: html`<li class="${event === 'acknowledged' ? 'good' : event === 'rejected' || event === 'failed' ? 'bad' : ''}" data-key="w${source}${at}${index}"><b>Write-back to ${source}: ${event}</b> ${moment(at, now)}${message === null ? '' : html`<br><small>${message}</small>`}</li>`,
  }));
  const items = [...revisions, ...written].sort((one, other) => other.at - one.at).map(({ item }) => item);
  const older =
    history.nextCursor === null
      ? ''
      : html`<a href="${customerPath(sourceId)}?cursor=${history.nextCursor}">Older</a>`;
  return html`<section class="card" data-key="timeline" aria-label="Timeline"><h2>Timeline</h2><ol class="timeline">${items}</ol>
${isOlder || older !== '' ? html`<nav class="pager" aria-label="Pages of the timeline"><span>${isOlder ? html`<a href="${customerPath(sourceId)}">Newest</a>` : ''}</span><span>${older}</span></nav>` : ''}</section>`;
}

export function recordKey({ source, stream, recordId }: Customer['records'][number]): string {
  return `${source} ${stream} ${recordId}`;
}

function recordsCard({ customer: { records }, pages, sources, now }: CustomerCard): Html {
  const openIn = (record: Customer['records'][number]) => {
    const address = pages.get(recordKey(record));
    if (!address) return '';
    const vendor = sources.find(({ name }) => name === record.source)?.connector ?? record.source;
    return html` · <a href="${address}" target="_blank" rel="noopener noreferrer">open in ${vendor}</a>`;
  };
  return html`<section class="card" data-key="records" aria-label="Records"><h2>Records <small>${number(records.length)}</small></h2>${
    records.length === 0 ? html`<p class="empty">No record belongs to this customer any more.</p>` : ''
  }<ul class="records">${records.map(
    (record) =>
      html`<li data-key="${recordKey(record)}"><b>${record.source}</b> ${record.stream} <code>${record.recordId}</code> <small>changed ${moment(record.changedAt, now)}${
        record.runId === null ? '' : html` · <a href="/runs/${record.runId}">run ${record.runId}</a>`
      }${openIn(record)}</small>${record.deleted ? chip('wait', 'deleted') : ''}${record.filtered ? chip('quiet', record.filtered) : ''}${(
        record.faults ?? []
      ).map(
        ({ field, reason }) => html`<small class="bad-text error">${field}: ${reason}</small>`,
      )}<details data-key="body"><summary>As it came</summary><pre tabindex="0">${JSON.stringify(record.body, null, 2)}</pre></details></li>`,
  )}</ul></section>`;
}

// What the destination knows of a customer on its way back to the vendor of one source.
import { html } from 'hono/html';
import type { Explanation } from '../../contract/explanation.ts';
import { value } from './format.ts';
import { chip, type Html, moment } from './parts.ts';

type WriteBack = Explanation['writeBacks'][number];

const tones = { delivered: 'good', waiting: 'note', unlinked: 'quiet', dead: 'bad' } as const;

export function writeBackBlock({ source, state, sentences, attributes }: WriteBack, now: number): Html {
  return html`<section class="card" data-key="back ${source}" aria-label="Written back to ${source}"><h2>Written back to ${source} ${state === null ? '' : chip(tones[state], state)}</h2>
<p class="hint" data-key="back-why">${sentences.join(' ')}</p>
<div class="table" data-key="back-fields"><table class="fields four"><caption class="unseen">Attributes at ${source}</caption><thead><tr><th scope="col">Attribute</th><th scope="col">Wanted</th><th scope="col">Acknowledged</th><th scope="col">Comes from</th></tr></thead>
<tbody>${attributes.map((attribute) => row(attribute, now))}</tbody></table></div></section>`;
}

function row(
  { attribute, path, meaning, wanted, acknowledged, isSame, known }: WriteBack['attributes'][number],
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

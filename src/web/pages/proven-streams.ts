// What a verification found at the vendors of sources: a section for each stream, with what became of its records and what differs.
import { html } from 'hono/html';
import { findingWords, isWhole, type ProvenStream, streamSentence } from '../../contract/source-proof.ts';
import { counted, number } from '../../words.ts';
import { customerPath, sourcePath, table } from './lists.ts';
import { chip, type Html, legend, type Share, stacked } from './parts.ts';

export function provenStreams(streams: readonly ProvenStream[]): Html {
  return html`${streams.map(section)}`;
}

function section(stream: ProvenStream): Html {
  const { source, stream: name, why, findings } = stream;
  const shares = sharesOf(stream);
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  return html`<section class="card" data-key="${source} ${name}" aria-label="${source} ${name}"><h2><a href="${sourcePath(source)}">${source}</a> <small>${name}</small> ${stateChip(stream)}</h2>
<p>${streamSentence(stream)}</p>${total > 0 ? html`<div class="gap">${stacked(`Records of ${source}`, shares)}</div>${legend(shares)}` : ''}
${why === null ? '' : html`<p class="banner wait">${why}</p>`}${stream.touched > 0 ? html`<p class="hint">${counted(stream.touched, 'record')} read again.</p>` : ''}
${findings.map((one) => findingsOf(one))}</section>`;
}

function stateChip(stream: ProvenStream): Html {
  const { state, listed, notListed } = stream;
  if (state === 'waiting' || state === 'reading') return chip('note', state);
  if (listed.found + notListed.found > 0) return chip('bad', 'differs');
  return isWhole(stream) ? chip('good', 'matches') : chip('wait', 'not proven');
}

function sharesOf({ listed, notListed }: ProvenStream): Share[] {
  const sum = (part: Exclude<keyof typeof listed, 'count'>) => listed[part] + notListed[part];
  const shares: Share[] = [
    { name: 'matching', count: sum('matched'), tone: 'good' },
    { name: 'different', count: sum('found'), tone: 'bad' },
    { name: 'postponed', count: sum('postponed'), tone: 'note' },
    { name: 'rejected before', count: sum('rejected'), tone: 'wait' },
    { name: 'erased', count: sum('erased'), tone: 'quiet' },
    { name: 'not proven', count: sum('unread') + sum('unproven'), tone: 'wait' },
  ];
  return shares.filter(({ name, count }) => count > 0 || name === 'matching');
}

function findingsOf({ kind, count, examples }: ProvenStream['findings'][number]): Html {
  const rows = examples.map((example) =>
    'erased' in example
      ? html`<tr><td>Somebody who was erased</td><td></td><td></td></tr>`
      : html`<tr><th scope="row">${example.recordId}</th><td>${example.sourceId === null ? '' : html`<a href="${customerPath(example.sourceId)}">${example.sourceId}</a>`}</td><td class="wide">${[example.properties.join(', '), example.detail].filter(Boolean).join(' · ')}</td></tr>`,
  );
  const columns = [{ name: 'Record' }, { name: 'Customer' }, { name: 'What differs' }];
  const title = `${number(count)} ${findingWords[kind]}`;
  return html`<h3 class="first">${title}${count > examples.length ? html` <small>the first ${number(examples.length)}</small>` : ''}</h3>${table(title, columns, rows)}`;
}

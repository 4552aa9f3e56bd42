// The overview: how far the destination is in step and why, and the parts that it consists of, each with a link to more.
import { html } from 'hono/html';
import type { LetterGroup } from '../../contract/dead-letter.ts';
import type { Columns, Run } from '../../contract/run.ts';
import type { Status } from '../../contract/status.ts';
import type { Verification } from '../../contract/verification.ts';
import { counted, number } from '../../words.ts';
import { causeBlock } from './causes.ts';
import { destinationSection } from './destination.ts';
import { type Html, legend, moment, type Share, stacked } from './parts.ts';
import { proofSection } from './proof.ts';
import { runsSection } from './runs.ts';
import { type PageContent, problemsOf, verdicts } from './shell.ts';
import { sourcesSection } from './sources.ts';

export interface Overview {
  status: Status;
  runs: Run[];
  /** By run, what became of the columns of the file that it read. */
  columns: ReadonlyMap<number, Columns>;
  /** The most frequent causes of dead letters. */
  groups: LetterGroup[];
  /** The newest verification. */
  proof: Verification | null;
}

export function overviewPage({ status, runs, columns, groups, proof }: Overview): PageContent {
  return {
    title: 'Overview',
    at: '/',
    isInParts: true,
    everySeconds: 1,
    body: html`${troubles(status)}
${headline(status)}
${problems(status, groups)}
<div class="columns"><div>${sourcesSection(status, status.now)}</div><div>${destinationSection(status)}</div></div>
${runsSection(runs, status.now, columns)}
${proofSection(proof, status.now)}`,
  };
}

/** What fails in the process itself; an empty section where nothing does, so that the script can fill it. */
function troubles({ databaseFault, loops, differingWorkers, apiEnds, now }: Status): Html {
  return html`<section id="troubles" data-live aria-label="What fails">${
    databaseFault
      ? html`<p class="banner bad" data-key="database">The database has not worked since ${moment(databaseFault.since, now)}: ${databaseFault.reason}.</p>`
      : ''
  }${loops.map(
    ({ name, failingSince, failures, lastError }) =>
      html`<p class="banner bad" data-key="loop ${name}">The loop “${name}” has been failing since ${moment(failingSince, now)} (${number(failures)} times): ${lastError}</p>`,
  )}${differingWorkers.map(
    ({ note, host, pid }) => html`<p class="banner wait" data-key="worker ${host} ${pid}">${note}</p>`,
  )}${apiEnds.map(({ name, note }) => html`<p class="banner wait" data-key="api ${name}">${note}</p>`)}</section>`;
}

/** How far the destination is in step, in one sentence and one bar. Each number leads to its customers. */
function headline(status: Status): Html {
  const { customers } = status;
  const inState = (state: string) => `/customers?state=${state}`;
  const shares: Share[] = [
    { name: 'delivered', count: customers.delivered, tone: 'good', href: inState('delivered') },
    { name: 'waiting', count: customers.waiting, tone: 'note', href: inState('waiting') },
    { name: 'held', count: customers.held, tone: 'wait', href: inState('held') },
    { name: 'dead', count: customers.dead, tone: 'bad', href: inState('dead') },
  ];
  const { state, sentence, next } = status.headline;
  const { lastDeliveredAt } = status.freshness;
  const { href, see } = verdicts[state];
  return html`<section id="headline" class="headline" data-live data-state="${state}" aria-label="In short">
<h1>${sentence}</h1><p class="verdict">${next === null ? '' : html`<code>${next}</code> `}${
    lastDeliveredAt === null
      ? 'Nothing has been delivered yet.'
      : html`Last delivery ${moment(lastDeliveredAt, status.now)}.`
  } ${href === '/' ? '' : html`<a href="${href}">${see}</a>`}</p>
<div class="whole"><p class="total"><a href="/customers"><b id="customers-total">${number(customers.total)}</b> ${customers.total === 1 ? 'customer' : 'customers'}</a></p>
${customers.total > 0 ? stacked('Customers', shares) : html`<svg class="stack" viewBox="0 0 1000 10" aria-hidden="true"></svg>`}
${legend(shares)}</div></section>`;
}

/** The most frequent causes, where something waits for a person. */
function problems(status: Status, groups: readonly LetterGroup[]): Html {
  const open = problemsOf(status);
  return html`<section id="problems" data-live aria-label="Problems">${
    open === 0
      ? ''
      : html`<div class="title-row" data-key="title"><h2>Problems</h2><a href="/problems">All ${counted(open, 'problem')}</a></div>${
          groups.length === 0
            ? ''
            : html`<div class="card flush" data-key="causes">${groups.map((group) => causeBlock(group, status.now))}</div>`
        }`
  }</section>`;
}

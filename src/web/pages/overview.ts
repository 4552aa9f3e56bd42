// The page at `/`: its head, its headline, and the sections in their order.
import { html } from 'hono/html';
import type { Role } from '../../contract/access.ts';
import type { DeadLetter, LetterGroup } from '../../contract/dead-letter.ts';
import type { InboxRequest } from '../../contract/inbox.ts';
import type { Columns, Run } from '../../contract/run.ts';
import type { Status } from '../../contract/status.ts';
import type { Verification } from '../../contract/verification.ts';
import { number } from '../../words.ts';
import { customerSection, type Found } from './customer.ts';
import { deadLettersSection } from './dead-letters.ts';
import { destinationSection } from './destination.ts';
import { inboxSection } from './inbox.ts';
import { mark, page } from './layout.ts';
import { type Html, legend, moment, type Share, stacked } from './parts.ts';
import { proofSection } from './proof.ts';
import { runsSection } from './runs.ts';
import { sourcesSection } from './sources.ts';

export interface Overview {
  /** Who looks. */
  visitor: { name: string; role: Role };
  status: Status;
  runs: Run[];
  /** By run, what became of the columns of the file that it read. */
  columns: ReadonlyMap<number, Columns>;
  letters: DeadLetter[];
  groups: LetterGroup[];
  /** The newest requests of the inbox that have faults. */
  rejected: InboxRequest[];
  /** The newest verification. */
  proof: Verification | null;
  found: Found | null;
}

export function overviewPage(given: Overview): Html {
  const { visitor, status, runs, columns, letters, groups, rejected, proof, found } = given;
  return page(
    'Tributary',
    html`<a class="skip" href="#main">To the content</a>
<header class="top"><p class="brand">${mark} Tributary</p>
<p class="live" id="live-state" role="status"><span class="pulse"></span><span>Live</span></p>
<p class="visitor">${visitor.name} <small>${visitor.role}</small></p>
<form method="post" action="/logout"><button type="submit" class="quiet">Log out</button></form></header>
<main id="main">
<div id="trouble" class="banner bad" role="alert" hidden></div>
<noscript><p class="banner wait">Without JavaScript this page does not update and its buttons do not work.</p></noscript>
${troubles(status)}
${headline(status)}
<div class="columns"><div>${sourcesSection(status, status.now)}</div><div>${destinationSection(status)}</div></div>
${customerSection(found, status.now)}
${proofSection(proof, status.now)}
${runsSection(runs, status.now, columns)}
${inboxSection(status, rejected)}
${deadLettersSection(status, letters, groups)}
</main>
<footer class="bottom" id="about" data-live>Tributary ${status.version} · ${status.database === 'pglite' ? 'embedded database' : 'PostgreSQL'} · started ${moment(status.startedAt, status.now)} · <a href="/openapi.json">API</a></footer>
<div id="said" role="status" aria-live="polite"></div>`,
    visitor.role,
  );
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

/** How far the destination is in step, in one sentence and one bar. */
function headline(status: Status): Html {
  const { customers } = status;
  const shares: Share[] = [
    { name: 'delivered', count: customers.delivered, tone: 'good' },
    { name: 'waiting', count: customers.waiting, tone: 'note' },
    ...(customers.held > 0 ? [{ name: 'held', count: customers.held, tone: 'wait' } as const] : []),
    { name: 'dead', count: customers.dead, tone: 'bad' },
  ];
  const { sentence, next } = status.headline;
  const { lastDeliveredAt } = status.freshness;
  return html`<section id="headline" class="headline" data-live data-state="${status.headline.state}" aria-label="In short">
<h1>${sentence}</h1><p class="verdict">${next === null ? '' : html`<code>${next}</code> `}${
    lastDeliveredAt === null
      ? 'Nothing has been delivered yet.'
      : html`Last delivery ${moment(lastDeliveredAt, status.now)}.`
  }</p>
<div class="whole"><p class="total"><b id="customers-total">${number(customers.total)}</b> ${customers.total === 1 ? 'customer' : 'customers'}</p>
${customers.total > 0 ? stacked('Customers', shares) : html`<svg class="stack" viewBox="0 0 1000 10" aria-hidden="true"></svg>`}
${legend(shares)}</div></section>`;
}

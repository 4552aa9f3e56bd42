// The page at `/`: its head, its headline, and the sections in their order.
import { html } from 'hono/html';
import type { ColumnReport } from '../../sync/columns.ts';
import type { LetterGroupBody } from '../api/dead-letter-groups.ts';
import type { LetterBody } from '../api/dead-letters.ts';
import type { RequestBody } from '../api/inbox-shapes.ts';
import type { RunBody } from '../api/shapes.ts';
import type { VerificationBody } from '../api/verifications.ts';
import type { Status } from '../status.ts';
import { customerSection, type Found } from './customer.ts';
import { deadLettersSection } from './dead-letters.ts';
import { destinationSection } from './destination.ts';
import { duration, number } from './format.ts';
import { inboxSection } from './inbox.ts';
import { mark, page } from './layout.ts';
import { type Html, legend, moment, type Share, stacked } from './parts.ts';
import { proofSection } from './proof.ts';
import { runsSection } from './runs.ts';
import { sourcesSection } from './sources.ts';

export interface Overview {
  status: Status;
  runs: RunBody[];
  /** By run, what became of the columns of the file that it read. */
  columns: ReadonlyMap<number, ColumnReport>;
  letters: LetterBody[];
  groups: LetterGroupBody[];
  /** The newest requests of the inbox that have faults. */
  faulty: RequestBody[];
  /** The newest verification. */
  proof: VerificationBody | null;
  found: Found | null;
}

export function overviewPage(given: Overview): Html {
  const { status, runs, columns, letters, groups, faulty, proof, found } = given;
  return page(
    'Tributary',
    html`<a class="skip" href="#main">To the content</a>
<header class="top"><p class="brand">${mark} Tributary</p>
<p class="live" id="live-state" role="status"><span class="pulse"></span><span>Live</span></p>
<form method="post" action="/logout"><button type="submit" class="quiet">Log out</button></form></header>
<main id="main">
<div id="trouble" class="banner bad" role="alert" hidden></div>
<noscript><p class="banner wait">Without JavaScript this page shows how things stood when it was opened; its buttons do nothing.</p></noscript>
${headline(status)}
<div class="columns"><div>${sourcesSection(status.sources, status.now)}</div><div>${destinationSection(status)}</div></div>
${customerSection(found, status.now)}
${proofSection(proof, status.now)}
${runsSection(runs, status.now, columns)}
${inboxSection(status, faulty)}
${deadLettersSection(status, letters, groups)}
</main>
<footer class="bottom" id="about" data-live>Tributary ${status.version} · ${status.database === 'pglite' ? 'embedded database' : 'PostgreSQL'} · started ${moment(status.startedAt, status.now)} · <a href="/openapi.json">API</a></footer>
<div id="said" role="status" aria-live="polite"></div>`,
  );
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
  const { title, note } = verdict(status);
  return html`<section id="headline" class="headline" data-live aria-label="In short">
<h1>${title}</h1><p class="verdict">${note}</p>
<div class="whole"><p class="total"><b id="customers-total">${number(customers.total)}</b> ${customers.total === 1 ? 'customer' : 'customers'}</p>
${customers.total > 0 ? stacked('Customers', shares) : html`<svg class="stack" viewBox="0 0 1000 10" aria-hidden="true"></svg>`}
${legend(shares)}</div></section>`;
}

function verdict(status: Status): { title: string; note: Html } {
  const { customers, freshness, destination, deadLetters, sources, now } = status;
  const { connector } = destination;
  const delivered = freshness.lastDeliveredAt
    ? html`Last delivery ${moment(freshness.lastDeliveredAt, now)}.`
    : html`Nothing has been delivered yet.`;
  const wait =
    freshness.oldestWaitSeconds === null
      ? ''
      : `The oldest change has waited ${duration(freshness.oldestWaitSeconds)}. `;
  if (destination.paused)
    return {
      title: `Deliveries to ${connector} are paused`,
      note: html`${wait}What the sources bring is kept and waits. ${delivered}`,
    };
  if (customers.waiting > 0)
    return {
      title: `${number(customers.waiting)} on their way to ${connector}`,
      note: html`${wait}${delivered}`,
    };
  const reading = sources
    .filter((source) => source.going.some((run) => run.working))
    .map((source) => source.name);
  if (reading.length > 0)
    return {
      title: `Reading ${reading.join(', ')}`,
      note: html`Nothing waits to be delivered. ${delivered}`,
    };
  const pushed = [...sources, { ...destination, name: connector }]
    .filter(({ webhook }) => webhook && webhook.waiting + webhook.toRead > 0)
    .map(({ name }) => name);
  if (pushed.length > 0)
    return {
      title: `Taking in what ${pushed.join(', ')} pushed`,
      note: html`Nothing else waits to be delivered. ${delivered}`,
    };
  if (deadLetters.open > 0) {
    return {
      title: `In step, but for ${number(deadLetters.open)} dead ${deadLetters.open === 1 ? 'letter' : 'letters'}`,
      note: html`They wait below until something changes. ${delivered}`,
    };
  }
  if (customers.total === 0)
    return {
      title: 'Nothing to keep in step yet',
      note: html`${sources.length === 0 ? 'No source is configured.' : sources.some(({ pulls }) => pulls) ? 'Sync a source, and its customers appear here.' : 'Customers appear here as the sources push them.'}`,
    };
  return {
    title: `${connector} is in step`,
    note: html`Every change the sources told of is delivered. ${delivered}`,
  };
}

// The list of verifications, and whether their chain of reports is intact.
import { html } from 'hono/html';
import type { z } from 'zod';
import { foundIn, isWhole } from '../../contract/source-proof.ts';
import type { chainShape, Verification } from '../../contract/verification.ts';
import { counted, duration, number } from '../../words.ts';
import { address, blank, head, pager, table } from './lists.ts';
import { action, ask, chip, type Html, moment, type Share, stacked } from './parts.ts';
import type { PageContent } from './shell.ts';

export interface VerificationList {
  verifications: Verification[];
  next: number | null;
  cursor: number | undefined;
  /** Null: not asked for. */
  chain: z.output<typeof chainShape> | null;
  destination: string;
  now: number;
}

export function verificationsPage({
  verifications,
  next,
  cursor,
  chain,
  destination,
  now,
}: VerificationList): PageContent {
  const isGoing = verifications.some(({ state }) => state === 'requested');
  return {
    title: 'Verification',
    at: '/verification',
    everySeconds: chain ? null : isGoing ? 1 : 5,
    body: html`${head('Verification', {
      sub: `Reads ${destination} back and compares every field with what was acknowledged and what the stored records give.`,
      actions: isGoing ? '' : actions(),
    })}${chain ? chainBanner(chain) : ''}${
      verifications.length === 0
        ? blank('Not verified yet', `Delivery alone is no proof. A verification reads ${destination} back.`)
        : table(
            'Verifications',
            columns,
            verifications.map((one) => row(one, now)),
          )
    }${pager(cursor === undefined ? null : '/verification', next === null ? null : address('/verification', { cursor: next }))}${
      verifications.length === 0 || chain
        ? ''
        : html`<p class="hint" data-key="chain">Each report covers the one before it by its hash. <a href="/verification?chain=check">Check that none was changed or removed</a></p>`
    }`,
  };
}

function actions(): Html {
  return html`${action('Verify all', '/api/verify', { body: { full: true }, done: 'Being verified', kind: 'main' })}
${action('Verify sources too', '/api/verify', { body: { full: true, sources: 'all' }, done: 'Being verified', confirm: 'List all records at the vendors of all sources, in the backfill lane, and compare them with the stored records?' })}
${ask('Verify a sample…', '/api/verify', html`<label>Random customers, one call each<input name="sample" type="number" min="1" max="10000" value="400" required></label>`, { done: 'A sample is being verified', button: 'Verify' })}
${action('Verify and heal', '/api/verify', { body: { full: true, heal: true }, done: 'Verifying; customers that differ are resent', confirm: 'Read back all customers, and resend those that differ or are missing? Nothing is deleted.' })}`;
}

function chainBanner({ holds, length, broken, head: newest }: NonNullable<VerificationList['chain']>): Html {
  return holds
    ? html`<p class="banner good space-below" role="status">The chain of ${counted(length, 'report')} is intact.${newest === null ? '' : html` Its head is <code>${newest}</code>: kept elsewhere, it shows if the newest are removed.`}</p>`
    : html`<p class="banner bad space-below" role="status">The chain is broken at <a href="/verification/${broken?.id ?? ''}">report ${broken?.id ?? ''}</a>: ${broken?.why ?? ''}</p>`;
}

const columns = [
  { name: 'Verification' },
  { name: 'Result' },
  { name: 'When' },
  { name: 'Compared', isFigure: true },
  { name: '' },
  { name: 'Differing', isFigure: true },
  { name: 'Missing', isFigure: true },
  { name: 'Took', isFigure: true },
];

/** Customers and records that are not as they should be. */
export function offOf({ report }: Verification): number {
  const { differing, stale, missing, streams } = report;
  return differing.count + (stale?.count ?? 0) + missing.count + foundIn(streams);
}

export function verificationChip(verification: Verification): Html {
  const { state, report } = verification;
  if (state === 'requested') return chip('note', 'running');
  if (state === 'failed') return chip('bad', 'failed');
  const { streams = [] } = report;
  if (offOf(verification) > 0) return chip('bad', 'differs');
  if (!streams.every(isWhole)) return chip('wait', 'not proven');
  const compared = report.compared + report.missing.count + streams.length;
  return compared === 0 ? chip('quiet', 'nothing compared') : chip('good', 'matches');
}

export function verificationShares({ report }: Verification): Share[] {
  return [
    { name: 'matching', count: report.matching, tone: 'good' },
    { name: 'differing', count: report.differing.count, tone: 'bad' },
    { name: 'stale', count: report.stale?.count ?? 0, tone: 'note' },
    { name: 'missing', count: report.missing.count, tone: 'wait' },
  ];
}

function row(one: Verification, now: number): Html {
  const { id, report, request, endedAt, requestedAt, error } = one;
  const count = (value: number, name: string) =>
    html`<td class="figure ${value === 0 ? 'zero' : 'bad-text'}" data-name="${name}">${number(value)}</td>`;
  return html`<tr class="link" data-key="${id}"><th scope="row"><a class="to" href="/verification/${id}">#${id}</a><small>${request.sample === null ? 'all customers' : `a sample of ${number(request.sample)}`}${request.sources ? `, ${counted(request.sources.length, 'source')}` : ''}${request.heal ? ', heals' : ''} · by ${request.by === 'person' ? 'a person' : 'schedule'}</small>${error ? html`<small class="bad-text">${error}</small>` : ''}</th>
<td data-name="Result">${verificationChip(one)}</td><td data-name="When">${moment(endedAt ?? requestedAt, now)}</td>
<td class="figure" data-name="Compared">${number(report.compared)}</td><td class="mini wide">${report.compared + report.missing.count > 0 ? stacked(`Verification ${id}`, verificationShares(one)) : ''}</td>
${count(report.differing.count + (report.stale?.count ?? 0), 'Differing')}${count(report.missing.count, 'Missing')}<td class="figure" data-name="Took">${duration(report.seconds)}</td></tr>`;
}

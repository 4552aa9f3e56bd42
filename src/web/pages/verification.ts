// One verification: what was compared, what differs, and what it proves.
import { html } from 'hono/html';
import type { Report, Verification } from '../../contract/verification.ts';
import { counted, duration, number } from '../../words.ts';
import { value } from './format.ts';
import { customerPath, facts, head, table } from './lists.ts';
import { action, type Html, legend, moment, stacked } from './parts.ts';
import { provenStreams } from './proven-streams.ts';
import type { PageContent } from './shell.ts';
import { offOf, verificationChip, verificationShares } from './verification-list.ts';

export interface VerificationView {
  verification: Verification;
  destination: string;
  now: number;
}

export function verificationPage({ verification, destination, now }: VerificationView): PageContent {
  const { id, state, report, request, requestedAt, endedAt, error } = verification;
  const canHeal = state === 'finished' && !request.heal && offOf(verification) > 0;
  return {
    title: `Verification ${id}`,
    at: '/verification',
    crumbs: [{ name: `#${id}` }],
    everySeconds: state === 'requested' ? 1 : null,
    body: html`${head(html`Verification ${id} ${verificationChip(verification)}`, {
      sub: html`${request.sample === null ? 'All customers' : `A sample of ${counted(request.sample, 'customer')}`} at ${destination}${request.sources ? html`, and ${counted(request.sources.length, 'source')}` : ''} · ${moment(endedAt ?? requestedAt, now)}`,
      actions:
        state === 'requested'
          ? action('Cancel', `/api/verifications/${id}/cancel`, {
              done: 'Cancelled',
              confirm: 'Cancel this verification? What it has found and mended stays.',
            })
          : canHeal
            ? action('Verify and heal', '/api/verify', {
                body: { full: true, heal: true, ...(request.sources && { sources: request.sources }) },
                done: 'Verifying; customers that differ are resent',
                kind: 'main',
                confirm:
                  'Read back all customers, and resend those that differ or are missing? Nothing is deleted.',
              })
            : '',
    })}
${error ? html`<p class="banner bad" data-key="error">${error}</p>` : ''}
<div class="split" data-key="split"><div class="stack-y"><section class="card" data-key="result" aria-label="Result"><h2>Result</h2>
<p><b>${report.summary ?? `${counted(report.compared, 'customer')} compared so far`}</b></p>
${report.compared + report.missing.count > 0 ? html`<div class="gap">${stacked('Customers compared', verificationShares(verification))}</div>${legend(verificationShares(verification))}` : ''}
${report.confidence ? html`<p class="hint">${report.confidence.sentence}</p>` : ''}${report.healed > 0 ? html`<p class="hint">${counted(report.healed, 'customer')} sent again.</p>` : ''}</section>
${provenStreams(report.streams ?? [])}${differences('Differing', 'What was acknowledged → what is there', report.differing)}
${report.stale ? differences('Stale', 'What the records give → what was acknowledged', report.stale) : ''}
${named('Missing there', report.missing)}${named('There, and never sent', report.unknownToUs)}</div>
<div class="stack-y">${about(verification)}${aside(report)}</div></div>`,
  };
}

function differences(
  title: string,
  columns: string,
  { count, fields, examples }: Report['differing'],
): Html | '' {
  if (count === 0) return '';
  const byField = Object.entries(fields).sort(([, one], [, other]) => other - one);
  const rows = examples.map((example) =>
    'erased' in example
      ? html`<tr><td>Somebody who was erased</td><td></td></tr>`
      : html`<tr><th scope="row"><a href="${customerPath(example.sourceId)}">${example.sourceId}</a></th><td class="wide"><ul class="changes">${Object.entries(example.fields).map(([field, { expected, found }]) => html`<li><code>${field}</code> ${value(expected)} → <ins>${value(found)}</ins></li>`)}</ul></td></tr>`,
  );
  return html`<section data-key="${title}" aria-label="${title}"><h2 class="first">${title} <small>${counted(count, 'customer')}: ${byField.map(([field, customers]) => `${field} of ${number(customers)}`).join(', ')}</small></h2>${table(title, [{ name: 'Customer' }, { name: columns }], rows)}</section>`;
}

function named(title: string, { count, examples }: Report['missing']): Html | '' {
  if (count === 0) return '';
  return html`<section class="card" data-key="${title}" aria-label="${title}"><h2>${title} <small>${counted(count, 'customer')}</small></h2><ul class="why">${examples.map((example) => html`<li>${'erased' in example ? 'Somebody who was erased' : html`<a href="${customerPath(example.sourceId)}">${example.sourceId}</a>`}</li>`)}</ul></section>`;
}

function about({ report, hash, previousHash, request, signed }: Verification): Html {
  const ways = { export: 'by an export', list: 'page by page', reads: 'one by one' } as const;
  return html`<section class="card" data-key="about" aria-label="How it was done"><h2>How it was done</h2>${facts(
    [
      ['Asked by', request.by === 'person' ? 'a person' : 'the schedule'],
      report.source === null
        ? null
        : [
            'Read',
            html`${ways[report.source]}${report.fallback === null ? '' : html` <small>${report.fallback}</small>`}`,
          ],
      ['Acknowledged', number(report.acknowledged)],
      ['Compared', number(report.compared)],
      ['Calls', number(report.calls)],
      ['Took', duration(report.seconds)],
      hash === null ? null : ['Hash', html`<code>${hash}</code>`],
      previousHash === null ? null : ['Before it', html`<code>${previousHash}</code>`],
      signed === null ? null : ['Signed with key', html`<code>${signed.signature.keyId}</code>`],
    ],
  )}</section>`;
}

/** What it says nothing of. */
function aside({ inFlight, unread, notCompared, forms, withoutSourceId }: Report): Html | '' {
  const lines = [
    inFlight > 0 ? `${counted(inFlight, 'customer')} had a pending delivery.` : null,
    withoutSourceId > 0 ? `${counted(withoutSourceId, 'customer')} there have no source ID.` : null,
    ...Object.entries(unread).map(
      ([reason, customers]) => `${counted(customers, 'customer')} could not be read: ${reason}.`,
    ),
    ...notCompared.map(
      ({ field, customers, why }) => `${field} of ${counted(customers, 'customer')} was not compared: ${why}`,
    ),
    ...forms.map(
      ({ field, form, customers }) =>
        `${field} of ${counted(customers, 'customer')} is equal in another form (${form}).`,
    ),
  ].filter((line) => line !== null);
  if (lines.length === 0) return '';
  return html`<section class="card" data-key="aside" aria-label="Set aside"><h2>Set aside</h2><ul class="why">${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`;
}

// The last proof: how the destination compared with what it had acknowledged, and the button that asks for another.
import { html } from 'hono/html';
import type { Verification } from '../../contract/verification.ts';
import { counted, duration, number } from '../../words.ts';
import { action, chip, type Html, moment, type Share, stacked } from './parts.ts';

export function proofSection(last: Verification | null, now: number): Html {
  return html`<section id="proof" data-live aria-labelledby="proof-title">
<div class="title-row"><h2 id="proof-title">Proof</h2><a href="/verification">All verifications</a></div>
<div class="card">${last === null ? html`<p class="empty">The destination has not been read back yet.</p>` : verification(last, now)}
${last?.state === 'requested' ? '' : action('Verify', '/api/verify', { body: { full: true }, done: 'Being verified' })}</div></section>`;
}

function verification(
  { id, state, report, error, endedAt, requestedAt, hash }: Verification,
  now: number,
): Html {
  const stale = report.stale?.count ?? 0;
  const off = report.differing.count + stale + report.missing.count;
  const shares: Share[] = [
    { name: 'matching', count: report.matching, tone: 'good' },
    { name: 'differing', count: report.differing.count, tone: 'bad' },
    ...(stale > 0 ? [{ name: 'stale', count: stale, tone: 'wait' } as const] : []),
    { name: 'missing', count: report.missing.count, tone: 'wait' },
  ];
  const word =
    state === 'requested'
      ? chip('note', 'going on')
      : state === 'failed'
        ? chip('bad', 'failed')
        : off > 0
          ? chip('bad', 'differs')
          : chip('good', 'matches');
  return html`<p>${word} <b>${report.summary ?? `${counted(report.compared, 'customer')} compared so far`}</b> <small>#${id} · ${moment(endedAt ?? requestedAt, now)}${
    state === 'finished' ? ` · ${counted(report.calls, 'call')} · ${duration(report.seconds)}` : ''
  }</small></p>
${report.compared + report.missing.count > 0 ? stacked('Customers compared', shares) : ''}
${report.confidence ? html`<p class="hint">${report.confidence.sentence}</p>` : ''}
${error ? html`<p class="hint bad-text">${error}</p>` : ''}
${report.healed > 0 ? html`<p class="hint">${counted(report.healed, 'customer')} sent again.</p>` : ''}
${report.notCompared.length > 0 ? html`<p class="hint">Not compared: ${report.notCompared.map(({ field }) => field).join(', ')}.</p>` : ''}
${report.unknownToUs.count > 0 ? html`<p class="hint">${number(report.unknownToUs.count)} there are none of ours; they are left alone.</p>` : ''}
${hash ? html`<p class="hint">Hash <code title="${hash}">${hash.slice(0, 16)}…</code></p>` : ''}`;
}

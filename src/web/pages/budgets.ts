// What an account's quotas leave.
import { html } from 'hono/html';
import { number, percent } from '../../words.ts';
import type { BudgetStatus } from '../status.ts';
import { window } from './format.ts';
import { type Html, moment } from './parts.ts';

export function budgets(list: readonly BudgetStatus[], now: string): Html | '' {
  if (list.length === 0) return '';
  return html`<ul class="budgets" data-key="budgets">${list.map(
    ({ quota, limit, seconds, used, exhaustedUntil, learnedShare }) => html`<li data-key="${quota}">
<span>${quota} budget</span><span class="figure">${number(used)}<small> of ${number(limit)} ${window(seconds)}</small></span>
<meter min="0" max="${limit}" high="${limit * 0.9}" value="${Math.min(used, limit)}" aria-label="Calls used of the ${quota} budget">${used} of ${limit}</meter>
${learnedShare < 0.995 ? html`<p class="hint">${percent(learnedShare)} of it is used: the vendor refused calls. It grows back.</p>` : ''}
${exhaustedUntil && Date.parse(exhaustedUntil) > Date.parse(now) ? html`<p class="hint bad-text">The vendor allows no call until ${moment(exhaustedUntil, now)}</p>` : ''}</li>`,
  )}</ul>`;
}

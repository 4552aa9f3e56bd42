// A sum that must hold, in words: the whole and what became of it. What can be listed is linked.
import { html } from 'hono/html';
import type { Received } from '../../contract/balance.ts';
import { number } from '../../words.ts';
import type { Html, Share } from './parts.ts';
import { runShares } from './run-list.ts';

/** Records that were rejected are dead letters; the others are counted by the runs that brought them. */
export function receivedShares(received: Received): Share[] {
  return runShares(received).map((share) => ({
    ...share,
    href: share.name === 'rejected' ? '/problems?show=letters' : '/runs',
  }));
}

/** `4,747 received = 4,472 changed + 275 unchanged`; with ≠ where it does not hold. */
export function sumText(name: string, whole: number, shares: readonly Share[]): Html {
  const total = shares.reduce((sum, { count }) => sum + count, 0);
  return html`<b>${number(whole)}</b> ${name} ${whole === total ? '=' : '≠'} ${shares.map(
    ({ name: part, count, href }, index) => {
      const words = `${number(count)} ${part}`;
      return html`${index === 0 ? '' : ' + '}${href === undefined || count === 0 ? words : html`<a href="${href}">${words}</a>`}`;
    },
  )}`;
}

// The sandbox: the sums that hold whatever happens, the simulated vendors, and a button for each way to break them.
import { html } from 'hono/html';
import type { Balance } from '../../contract/balance.ts';
import type { Break, Sandbox } from '../../contract/sandbox.ts';
import type { Status } from '../../contract/status.ts';
import { number } from '../../words.ts';
import { cause } from './causes.ts';
import { head, table } from './lists.ts';
import { action, chip, type Html, type Share, stacked } from './parts.ts';
import type { PageContent } from './shell.ts';
import { receivedShares, sumText } from './sums.ts';

export interface SandboxView extends Sandbox {
  balance: Balance;
  mayBreak: boolean;
  status: Status;
}

const seconds = 30;

export function sandboxPage({ vendors, breaks, balance, mayBreak, status }: SandboxView): PageContent {
  return {
    title: 'Sandbox',
    at: '/sandbox',
    everySeconds: 1,
    body: html`${head('Sandbox', {
      sub: 'Simulated vendors on this machine, whose people keep changing. Break something, and watch that both sums still hold.',
      actions: '',
    })}${sums(balance)}
<h2 data-key="vendors">Vendors</h2>${people(vendors, status)}
<h2 data-key="breaks">Break something</h2><div class="card flush">${breaks.map((one) => breakBlock(one, status.now, mayBreak))}</div>`,
  };
}

function sums({ received, wanted, balances }: Balance): Html {
  const { customers, delivered, waiting, held, dead } = wanted;
  const became = receivedShares(received);
  const states: Share[] = [
    { name: 'delivered', count: delivered, tone: 'good', href: '/customers?state=delivered' },
    { name: 'waiting', count: waiting, tone: 'note', href: '/customers?state=waiting' },
    { name: 'held', count: held, tone: 'wait', href: '/customers?state=held' },
    { name: 'dead', count: dead, tone: 'bad', href: '/customers?state=dead' },
  ];
  return html`<section class="card" aria-label="Balance" data-key="sums"><div class="title-row"><h2>Balance</h2>${
    balances ? chip('good', 'balances') : chip('bad', 'does not balance')
  }</div>
${sum('received', 'Records that runs and webhooks brought, and what became of each', received.records, became)}
${sum('wanted', 'Customers that Voucherify should hold, by the state of their delivery', customers, states)}</section>`;
}

function sum(name: string, means: string, whole: number, shares: readonly Share[]): Html {
  return html`<div class="sum" data-key="${name}"><p id="sum-${name}">${sumText(name, whole, shares)}</p>
<div class="gap">${stacked(means, shares)}</div><p class="hint">${means}.</p></div>`;
}

function people(vendors: Sandbox['vendors'], { writeBacks }: Status): Html {
  const columns = [
    { name: 'Vendor' },
    { name: 'People', isFigure: true },
    { name: 'Written back', isFigure: true },
  ];
  const rows = vendors.map(({ name, says, people: count, noun }) => {
    const written = writeBacks.find(({ source }) => source === name.toLowerCase());
    return html`<tr data-key="${name}"><th scope="row">${name}<small>${says}</small></th><td class="figure" data-name="People">${number(count)} ${noun}</td><td class="figure" data-name="Written back">${written ? number(written.delivered) : ''}</td></tr>`;
  });
  return table('Simulated vendors', columns, rows);
}

function breakBlock(one: Break, now: number, mayBreak: boolean): Html {
  const { name, title, says, watch, mends, page, lasts, until } = one;
  const left = until === null ? 0 : Math.max(Math.ceil((until - now) / 1000), 0);
  const options = { body: lasts ? { seconds } : {}, done: says, about: name };
  const label = lasts ? `Break for ${seconds} s` : 'Break';
  return cause({
    key: name,
    title,
    href: null,
    tags: left > 0 ? chip('bad', `${left} s left`) : '',
    tone: left > 0 ? 'bad' : 'quiet',
    plain: html`${says} ${watch} <a href="${page}">Look there</a>`,
    quotes: [],
    next: mends,
    nextLabel: 'How it mends',
    actions: mayBreak ? action(label, `/api/sandbox/breaks/${name}`, options) : '',
  });
}

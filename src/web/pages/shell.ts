// What every page stands in: the navigation, where one is, how things stand in a word, and who looks.
import { html } from 'hono/html';
import { mayActAs, type Role } from '../../contract/access.ts';
import type { HeadlineState, Status } from '../../contract/status.ts';
import { number } from '../../words.ts';
import { mark, page } from './layout.ts';
import { type Html, moment, type Share } from './parts.ts';
import { type Section, type SectionPath, sections } from './sections.ts';

/** What the shell shows beside the page itself. */
export interface Frame {
  visitor: { name: string; role: Role };
  about: Pick<Status, 'version' | 'database' | 'startedAt' | 'now'>;
  /** Null: it is not known yet. */
  status: Status | null;
  /** Whether simulated accounts are read and written. */
  isSandbox: boolean;
}

export interface PageContent {
  title: string;
  /** The section that is marked in the navigation. Null: none, where nothing has this address. */
  at: SectionPath | null;
  /** Where the page is below its section: a link for each step. The last one is the page itself. */
  crumbs?: readonly { name: string; href?: string }[];
  /** Stays as it is while the page is open: what a person types in. */
  fixed?: Html | '';
  /** Brought up to date. */
  body: Html;
  /** Where parts of the page are brought up to date each on its own, they say so themselves. */
  isInParts?: boolean;
  /** How often the script asks for it where it is not sent as it changes, seconds. Default: 3. Null: it does not change. */
  everySeconds?: number | null;
}

export function shell(frame: Frame, content: PageContent): Html {
  const { visitor, status, about } = frame;
  const { title, at, fixed = '', body, isInParts = false, everySeconds = 3 } = content;
  return page(
    at === '/' ? 'Tributary' : `${title} · Tributary`,
    html`<a class="skip" href="#main">Skip to the content</a>
<div class="shell">
<header class="side"><div class="brand"><a href="/">${mark} Tributary</a>${
      frame.isSandbox
        ? html`<span class="mode chip wait" title="Simulated vendors: no real account is read or written">Sandbox</span>`
        : html`<span class="mode chip" title="Real accounts are read and written">Live data</span>`
    }</div>
<button type="button" class="menu-button" popovertarget="menu">Menu</button>
<div class="menu" id="menu" popover>
<nav class="nav" aria-label="Pages" id="nav" data-live>${sections.map((group) => groupOf(group, frame, at))}</nav>
<div class="who"><p class="visitor">${visitor.name} <small>${visitor.role}</small></p>
<form method="post" action="/logout"><button type="submit" class="quiet">Log out</button></form></div>
</div></header>
<div class="body">
<div class="top">${crumbs(content)}<span id="verdict" data-live>${status && verdictChip(status)}</span>
<p class="live" id="live-state" role="status"><span class="pulse"></span><span>Live</span></p></div>
<main id="main" tabindex="-1">
<div id="trouble" class="banner bad" role="alert" hidden></div>
<noscript><p class="banner wait">Without JavaScript this page does not update and its buttons do not work.</p></noscript>
${fixed}${isInParts ? body : html`<div id="content" data-live>${body}</div>`}
</main>
<footer class="bottom" id="about" data-live>Tributary ${about.version} · ${about.database === 'pglite' ? 'embedded database' : 'PostgreSQL'} · started ${moment(about.startedAt, about.now)} · <a href="/docs">Documentation</a> · <a href="/docs/reference">API</a></footer>
</div></div>
<div id="said" role="status" aria-live="polite"></div>`,
    { role: visitor.role, everySeconds, now: about.now },
  );
}

function groupOf(
  group: readonly Section[],
  { visitor, status, isSandbox }: Frame,
  at: SectionPath | null,
): Html | '' {
  const open = group.filter(
    ({ role, isOfSandbox }) => mayActAs(visitor.role, role) && (isSandbox || !isOfSandbox),
  );
  if (open.length === 0) return '';
  return html`<ul>${open.map(
    ({ name, path, icon }) =>
      html`<li data-key="${path}"><a href="${path}"${path === at ? html` aria-current="page"` : ''}><svg viewBox="0 0 16 16" aria-hidden="true"><path d="${icon}"></path></svg>${name}${badge(path, status)}</a></li>`,
  )}</ul>`;
}

function badge(path: string, status: Status | null): Html | '' {
  const count = path === '/problems' && status ? problemsOf(status) : 0;
  if (count === 0) return '';
  return html`<span class="badge" data-key="badge">${count > 999 ? '999+' : number(count)}<span class="unseen"> open</span></span>`;
}

/** How many things wait for a person. */
export function problemsOf({ deadLetters, holds, drifts }: Status): number {
  const drifted = drifts.reduce((sum, { kind, count }) => (kind === 'unknown' ? sum : sum + count), 0);
  return deadLetters.open + holds.open + drifted;
}

/** A word for each state of the headline, its colour, and the page that shows the reason. */
const verdicts: {
  readonly [state in HeadlineState]: { word: string; tone: Share['tone']; href: string; see: string };
} = {
  destination_failing: {
    word: 'Destination failing',
    tone: 'bad',
    href: '/deliveries',
    see: 'See deliveries',
  },
  credentials_refused: { word: 'Credentials refused', tone: 'bad', href: '/sources', see: 'See sources' },
  paused: { word: 'Paused', tone: 'wait', href: '/sources', see: 'See sources' },
  project_undecided: { word: 'Decision needed', tone: 'wait', href: '/deliveries', see: 'See deliveries' },
  schema_unknown: { word: 'Schema unknown', tone: 'bad', href: '/deliveries', see: 'See deliveries' },
  sources_vanished: { word: 'Source removed', tone: 'wait', href: '/sources', see: 'See sources' },
  held: { word: 'Held', tone: 'wait', href: '/problems?show=holds', see: 'See what is held' },
  differs: { word: 'Differs', tone: 'bad', href: '/problems?show=drift', see: 'See what differs' },
  dead_letters: { word: 'Dead letters', tone: 'bad', href: '/problems?show=letters', see: 'See why' },
  source_failing: { word: 'Source failing', tone: 'bad', href: '/sources', see: 'See sources' },
  impaired: { word: 'Impaired', tone: 'wait', href: '/', see: 'See below' },
  behind: { word: 'Delivering', tone: 'note', href: '/deliveries', see: 'See deliveries' },
  empty: { word: 'No customers yet', tone: 'quiet', href: '/sources', see: 'See sources' },
  unverified: { word: 'Not verified', tone: 'note', href: '/verification', see: 'Verify' },
  in_step: { word: 'In step', tone: 'good', href: '/verification', see: 'See the verification' },
};

/** What is said of how things stand, and where the reason is shown: the destination may be what is paused. */
export function verdictOf({ headline, destination }: Pick<Status, 'headline' | 'destination'>) {
  const verdict = verdicts[headline.state];
  const isOfSources = verdict.href === '/sources' && destination.paused !== null;
  return isOfSources ? { ...verdict, href: '/deliveries', see: 'See deliveries' } : verdict;
}

function verdictChip(status: Status): Html {
  const { headline } = status;
  const { word, tone, href } = verdictOf(status);
  return html`<a class="chip ${tone}" href="${href}" title="${headline.sentence}">${word}</a>`;
}

function crumbs({ title, at, crumbs: steps = [] }: PageContent): Html {
  const section = sections.flat().find(({ path }) => path === at);
  const [last] = steps.slice(-1);
  const above = [
    ...(last && section ? [{ name: section.name, href: section.path }] : []),
    ...steps.slice(0, -1),
  ];
  return html`<nav class="crumbs" aria-label="Where you are">${above.map(
    ({ name, href }) => html`<a href="${href ?? '#'}">${name}</a> / `,
  )}<b>${last?.name ?? section?.name ?? title}</b></nav>`;
}

// Named tokens: who has one, with which role, and how another is made.
import { html } from 'hono/html';
import { roles, type TokenView } from '../../contract/access.ts';
import { address, blank, head, table } from './lists.ts';
import { action, chip, type Html, moment } from './parts.ts';
import type { PageContent } from './shell.ts';

export interface AccessView {
  tokens: TokenView[];
  /** The one that was just made. */
  made: (TokenView & { token: string }) | null;
  /** Why none was made. */
  fault: string | null;
  now: number;
}

export function accessPage({ tokens, made, fault, now }: AccessView): PageContent {
  return {
    title: 'Access',
    at: '/access',
    everySeconds: made || fault ? null : 10,
    fixed: html`${head('Access', { sub: 'Named tokens open the API, these pages and the command line. Only hashes of them are kept.' })}
${made ? html`<div class="banner good space-below" role="status"><p><b>The token ${made.name} was created.</b> It is shown only once:</p><p><code class="secret">${made.token}</code></p></div>` : ''}
${fault === null ? '' : html`<p class="banner bad space-below" role="alert">${fault}</p>`}`,
    body: html`<div class="split" data-key="split"><div>${
      tokens.length === 0
        ? blank(
            'No named tokens',
            'Everybody uses the API token of the server, and the audit cannot tell them apart.',
          )
        : table(
            'Tokens',
            columns,
            tokens.map((token) => row(token, now)),
          )
    }</div>
<section class="card" data-key="new" aria-labelledby="new-token"><h2 id="new-token">New token</h2><form class="form" method="post" action="/access">
<label>Name<input name="name" required maxlength="60" pattern="[A-Za-z0-9][A-Za-z0-9 ._@\\-]*" autocomplete="off" placeholder="anna"></label>
<label>Role<select name="role">${roles.map((role) => html`<option value="${role}">${role}: ${words[role]}</option>`)}</select></label>
<label>Days until it expires (empty: never)<input name="days" type="number" min="1" max="3650"></label>
<div><button type="submit" class="main">Create the token</button></div></form></section></div>`,
  };
}

const words = {
  viewer: 'reads only, values masked',
  operator: 'syncs, retries, releases',
  admin: 'erases, creates tokens',
} as const;

const columns = [
  { name: 'Token' },
  { name: 'Role' },
  { name: 'Last used' },
  { name: 'Expires' },
  { name: '' },
];

const tones = { viewer: 'quiet', operator: 'note', admin: 'wait' } as const;

function row({ name, role, createdAt, createdBy, expiresAt, lastUsedAt }: TokenView, now: number): Html {
  return html`<tr data-key="${name}"><th scope="row"><a href="${address('/audit', { by: name })}">${name}</a><small>created ${moment(createdAt, now)} by ${createdBy}</small></th><td data-name="Role">${chip(tones[role], role)}</td><td data-name="Last used">${lastUsedAt === null ? 'never' : moment(lastUsedAt, now)}</td><td data-name="Expires">${expiresAt === null ? 'never' : expiresAt <= now ? html`<span class="bad-text">expired</span>` : moment(expiresAt, now)}</td><td class="narrow">${action('Revoke', `/api/tokens/${encodeURIComponent(name)}`, { method: 'DELETE', done: `${name} was revoked`, about: name, kind: 'small danger', confirm: `Revoke the token of ${name}? It no longer works, and its sessions end.` })}</td></tr>`;
}

// The page that asks for the API token, and the one that a link on the terminal leads through.
import { html } from 'hono/html';
import { assetUrl } from '../assets.ts';
import { mark, page } from './layout.ts';
import type { Html } from './parts.ts';

/** `to`: where the login leads. `hasEnded`: a session was open until now. */
export function loginPage(fault: string | null, to = '/', { hasEnded = false } = {}): Html {
  return page(
    'Log in · Tributary',
    html`<main class="login">
<form method="post" action="/login" class="card">
<h1>${mark} Tributary</h1>
${fault === null ? '' : html`<p class="banner bad" role="alert" id="fault">${fault}</p>`}
${hasEnded ? html`<p class="banner wait" role="status">Your session has ended: it was logged out, or its token was revoked or has expired.${to === '/' ? '' : ' Log in to return to the page that you were on.'}</p>` : ''}
<input type="text" name="username" value="tributary" autocomplete="username" hidden>
${to === '/' ? '' : html`<input type="hidden" name="to" value="${to}">`}
<label for="token">Token</label>
<input id="token" name="token" type="password" required autofocus autocomplete="current-password" spellcheck="false"${
      fault === null ? '' : html` aria-invalid="true" aria-describedby="fault"`
    }>
<p class="hint">One that <code>tributary token create</code> made for you, or the value of <code>TRIBUTARY_API_TOKEN</code> when Tributary was started. If that was not set, the file <code>api-token</code> in the data folder holds it; the terminal says where.</p>
<button type="submit" class="main">Log in</button>
</form>
</main>`,
  );
}

/**
 * Leads on by itself. A redirect would not do: where the link was clicked on another site's page, the browser would
 * count that whole way as begun by the other site, and keep the cookie back.
 */
export function enteringPage(): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><link rel="icon" href="${assetUrl('mark.svg')}" type="image/svg+xml"><title>Tributary</title></head>
<body><p><a href="/">Continue to Tributary</a></p></body></html>`;
}

// The page where the database cannot be worked with: what is wrong, and that it looks again.
import { html } from 'hono/html';
import { mark, page } from './layout.ts';
import type { Html } from './parts.ts';

export function troublePage(sentence: string): Html {
  return page(
    'Tributary',
    html`<main class="login" id="main"><section class="card"><h1>${mark} Tributary</h1>
<p class="banner bad" role="alert" id="fault">${sentence}</p>
<p class="hint"><a href="/">Reload</a></p></section></main>`,
  );
}

// What is shown until the first count after a start is done: with many customers it takes longer than anybody should look at nothing.
import { html } from 'hono/html';
import { blank } from './lists.ts';
import { sectionOf } from './sections.ts';
import type { PageContent } from './shell.ts';

/** `admin.js` recognises it by `#counting`, and loads the page itself once that is ready. */
export function countingPage(path: string): PageContent {
  const section = sectionOf(path);
  return {
    title: section?.name ?? 'Tributary',
    at: section?.path ?? null,
    everySeconds: 1,
    body: html`<div id="counting">${blank(
      'Counting …',
      'This is the first look since Tributary was started, so everything is counted once. The page appears by itself.',
      html`<a href="${path}">Reload</a>`,
    )}</div>`,
  };
}

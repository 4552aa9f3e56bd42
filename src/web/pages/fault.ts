// The page in place of one that cannot be shown.
import { html } from 'hono/html';
import { blank } from './lists.ts';
import { sectionOf } from './sections.ts';
import type { PageContent } from './shell.ts';

const titles: { readonly [status: number]: string } = {
  400: 'This address is not valid',
  403: 'Not for your role',
  404: 'Nothing is here',
};

export function faultPage({
  status,
  detail,
  path,
}: {
  status: number;
  detail: string;
  path: string;
}): PageContent {
  const section = sectionOf(path);
  const title = titles[status] ?? 'This page cannot be shown';
  return {
    title,
    at: section?.path ?? null,
    everySeconds: null,
    body: blank(
      title,
      html`${detail}`,
      section && status !== 403 && (section.path !== path || status === 400)
        ? html`<a href="${section.path}">All of ${section.name}</a>`
        : html`<a href="/">To the overview</a>`,
    ),
  };
}

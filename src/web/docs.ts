// The documentation, as it stands in `docs/`, and the reference of the API, as of this version. It needs no login, because it contains
// nothing about this installation.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { html } from 'hono/html';
import { Marked } from 'marked';
import { newApi } from './deps.ts';
import { docsPath, docsFolder as folder } from './docs-index.ts';
import { isForBrowser } from './for-browser.ts';
import { type Operation, referencePage } from './pages/api-reference.ts';
import { docsFrame, docsPage } from './pages/docs.ts';
import { Problem } from './problem.ts';

/** The pages and pictures that there are: nothing else is ever opened. An image without them has none. */
const files = new Set(
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => name.replaceAll('\\', '/'))
        .filter((name) => /\.(md|png)$/.test(name))
    : [],
);

/** `specification`: the OpenAPI document of this server. */
export function docsPages(specification: () => object) {
  const pages = newApi();
  pages.onError((error, c) => {
    if (!(error instanceof Problem && isForBrowser(c))) throw error;
    const { title, detail, status } = error.body;
    return c.html(docsFrame(title, c.req.path, missing(detail)), status as 404);
  });
  pages.get('/docs', (c) => c.html(pageOf('README.md')));
  pages.get('/docs/reference', (c) => c.html(referencePage(operationsOf(specification()))));
  pages.get('/docs/:path{.+}', (c) => {
    const path = c.req.param('path').replace(/\/$/, '');
    if (files.has(path) && path.endsWith('.png'))
      return c.body(readFileSync(join(folder, path)), 200, { 'content-type': 'image/png' });
    const file = [`${path}.md`, `${path}/README.md`].find((name) => files.has(name));
    if (file === undefined)
      throw new Problem(404, `The documentation has no page "${path}". It begins at /docs.`);
    return c.html(pageOf(file));
  });
  return pages;
}

function missing(detail: string) {
  return html`<h1>Nothing is here</h1><p>${detail}</p><p><a href="/docs">To the beginning of the documentation</a></p>`;
}

function pageOf(file: string) {
  if (!files.has(file))
    throw new Problem(404, 'This installation has no documentation: its folder "docs" is missing.');
  const text = readFileSync(join(folder, file), 'utf8').replaceAll(/<!--.*?-->/gs, '');
  const title = /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? file;
  return docsPage({ title, file, body: renderer(file).parse(text, { async: false }) });
}

/** Links lead to pages of this server; what lies elsewhere in the repository is named without a link. */
function renderer(file: string): Marked {
  return new Marked({
    renderer: {
      html: ({ text }) => escaped(text),
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${escaped(slug(text))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, text, tokens }) {
        const isFileName = text === href || `${text}README.md` === href;
        const inner = isFileName ? escaped(nameOf(href)) : this.parser.parseInline(tokens);
        const to = addressOf(file, href);
        return to === null ? inner : `<a href="${escaped(to)}">${inner}</a>`;
      },
      image({ href, text }) {
        return `<img src="${escaped(addressOf(file, href) ?? '')}" alt="${escaped(text)}">`;
      },
      table(token) {
        const cells = (row: typeof token.header, tag: string) =>
          `<tr>${row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`;
        const rows = token.rows.map((row) => cells(row, 'td')).join('\n');
        return `<div class="wide" tabindex="0"><table><thead>${cells(token.header, 'th')}</thead><tbody>${rows}</tbody></table></div>\n`;
      },
    },
  });
}

/** A file in words: `connectors` for `connectors/README.md`. */
function nameOf(href: string): string {
  return href.replace(/^(\.\.\/)+/, '').replace(/\/?(README)?(\.md)?$/, '');
}

/** The address on this server; null for a file that is not served here. */
function addressOf(file: string, href: string): string | null {
  if (/^(https:|#)/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const target = posix.join(posix.dirname(file), path).replace(/\/$/, '');
  const found = [target, `${target}/README.md`].find((name) => files.has(name));
  if (found === undefined) return null;
  const address = docsPath(found);
  return anchor === undefined ? address : `${address}#${anchor}`;
}

const entities: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (character) => entities[character]!);

/** As code hosts make it, so that anchors lead to the same place in both. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

type Parameter = NonNullable<Operation['parameters']>[number];

interface Specification {
  components: { parameters: { [name: string]: Parameter } };
  paths: { [path: string]: { [method: string]: Omit<Operation, 'method' | 'path'> } };
}

function operationsOf(document: object): Operation[] {
  const { paths, components } = document as Specification;
  const resolved = (one: Parameter | { $ref: string }) =>
    '$ref' in one ? components.parameters[one.$ref.split('/').at(-1)!]! : one;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      parameters: (operation.parameters ?? []).map(resolved),
      method,
      path,
    })),
  );
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docsAddresses, docsIndex } from '../../src/web/docs-index.ts';
import { behaviour } from '../support/databases.ts';
import type { OpenApi } from './calls.ts';
import { openWorld, type World } from './world.ts';

describe('the documentation at /docs', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(await behaviour[0].open());
  });
  afterAll(() => world.close());

  const read = async (path: string) => {
    const answer = await world.app.request(path);
    return {
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      text: await answer.text(),
    };
  };

  it('holds every page, and each link leads to a page and a heading of it', async () => {
    const pages = new Map<string, string>();
    const links: { from: string; to: string }[] = [];
    const open = [...docsAddresses];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (pages.has(path)) continue;
      const { status, text } = await read(path);
      expect(status, path).toBe(200);
      pages.set(path, text);
      expect(text.match(/<h1/g), path).toHaveLength(1);
      for (const [, to = ''] of text.matchAll(/ href="(\/docs[^"]*|#[^"]*)"/g)) {
        links.push({ from: path, to: to.startsWith('#') ? `${path}${to}` : to });
        if (to.startsWith('/')) open.push(to.split('#')[0]!);
      }
    }
    expect(pages.size).toBeGreaterThan(100);
    for (const { from, to } of links) {
      const [path = '', anchor] = to.split('#');
      if (anchor !== undefined) expect(pages.get(path), `${to} in ${from}`).toContain(`id="${anchor}"`);
    }
  });

  it('is grouped as its first page is, beside every page', async () => {
    expect(docsIndex.map(({ name }) => name)).toEqual([
      'Start',
      'Concepts',
      'Connectors',
      'Reference',
      'Operate',
      'Security',
      'Decisions',
    ]);
    const { text } = await read('/docs/concepts');
    const [, navigation = ''] = text.split('<nav id="contents"');
    expect([...navigation.matchAll(/<h2>([^<]+)</g)].map(([, name]) => name)).toEqual(
      docsIndex.map(({ name }) => name),
    );
    expect(navigation).toContain('<a href="/docs/concepts" aria-current="page">Concepts</a>');
  });

  it('shows pictures, and opens nothing else', async () => {
    expect(await read('/docs/pictures/status.png')).toMatchObject({ status: 200, type: 'image/png' });
    for (const path of [
      '../package.json',
      '..%2fpackage.json',
      'pictures/%2e%2e/%2e%2e/package.json',
      'nothing',
    ])
      expect((await read(`/docs/${path}`)).status, path).toBe(404);
  });

  it('shows a browser a page where there is none of this name, and tells a program', async () => {
    const asked = (accept: string) => world.app.request('/docs/nothing', { headers: { accept } });
    const page = await asked('text/html,*/*;q=0.8');
    expect(page.status).toBe(404);
    const text = await page.text();
    expect(text).toContain('The documentation has no page &quot;nothing&quot;.');
    expect(text).toContain('<nav id="contents"');
    expect(text).toContain('<a href="/docs">');
    const problem = await asked('application/json');
    expect(problem.headers.get('content-type')).toBe('application/problem+json');
    expect(problem.status).toBe(404);
  });

  it('escapes what looks like HTML in a page', async () => {
    for (const path of docsAddresses)
      expect((await read(path)).text).not.toMatch(/<script(?! src="\/assets\/)/);
  });

  it('lists every operation of the API', async () => {
    const document = (await (await world.app.request('/openapi.json')).json()) as OpenApi;
    const { text } = await read('/docs/reference');
    expect(text).toContain('<code>Idempotency-Key</code>');
    expect(text).not.toContain('undefined');
    expect(text).toContain('&quot;mode&quot;: &quot;full&quot;');
    for (const operations of Object.values(document.paths))
      for (const { operationId } of Object.values(operations) as unknown as { operationId: string }[])
        expect(text).toContain(`id="${operationId}"`);
  });
});

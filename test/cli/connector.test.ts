// `tributary connector new`: what it writes is the template, whose own tests run beside those of the connectors.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { lists, templatesFolder } from '../../src/cli/skeleton.ts';
import { checkConfig } from '../../src/config.ts';
import { acme } from '../../templates/connector/connectors/acme.ts';
import { runCommand } from '../support/run-command.ts';

const repository = resolve(import.meta.dirname, '../..');
const kit = 'test/connectors/conformance.ts';
const folders: string[] = [];

/** What the command needs of a checkout. */
function checkout(): string {
  const root = mkdtempSync(join(tmpdir(), 'tributary-checkout-'));
  folders.push(root);
  for (const path of [templatesFolder, kit, ...Object.keys(lists)])
    cpSync(join(repository, path), join(root, path), { recursive: true });
  return root;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();
}

const textIn = (root: string, path: string) => readFileSync(join(root, path), 'utf8');
const connectorNew = (root: string, ...args: string[]) =>
  runCommand(root, ['connector', 'new', ...args, '--directory', root]);

/** Whether the text has all characters of the other in their order, with others between them. */
function isWithin(other: string, text: string): boolean {
  let at = 0;
  for (const character of text) if (character === other[at]) at += 1;
  return at === other.length;
}

/** Relative imports of a file that lead nowhere. */
function lostImports(root: string, path: string): string[] {
  return [...textIn(root, path).matchAll(/ from '(\.[^']+)'/g)]
    .map(([, target = '']) => posix.join(posix.dirname(path), target))
    .filter((target) => ![root, repository].some((one) => existsSync(join(one, target))));
}

// As src/main.ts sets it.
let umask = 0;
beforeAll(() => {
  umask = process.umask(0o077);
});
afterAll(() => void process.umask(umask));
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('tributary connector new', () => {
  it('writes the template under the new name, with imports that lead to the same files', async () => {
    const root = checkout();
    const { exitCode, out, err } = await connectorNew(root, 'zenith');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    const templates = filesIn(join(repository, templatesFolder));
    expect(templates.length).toBeGreaterThan(8);
    for (const template of templates) {
      const path = template.replaceAll('acme', 'zenith');
      expect(out).toContain(`  ${path}\n`);
      const backAgain = textIn(root, path)
        .replaceAll('zenith', 'acme')
        .replaceAll('Zenith', 'Acme')
        .replaceAll('ZENITH', 'ACME');
      const withoutImports = (text: string) => text.replaceAll(/ from '\.[^']+'/g, '');
      expect(withoutImports(backAgain)).toBe(
        withoutImports(textIn(repository, join(templatesFolder, template))),
      );
      expect(lostImports(root, path)).toEqual([]);
      expect(statSync(join(root, path)).mode & 0o777).toBe(0o644);
    }
    expect(textIn(root, 'test/connectors/zenith.test.ts')).toContain("from './conformance.ts'");
    expect(out).toContain('npm test -- test/connectors/zenith.test.ts');
  });

  it('adds the connector to each list of connectors, in its place, and takes nothing away', async () => {
    const root = checkout();
    const { out } = await connectorNew(root, 'zenith', '--json');
    expect(JSON.parse(out).result.changed).toEqual(Object.keys(lists));
    for (const path of Object.keys(lists)) {
      expect(textIn(root, path)).toMatch(/zenith/i);
      expect(isWithin(textIn(repository, path), textIn(root, path)), path).toBe(true);
    }
    await connectorNew(root, 'aardvark');
    const namesIn = (path: string, line: RegExp) =>
      [...textIn(root, path).matchAll(line)].map(([, name]) => name);
    for (const [path, line] of [
      ['connectors/index.ts', /^import \{ (\w+) \}/gm],
      ['connectors/index.ts', /^ {2}(\w+),$/gm],
      ['docs/connectors/README.md', /^\| \[?`(\w+)`/gm],
    ] as const) {
      expect(namesIn(path, line)).toEqual(expect.arrayContaining(['aardvark', 'hubspot', 'zenith']));
      expect(namesIn(path, line)).toEqual(namesIn(path, line).toSorted());
    }
    expect(textIn(root, 'CHANGELOG.md')).toMatch(/## Unreleased\n\n### Aardvark\n.*\n\n### Zenith\n.*\n\n##/);
  });

  it.each([
    ['Zenith', /lower-case letters and digits/],
    ['../zenith', /lower-case letters and digits/],
    ['2zenith', /lower-case letters and digits/],
    ['hubspot', /exists already/],
    ['conformance', /is a word of the code itself/],
    ['delete', /is a word of the code itself/],
    ['check', /is a word of the code itself/],
  ])('refuses the name %s, and writes nothing', async (name, sentence) => {
    const root = checkout();
    cpSync(join(repository, 'connectors/hubspot.ts'), join(root, 'connectors/hubspot.ts'));
    const before = filesIn(root).map((path) => textIn(root, path));
    const { exitCode, out, err } = await connectorNew(root, name);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(sentence);
    expect(filesIn(root).map((path) => textIn(root, path))).toEqual(before);
  });

  it('refuses to write over a connector that it has written', async () => {
    const root = checkout();
    await connectorNew(root, 'zenith');
    const again = await connectorNew(root, 'zenith');
    expect(again).toMatchObject({ exitCode: 2, err: expect.stringContaining('exists already') });
  });

  it('says that it needs a checkout of the repository', async () => {
    const root = checkout();
    rmSync(join(root, templatesFolder), { recursive: true });
    const { exitCode, err } = await connectorNew(root, 'zenith');
    expect(exitCode).toBe(2);
    expect(err).toContain(`${root} is not a checkout of Tributary's repository`);
  });

  it('is explained with examples, and exits with 0', async () => {
    const { exitCode, out } = await runCommand(repository, ['connector', 'new', '--help']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/Examples:\n {2}\$ tributary connector new/);
    expect(out).toContain('--json');
  });
});

describe('the template', () => {
  it('is no connector of the product', () => {
    expect(connectors.map(({ name }) => name)).not.toContain(acme.name);
  });

  it('has an example that is accepted without a warning', () => {
    const config = JSON.parse(textIn(repository, join(templatesFolder, 'examples/acme.json')));
    const variables = new Proxy({}, { get: () => 'set' });
    expect(checkConfig('acme.json', config, variables, [...connectors, acme]).warnings).toEqual([]);
  });

  it('has at most 150 lines of code', () => {
    const folder = join(repository, templatesFolder, 'connectors');
    const lines = filesIn(folder).flatMap((path) => textIn(folder, path).split('\n'));
    const code = lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line));
    expect(code.length).toBeGreaterThan(50);
    expect(code.length).toBeLessThanOrEqual(150);
  });
});

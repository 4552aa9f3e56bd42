// `tributary connector new`: writes the skeleton of a connector into a checkout of the repository.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Script } from 'node:vm';
import type { Command } from 'commander';
import { answer, type Cli } from './cli.ts';
import { UsageError } from './errors.ts';
import { lists, skeletonOf, type Texts, templatesFolder } from './skeleton.ts';
import { print } from './terminal.ts';

export function defineConnectorNew(command: Command, cli: Cli): void {
  command
    .argument('<name>', 'lower-case letters and digits')
    .option('--directory <path>', 'the checkout; default: the current directory')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary connector new zenith
  $ tributary connector new zenith --directory ~/tributary

The name has lower-case letters and digits. Nothing is overwritten: the connector is added to the lists that name all of them.`,
    )
    .action((name: string, { directory = '.' }: { directory?: string }) => {
      const root = resolve(directory);
      const templates = templatesIn(root);
      refuseName(name, root, templates);
      const written = skeletonOf(name, templates);
      const changed = new Map(
        Object.entries(lists).map(([path, added]) => [path, added(read(root, path), name)]),
      );
      writeAll(root, new Map([...written, ...changed]));
      const files = { written: [...written.keys()], changed: [...changed.keys()] };
      if (cli.json) answer(cli, `The connector ${name} was written.`, files);
      else print(cli.terminal, nextSteps(name, files));
    });
}

interface Files {
  written: string[];
  changed: string[];
}

/** Throws UsageError where this is no checkout: a package holds neither templates nor tests. */
function templatesIn(root: string): Texts {
  const missing = [templatesFolder, 'test/connectors/conformance.ts', ...Object.keys(lists)].find(
    (path) => !existsSync(join(root, path)),
  );
  if (missing !== undefined)
    throw new UsageError(
      `${root} is not a checkout of Tributary's repository, because it has no ${missing}. Connectors are developed in a checkout: clone the repository and run the command there.`,
    );
  const folder = join(root, templatesFolder);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
  return new Map(
    paths.toSorted().map((path) => [path.replaceAll('\\', '/'), read(root, join(templatesFolder, path))]),
  );
}

function refuseName(name: string, root: string, templates: Texts): void {
  if (!/^[a-z][a-z0-9]{0,39}$/.test(name))
    throw new UsageError(
      `"${name}" cannot be the name of a connector. Use lower-case letters and digits, such as "zenith".`,
    );
  const paths = [`connectors/${name}`, ...skeletonOf(name, templates).keys()];
  const taken = paths.find((path) => existsSync(join(root, path)));
  if (taken !== undefined) throw new UsageError(`${taken} exists already. Choose another name.`);
  // The connector is a variable in these, where it must not meet another one.
  const beside = ['connectors/acme.ts', 'test/connectors/acme.test.ts'].map((path) => templates.get(path));
  const code = [...beside, read(root, 'connectors/index.ts')].join('\n');
  if (!isVariable(name) || new RegExp(`(?<![.\\w])${name}\\b`).test(code.replaceAll('acme', '')))
    throw new UsageError(`"${name}" is a word of the code itself. Add to it, such as "${name}crm".`);
}

function isVariable(name: string): boolean {
  try {
    new Script(`'use strict'; const ${name} = 1;`);
    return true;
  } catch {
    return false;
  }
}

function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Readable for others, as a checkout is, although what Tributary writes elsewhere is its owner's alone. */
function writeAll(root: string, texts: Texts): void {
  const umask = process.umask(0o022);
  try {
    for (const [path, text] of texts) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  } finally {
    process.umask(umask);
  }
}

function nextSteps(name: string, { written, changed }: Files): string {
  const own = written.filter((path) => !path.endsWith('.json')).join(' ');
  return `Written:
${written.map((path) => `  ${path}`).join('\n')}
Added to:
${changed.map((path) => `  ${path}`).join('\n')}

Next:
  1. Add the settings to the schema and to the page, and format what a longer name made too wide:
       npm run schema && npm run format
  2. Run its tests, which pass as written:
       npm test -- test/connectors/${name}.test.ts test/architecture.test.ts test/schema.test.ts test/docs.test.ts test/examples.test.ts
  3. Fill in what is marked TODO, beginning with the simulator: docs/contributing/add-a-connector.md says how.
       grep -n TODO ${own}`;
}

// The skeleton of a connector: templates with the name of another vendor, and the lines that other files have about each
// connector. Pure: texts in, texts out.
import { posix } from 'node:path';

/** Texts by their paths from the root, with slashes. */
export type Texts = ReadonlyMap<string, string>;

/** Holds a tree like the repository's, for a vendor called Acme. */
export const templatesFolder = 'templates/connector';

/** Files of the repository that list connectors, and how one is added. */
export const lists: { readonly [path: string]: (text: string, name: string) => string } = {
  'connectors/index.ts': (text, name) =>
    inOrder(
      inOrder(text, /^import \{ (\w+) \} .*\n/gm, name, `import { ${name} } from './${name}.ts';\n`),
      /^ {2}(\w+),\n/gm,
      name,
      `  ${name},\n`,
    ),
  'connectors/README.md': (text, name) =>
    before(
      before(
        text,
        '| `http` |',
        `| \`${name}\` | people: all, changes, by ID; a full reading finds deletions | thin: then read by ID | yes |\n`,
      ),
      '**PostgreSQL**:',
      `**${titleOf(name)}**: \`apiToken\`, \`webhookSecret\`, \`quota\`. What to create, what is synced, and traps:\n[docs/connectors/${name}.md](../docs/connectors/${name}.md).\n\n`,
    ),
  'docs/connectors/README.md': (text, name) =>
    inOrder(
      text,
      /^\| \[?`(\w+)`.*\|\n/gm,
      name,
      `| [\`${name}\`](${name}.md) | yes | yes | yes | full reading, webhook | – | yes | – | token | experimental |\n`,
    ),
  'docs/configuration.md': (text, name) => before(text, '`webhook`, `postgresql`', `\`${name}\`, `),
  'README.md': (text, name) => before(text, 'anything that sends webhooks', `${titleOf(name)}, `),
  'CHANGELOG.md': (text, name) =>
    after(
      text,
      '## Unreleased\n',
      `\n### ${titleOf(name)}\n- The connector \`${name}\` reads people and accepts webhooks. \`docs/connectors/${name}.md\`\n`,
    ),
};

/** What the templates are for a vendor of this name, by paths as they will be. */
export function skeletonOf(name: string, templates: Texts): Texts {
  return new Map(
    [...templates].map(([path, text]) => [named(path, name), named(withImports(text, path), name)]),
  );
}

function named(text: string, name: string): string {
  return text
    .replaceAll('acme', name)
    .replaceAll('Acme', titleOf(name))
    .replaceAll('ACME', name.toUpperCase());
}

function titleOf(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** Imports of files that are no templates lead from a template, which lies deeper, to where they are. */
function withImports(text: string, path: string): string {
  const folder = posix.dirname(path);
  return text.replace(/(?<= from ')\.[^']+(?=';)/g, (imported) => {
    const target = posix.join(templatesFolder, folder, imported);
    if (target.startsWith(`${templatesFolder}/`)) return imported;
    return posix.relative(folder, target).replace(/^(?!\.)/, './');
  });
}

/** `line` among those that the pattern finds, whose first group is what they are sorted by. */
function inOrder(text: string, pattern: RegExp, name: string, line: string): string {
  const lines = [...text.matchAll(pattern)];
  const next = lines.find(([, other = '']) => other > name) ?? lines.at(-1);
  if (next === undefined) throw new Error(`No line matches ${pattern}.`);
  const at = next[1]! > name ? next.index : next.index + next[0].length;
  return `${text.slice(0, at)}${line}${text.slice(at)}`;
}

function before(text: string, place: string, added: string): string {
  return after(text, place, '', added);
}

function after(text: string, place: string, added: string, ahead = ''): string {
  if (!text.includes(place)) throw new Error(`No line contains ${place}.`);
  return text.replace(place, () => `${ahead}${place}${added}`);
}

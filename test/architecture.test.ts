// The rules of the house hold, and each is shown to find a breach: a rule that cannot fail guards nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { breachesIn, rules } from './support/architecture.ts';

const root = resolve(import.meta.dirname, '..');

const sources = new Map(
  ['src', 'connectors', 'simulators', 'templates/connector/connectors'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [
        // A template keeps the rules of the place that it is copied to.
        join(folder.replace('templates/connector/', ''), name),
        readFileSync(join(root, folder, name), 'utf8'),
      ]),
  ),
);

/** A breach of each rule, as lines added to files, and what is said of it. */
const planted: { [rule: string]: { files: { [file: string]: string }; said: string } } = {
  'imports go one way only, from the entrance to the database': {
    files: { 'src/db/planted.ts': "import type { Tributary } from '../app/app.ts';" },
    said: 'src/db/planted.ts:1 imports src/app/app.ts',
  },
  'a part of src/sync imports only parts below it': {
    files: { 'src/sync/intake/planted.ts': "\nimport type { Sending } from '../deliver/difference.ts';" },
    said: 'src/sync/intake/planted.ts:2 imports src/sync/deliver/difference.ts',
  },
  'a connector imports of ours nothing but the door, and its own files': {
    files: { 'connectors/planted/index.ts': "import { people } from '../braze/users.ts';" },
    said: 'connectors/planted/index.ts:1 imports connectors/braze/users.ts',
  },
  'a connector has few lines of code: what it lacks belongs to the door': {
    files: {
      'connectors/planted.ts': '// A comment counts for nothing.\n\n'.concat('const a = 1;\n'.repeat(150)),
      'connectors/planted/people.ts': 'const b = 1;\n'.repeat(51),
    },
    said: 'connectors/planted: 201 lines of code, of 200',
  },
  'a connector that was made smaller may not grow again': {
    files: { 'connectors/braze/users.ts': 'const users = 1;' },
    said: 'lower the number in connector-sizes.ts',
  },
  'each part of a large connector has few lines, and each of its files is in one part': {
    files: {
      'connectors/shopify/planted.ts': 'const planted = 1;',
      'connectors/shopify/bulk.ts': 'const a = 1;\n'.repeat(201),
    },
    said: 'connectors/shopify/planted.ts is in no part of shopify: name it in connector-sizes.ts\nshopify, bulk operations: 201 lines of code, of 200',
  },
  'a connector sends no requests in a loop, does not wait, and writes no log': {
    files: {
      'connectors/planted/people.ts':
        'for (const id of ids) {\n  names.push(id);\n}\nfor (const id of ids)\n  await read(id);',
    },
    said: 'connectors/planted/people.ts:4 awaits in a loop',
  },
  'the customer core imports of ours nothing but types, and what the door shares of reading values': {
    files: { 'src/customer/planted.ts': "import { sql } from '../db/database.ts';" },
    said: 'src/customer/planted.ts:1 imports src/db/database.ts',
  },
  'no file imports itself in a circle, type imports counted': {
    files: {
      'src/sync/intake/planted.ts': "import type { B } from './planted-too.ts';",
      'src/sync/intake/planted-too.ts': "import type { A } from './planted.ts';",
    },
    said: 'src/sync/intake/planted.ts → src/sync/intake/planted-too.ts → src/sync/intake/planted.ts',
  },
  'a package is imported where it belongs': {
    files: { 'src/sync/intake/planted.ts': "import { fetch } from 'undici';" },
    said: 'src/sync/intake/planted.ts:1 imports undici',
  },
  'the environment and the clock are read in one place each': {
    files: { 'src/sync/intake/planted.ts': '// Date.now() in a comment is none\n\nconst now = Date.now();' },
    said: 'src/sync/intake/planted.ts:3: the wall clock',
  },
  'SQL is written in tables/ and views/, in db/, and beside the tables of the engine': {
    files: { 'src/sync/intake/planted.ts': "import { sql } from 'drizzle-orm';" },
    said: 'src/sync/intake/planted.ts:1 imports drizzle-orm',
  },
  'a table is written only by the file that defines it': {
    files: { 'src/tables/planted.ts': 'const one = sql`\n  update records set body = null`;' },
    said: 'src/tables/planted.ts:1 writes records: it belongs to src/tables/records.ts',
  },
  'only views/ and tables/ join or read tables of others': {
    files: {
      'src/engine/quota/planted.ts': `const one = sql\`select 1 from quota_spend \${true ? sql\`join runs on true\` : sql\`\`}\`;`,
    },
    said: 'src/engine/quota/planted.ts:1 reads runs',
  },
  'src/tables holds one table a file': {
    files: { 'src/tables/planted.ts': "const a = pgTable('a', {});\nconst b = pgTable('b', {});" },
    said: 'src/tables/planted.ts:2 defines a second table',
  },
  'no name ends in Room': {
    files: { 'src/sync/intake/planted.ts': 'interface PlantedRoom {}' },
    said: 'src/sync/intake/planted.ts:1: what a part is given is called its …Deps',
  },
};

describe('the house', () => {
  it.each(Object.keys(rules))('keeps the rule: %s', (rule) => {
    expect(rules[rule]!(sources)).toEqual([]);
  });
});

describe('a planted breach', () => {
  it.each(Object.keys(rules))('is found, with file and line: %s', (rule) => {
    const { files, said } = planted[rule]!;
    const found = rules[rule]!(new Map([...sources, ...Object.entries(files)]));
    expect(found).not.toEqual([]);
    expect(found.join('\n')).toContain(said);
  });

  it.each([
    ['while (next) {\n  next = await page(next);\n}', 1],
    ['const a = 1;\nfor await (const page of pages()) use(page);', 2],
    ['await sleep(500);', 1],
    ['console.log(row);', 1],
  ])('of waiting in a connector is found as well: %j', (text, line) => {
    const found = breachesIn(new Map([...sources, ['connectors/planted/people.ts', text]]));
    expect(found.join('\n')).toContain(`connectors/planted/people.ts:${line} `);
  });

  it('of writing a table that is named by a value is found as well', () => {
    const text = `const one = sql\`delete from \${sql.identifier(name)} where true\`;`;
    expect(breachesIn(new Map([...sources, ['src/tables/planted.ts', text]])).join('\n')).toContain(
      `src/tables/planted.ts:1 writes \${`,
    );
  });
});

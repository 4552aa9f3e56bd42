// Who may import whom, read from the imports themselves. A breach is named by file, line and rule.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

interface Import {
  file: string;
  line: number;
  /** A path from the root where it is ours, else the package. */
  target: string;
  typeOnly: boolean;
}

const files = [...sources('src'), ...sources('connectors')];
const simulators = sources('simulators');
const imports = [...files, ...simulators].flatMap(importsOf);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/gm,
  )) {
    const specifier = match[2] ?? match[3] ?? '';
    const ours =
      specifier === '#connector' || specifier.startsWith('#connector/')
        ? `src/${specifier.slice(1)}.ts`
        : relative(root, resolve(root, dirname(file), specifier));
    found.push({
      file,
      line: text.slice(0, match.index).split('\n').length,
      target: specifier.startsWith('.') || specifier.startsWith('#connector') ? ours : specifier,
      typeOnly: match[1] !== undefined,
    });
  }
  return found;
}

/** The floor a file of `src` stands on; a file may import from its own floor and from those below. */
const floors = [
  'main',
  'cli',
  'web',
  'app',
  'config',
  'sync',
  'tables',
  'customer',
  'contract',
  'engine',
  'db',
  'connector',
  'words',
];
function floorOf(path: string): string {
  const [top = '', name = ''] = path.split('/');
  return top === 'src' ? name.replace(/\.ts$/, '') : top;
}

/** What each floor of `src` may import of ours, besides itself. */
const allowed: Record<string, string[]> = {
  main: [...floors, 'connectors'],
  cli: [
    'web',
    'app',
    'config',
    'sync',
    'tables',
    'customer',
    'contract',
    'engine',
    'db',
    'connector',
    'connectors',
    'words',
  ],
  web: ['app', 'config', 'sync', 'tables', 'customer', 'contract', 'engine', 'db', 'connector', 'words'],
  app: ['config', 'sync', 'tables', 'contract', 'engine', 'db', 'connector'],
  config: ['sync', 'tables', 'customer', 'engine', 'db', 'connector'],
  sync: ['tables', 'customer', 'contract', 'engine', 'db', 'connector', 'words'],
  tables: ['customer', 'contract', 'engine', 'db', 'connector', 'words'],
  customer: ['connector'],
  // The shapes of the API, and the words that tables and steps share with them.
  contract: ['engine', 'connector', 'words'],
  engine: ['db', 'connector'],
  db: [],
  connector: [],
  words: [],
  connectors: ['connector'],
  // They imitate vendors and know nothing of ours. `tributary start` loads the sandbox by its path.
  simulators: [],
};

const say = (found: readonly Import[], rule: string) =>
  found.map(({ file, line, target }) => `${file}:${line} imports ${target}: ${rule}`);
const isOurs = (target: string) => /^(src|connectors|simulators|test|bench)\//.test(target);

describe('the house', () => {
  it('lets imports go one way only, from the entrance to the database', () => {
    const breaches = imports.filter(({ file, target }) => {
      const [from, to] = [floorOf(file), floorOf(target)];
      return isOurs(target) && from !== to && !allowed[from]?.includes(to);
    });
    expect(say(breaches, 'this floor may not import that one')).toEqual([]);
  });

  it('lets a connector import of ours nothing but the door, and its own files', () => {
    const breaches = imports.filter(({ file, target }) => {
      if (!file.startsWith('connectors/') || file === 'connectors/index.ts' || !isOurs(target)) return false;
      const vendor = (path: string) => path.split('/')[1]?.replace(/\.ts$/, '');
      return floorOf(target) !== 'connector' && vendor(file) !== vendor(target);
    });
    expect(say(breaches, 'a connector imports #connector and nothing else of ours')).toEqual([]);
  });

  it('lets the customer core import of ours nothing but types, and what the door shares of reading values', () => {
    const readers = /^src\/connector\//;
    const breaches = imports.filter(
      ({ file, target, typeOnly }) =>
        floorOf(file) === 'customer' && isOurs(target) && floorOf(target) !== 'customer' && !typeOnly,
    );
    const others = breaches.filter(({ target }) => !readers.test(target));
    expect(say(others, 'the pure core takes types only')).toEqual([]);
  });

  it('has no import circle', () => {
    const next = Map.groupBy(
      imports.filter(({ target, typeOnly }) => isOurs(target) && !typeOnly),
      ({ file }) => file,
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file) || path.includes(file)) return;
      for (const { target } of next.get(file) ?? []) walk(target, [...path, file]);
      done.add(file);
    };
    for (const file of [...files, ...simulators]) walk(file, []);
    expect(circles).toEqual([]);
  });

  it.each([
    ['undici', ['src/engine/http/endpoint.ts', 'src/engine/http/connections.ts']],
    ['p-queue', ['src/engine/', 'src/db/database.ts']],
    ['pino', ['src/engine/log/log.ts']],
    ['node-cron', ['src/engine/work/schedule.ts']],
    ['commander', ['src/cli/', 'src/main.ts']],
    [
      'node:fs',
      [
        'src/config.ts',
        'src/config/',
        'src/db/',
        'src/engine/files.ts',
        'src/cli/',
        'src/web/',
        'src/main.ts',
        'simulators/',
      ],
    ],
  ])('keeps %s in its room', (name, rooms) => {
    const breaches = imports.filter(
      ({ file, target }) =>
        (target === name || target.startsWith(`${name}/`)) && !rooms.some((room) => file.startsWith(room)),
    );
    expect(say(breaches, `${name} belongs to ${rooms.join(', ')}`)).toEqual([]);
  });

  it.each([
    ['process.env', /\bprocess\.env\b/, ['src/config.ts']],
    [
      'the wall clock and timers',
      /\bDate\.now\(|\bnew Date\(\)|\bset(Timeout|Interval)\(/,
      ['src/engine/clock.ts'],
    ],
  ])('reads %s in one place', (what, pattern, places) => {
    const breaches = files
      .filter((file) => !places.includes(file))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((text, index) =>
            pattern.test(text) && !/^\s*(\*|\/\/)/.test(text)
              ? [`${file}:${index + 1}: ${what} belongs to ${places.join(', ')}`]
              : [],
          ),
      );
    expect(breaches).toEqual([]);
  });

  it('lets a table be written only by the file that owns it', () => {
    const owners = new Map<string, string>();
    for (const file of files)
      for (const match of readFileSync(join(root, file), 'utf8').matchAll(/pgTable\(\s*'(\w+)'/g))
        owners.set(match[1]!, file);
    const breaches = files.flatMap((file) =>
      [
        ...readFileSync(join(root, file), 'utf8').matchAll(
          /\b(?:insert into|delete from|update)\s+(\w+)\s+(?:set|\(|where|as)/g,
        ),
      ]
        .filter((match) => owners.has(match[1]!) && owners.get(match[1]!) !== file)
        .map((match) => `${file} writes ${match[1]}, which belongs to ${owners.get(match[1]!)}`),
    );
    expect(breaches).toEqual([]);
  });
});

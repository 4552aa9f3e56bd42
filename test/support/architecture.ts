// Reads the sources of the product, as a map from file to text, and says where they break the rules of the house: each
// breach names its file, line and rule. It reads no disk, so that a breach can be planted.
import { dirname, join, normalize } from 'node:path';
import { codeLines, loops, moreLines, spareLines, usualLines, writerLines } from './connector-sizes.ts';

export type Sources = ReadonlyMap<string, string>;

interface Import {
  file: string;
  line: number;
  /** A path from the root where it is ours, else the package. */
  target: string;
  typeOnly: boolean;
}

/** What each floor of `src` may import of ours, besides itself. */
const allowed: { [floor: string]: readonly string[] } = {
  main: ['cli', 'engine'],
  cli: [
    ...['web', 'app', 'config', 'sync', 'tables', 'customer', 'contract', 'engine', 'db', 'connector'],
    ...['connectors', 'words', 'client', 'home'],
  ],
  web: [
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
    'home',
  ],
  app: ['config', 'sync', 'tables', 'contract', 'engine', 'db', 'connector'],
  config: ['sync', 'tables', 'customer', 'engine', 'db', 'connector'],
  sync: ['tables', 'customer', 'contract', 'engine', 'db', 'connector', 'words'],
  tables: ['customer', 'contract', 'engine', 'db', 'connector', 'words'],
  customer: ['connector'],
  // The shapes of the API, and the words that tables and steps share with them.
  contract: ['engine', 'connector', 'words'],
  // What programs of others import: it stands alone.
  client: [],
  engine: ['db', 'connector'],
  db: ['home'],
  connector: [],
  words: [],
  home: [],
  connectors: ['connector'],
  // They imitate vendors and know nothing of ours. `tributary start` loads the sandbox by its path.
  simulators: [],
};

/** The parts of `src/sync` from the top: each imports only parts on floors below its own. */
const syncFloors: readonly (readonly string[])[] = [
  ['pull', 'plan'],
  ['preview', 'verify', 'retry', 'write-back', 'undo'],
  ['deliver', 'inbox', 'erase', 'holds', 'views', 'housekeeping', 'subscribe'],
  ['facts'],
  ['intake', 'census', 'probe'],
];

/** Packages that only some files import. */
const packagePlaces: { [name: string]: readonly string[] } = {
  undici: ['src/engine/http/endpoint.ts', 'src/engine/http/connections.ts'],
  'p-queue': ['src/engine/work/background-tasks.ts', 'src/db/database.ts'],
  fflate: ['src/engine/unzip.ts'],
  jose: ['src/engine/http/token-request.ts'],
  pino: ['src/engine/log/log.ts'],
  '@opentelemetry': ['src/engine/trace/otlp.ts', 'src/engine/trace/watched-exporter.ts'],
  'node-cron': ['src/engine/work/schedule.ts'],
  commander: ['src/cli/', 'src/main.ts'],
  'openapi-fetch': ['src/client/'],
  'node:fs': [
    ...['src/config.ts', 'src/config/', 'src/db/', 'src/engine/files.ts', 'src/cli/', 'src/web/'],
    ...['src/main.ts', 'simulators/'],
  ],
};

/** What is read in one place. */
const onePlace: { what: string; pattern: RegExp; place: string }[] = [
  { what: 'process.env', pattern: /\bprocess\.env\b/, place: 'src/config.ts' },
  {
    what: 'the wall clock and timers',
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bset(Timeout|Interval)\(/,
    place: 'src/engine/clock.ts',
  },
];

/** A rule and what breaks it; none where all is well. */
export const rules: { [rule: string]: (sources: Sources) => string[] } = {
  'imports go one way only, from the entrance to the database': (sources) =>
    said(
      importsOf(sources).filter(({ file, target }) => {
        const [from, to] = [floorOf(file), floorOf(target)];
        return isOurs(target) && from !== to && !allowed[from]?.includes(to);
      }),
      'this floor may not import that one',
    ),

  'a part of src/sync imports only parts below it': (sources) =>
    said(
      importsOf(sources).filter(({ file, target }) => {
        const [from, to] = [syncPartOf(file), syncPartOf(target)];
        if (from === null || to === null || from === to) return false;
        const [above, below] = [from, to].map((part) =>
          syncFloors.findIndex((floor) => floor.includes(part)),
        );
        return above === -1 || below === -1 || above! >= below!;
      }),
      'a part of src/sync imports only parts on the floors below its own',
    ),

  'a connector imports of ours nothing but the door, and its own files': (sources) =>
    said(
      importsOf(sources).filter(({ file, target }) => {
        if (!file.startsWith('connectors/') || file === 'connectors/index.ts' || !isOurs(target))
          return false;
        return floorOf(target) !== 'connector' && vendorOf(file) !== vendorOf(target);
      }),
      'a connector imports #connector and nothing else of ours',
    ),

  'a connector has few lines of code: what it lacks belongs to the door': (sources) => {
    const files = [...sources].filter(([file]) => /^connectors\/(?!index\.ts)/.test(file));
    const byVendor = Map.groupBy(files, ([file]) => vendorOf(file));
    return [...byVendor].flatMap(([vendor, own]) => {
      const [writers, rest] = [true, false].map((isWriter) =>
        own.filter(([file]) => file.endsWith('/writer.ts') === isWriter),
      );
      const linesOfAll = (some: typeof own) => some.reduce((sum, [, text]) => sum + codeLines(text), 0);
      return [
        { name: vendor, lines: linesOfAll(rest!), max: moreLines[vendor]?.lines ?? usualLines },
        { name: `${vendor}/writer.ts`, lines: linesOfAll(writers!), max: writerLines },
      ].flatMap(({ name, lines, max }) =>
        lines > max
          ? [`connectors/${name}: ${lines} lines of code, of ${max}: move what repeats to src/connector`]
          : [],
      );
    });
  },

  'a connector that was made smaller may not grow again': (sources) =>
    Object.entries(moreLines).flatMap(([vendor, { lines: max }]) => {
      const lines = [...sources]
        .filter(([file]) => file.startsWith('connectors/') && vendorOf(file) === vendor)
        .filter(([file]) => !file.endsWith('/writer.ts'))
        .reduce((sum, [, text]) => sum + codeLines(text), 0);
      return lines < max - spareLines
        ? [`connectors/${vendor}: ${lines} lines of code, of ${max}: lower the number in connector-sizes.ts`]
        : [];
    }),

  'each part of a large connector has few lines, and each of its files is in one part': (sources) =>
    Object.entries(moreLines).flatMap(([vendor, { parts }]) => {
      if (!parts) return [];
      const own = [...sources.keys()].filter((file) => file.startsWith(`connectors/${vendor}/`));
      const named = Object.values(parts)
        .flat()
        .map((name) => `connectors/${vendor}/${name}.ts`);
      const linesOfPart = (files: readonly string[]) =>
        files.reduce((sum, name) => sum + codeLines(sources.get(`connectors/${vendor}/${name}.ts`) ?? ''), 0);
      return [
        ...own
          .filter((file) => !file.endsWith('/writer.ts') && !named.includes(file))
          .map((file) => `${file} is in no part of ${vendor}: name it in connector-sizes.ts`),
        ...named
          .filter((file, at) => !own.includes(file) || named.indexOf(file) !== at)
          .map((file) => `${file} is named as a part of ${vendor} twice, or is not there`),
        ...Object.entries(parts)
          .filter(([, files]) => linesOfPart(files) > usualLines)
          .map(
            ([part, files]) => `${vendor}, ${part}: ${linesOfPart(files)} lines of code, of ${usualLines}`,
          ),
      ];
    }),

  'a connector sends no requests in a loop, does not wait, and writes no log': (sources) =>
    [...sources]
      .filter(([file]) => file.startsWith('connectors/'))
      .flatMap(([file, text]) => {
        const plain = withoutComments(text);
        const waiting = linesOf(plain, /\bconsole\.|\bsleep\(|\bsetImmediate\(|\bperformance\.now\(/);
        return [
          ...waiting.map((line) => `${file}:${line} waits or logs, which the engine does`),
          ...(vendorOf(file) in loops ? [] : loopsWithAwait(plain)).map(
            (line) => `${file}:${line} awaits in a loop, which the engine does`,
          ),
        ];
      }),

  'the customer core imports of ours nothing but types, and what the door shares of reading values': (
    sources,
  ) =>
    said(
      importsOf(sources).filter(
        ({ file, target, typeOnly }) =>
          floorOf(file) === 'customer' &&
          isOurs(target) &&
          floorOf(target) !== 'customer' &&
          !typeOnly &&
          !target.startsWith('src/connector/'),
      ),
      'the pure core takes types only',
    ),

  'no file imports itself in a circle, type imports counted': (sources) => {
    const next = Map.groupBy(
      importsOf(sources).filter(({ target }) => isOurs(target)),
      ({ file }) => file,
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, path: readonly Import[]) => {
      const begins = path.findIndex((one) => one.file === file);
      if (begins !== -1) {
        const circle = path.slice(begins);
        circles.push(
          `${circle[0]!.file}:${circle[0]!.line}: an import circle: ${circle.map((one) => one.file).join(' → ')} → ${file}`,
        );
      }
      if (done.has(file) || begins !== -1) return;
      for (const one of next.get(file) ?? []) walk(one.target, [...path, one]);
      done.add(file);
    };
    for (const file of sources.keys()) walk(file, []);
    return circles;
  },

  'a package is imported where it belongs': (sources) =>
    importsOf(sources).flatMap(({ file, line, target }) =>
      Object.entries(packagePlaces).flatMap(([name, places]) =>
        (target === name || target.startsWith(`${name}/`)) && !places.some((place) => file.startsWith(place))
          ? [`${file}:${line} imports ${target}: ${name} belongs to ${places.join(', ')}`]
          : [],
      ),
    ),

  'the environment and the clock are read in one place each': (sources) =>
    [...sources].flatMap(([file, text]) =>
      file.startsWith('simulators/')
        ? []
        : onePlace.flatMap(({ what, pattern, place }) =>
            file === place
              ? []
              : linesOf(withoutComments(text), pattern).map(
                  (line) => `${file}:${line}: ${what} belongs to ${place}`,
                ),
          ),
    ),

  'SQL is written in tables/ and views/, in db/, and beside the tables of the engine': (sources) => {
    const owners = new Set(ownersOf(sources).values());
    return said(
      importsOf(sources).filter(
        ({ file, target }) =>
          target === 'drizzle-orm' && !/^src\/(db|tables|sync\/views)\//.test(file) && !owners.has(file),
      ),
      'SQL belongs to src/tables, src/sync/views, src/db and the files that define a table',
    );
  },

  'a table is written only by the file that defines it': (sources) => {
    const owners = ownersOf(sources);
    return statementsIn(sources).flatMap(({ file, line, text }) =>
      [...text.matchAll(/\b(?:insert\s+into|delete\s+from|(?<!for\s)(?<!do\s)update)\s+(\$\{|\w+)/g)].flatMap(
        ([, table]) => {
          const owner = owners.get(table!);
          if (table !== '${' && (owner === undefined || owner === file)) return [];
          return [`${file}:${line} writes ${table}: it belongs to ${owner ?? 'the file that defines it'}`];
        },
      ),
    );
  },

  'only views/ and tables/ join or read tables of others': (sources) => {
    const owners = ownersOf(sources);
    return statementsIn(sources)
      .filter(({ file }) => !/^src\/(tables|sync\/views)\//.test(file))
      .flatMap(({ file, line, text }) =>
        [...text.matchAll(/\b(?:from|join)\s+(\w+)/g)].flatMap(([, table]) => {
          const owner = owners.get(table!);
          return owner === undefined || owner === file
            ? []
            : [
                `${file}:${line} reads ${table}: it belongs to ${owner}, and only views and tables read others'`,
              ];
        }),
      );
  },

  'src/tables holds one table a file': (sources) =>
    [...sources]
      .filter(([file]) => file.startsWith('src/tables/'))
      .flatMap(([file, text]) =>
        linesOf(text, /\bpgTable\(/)
          .slice(1)
          .map((line) => `${file}:${line} defines a second table: each has a file of its own`),
      ),

  'no name ends in Room': (sources) =>
    [...sources].flatMap(([file, text]) =>
      linesOf(text, /\b(?:interface|type|class|enum|function|const|let)\s+\w*Room\b/).map(
        (line) => `${file}:${line}: what a part is given is called its …Deps`,
      ),
    ),
};

/** All breaches of all rules. */
export function breachesIn(sources: Sources): string[] {
  return Object.values(rules).flatMap((rule) => rule(sources));
}

function floorOf(path: string): string {
  const [top = '', name = ''] = path.split('/');
  return top === 'src' ? name.replace(/\.ts$/, '') : top;
}

function syncPartOf(path: string): string | null {
  return /^src\/sync\/([\w-]+)/.exec(path)?.[1] ?? null;
}

/** Of a file of a connector. */
const vendorOf = (path: string) => path.split('/')[1]?.replace(/\.ts$/, '') ?? '';

const isOurs = (target: string) => /^(src|connectors|simulators|test|bench)\//.test(target);

const said = (found: readonly Import[], rule: string) =>
  found.map(({ file, line, target }) => `${file}:${line} imports ${target}: ${rule}`);

function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([file, text]) =>
    [
      ...text.matchAll(
        /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm,
      ),
    ].map((match) => {
      const specifier = match[2] ?? match[3] ?? '';
      const isDoor = specifier === '#connector' || specifier.startsWith('#connector/');
      return {
        file,
        line: text.slice(0, match.index).split('\n').length,
        target: isDoor
          ? `src/${specifier.slice(1)}.ts`
          : specifier.startsWith('.')
            ? normalize(join(dirname(file), specifier))
            : specifier,
        typeOnly: match[1] !== undefined,
      };
    }),
  );
}

/** By table the file that defines it. */
function ownersOf(sources: Sources): Map<string, string> {
  return new Map(
    [...sources].flatMap(([file, text]) =>
      [...text.matchAll(/\bpgTable\(\s*'(\w+)'/g)].map((match) => [match[1]!, file] as const),
    ),
  );
}

/** The texts of SQL templates, with those that stand in them. */
function statementsIn(sources: Sources): { file: string; line: number; text: string }[] {
  return [...sources].flatMap(([file, text]) => {
    const plain = withoutComments(text);
    return [...plain.matchAll(/\bsql(?:<[^`]*?>)?`/g)].map((match) => {
      const from = match.index + match[0].length;
      return {
        file,
        line: plain.slice(0, from).split('\n').length,
        text: plain.slice(from, endOfTemplate(plain, from)),
      };
    });
  });
}

/** Where the template ends that begins at `from`. */
function endOfTemplate(text: string, from: number): number {
  let braces = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '`' && braces === 0) return at;
    else if (text[at] === '`') at = endOfTemplate(text, at + 1);
    else if (text.startsWith('${', at)) {
      braces += 1;
      at += 1;
    } else if (text[at] === '{' && braces > 0) braces += 1;
    else if (text[at] === '}' && braces > 0) braces -= 1;
  }
  return text.length;
}

/** The lines where loops begin in which something is awaited. A `while` is taken for one: its end is what is waited for. */
function loopsWithAwait(text: string): number[] {
  return [...text.matchAll(/\b(for await|for|while|do)\s*[({]/g)].flatMap(({ 0: begins, 1: kind, index }) => {
    const head = endOfBrackets(text, index + begins.length - 1);
    const isBlock = /^\s*\{/.test(text.slice(head));
    const body = isBlock
      ? text.slice(head, endOfBrackets(text, text.indexOf('{', head)))
      : text.slice(head).split(';')[0]!;
    const waits = kind !== 'for' || /\bawait\b/.test(body);
    return waits ? [text.slice(0, index).split('\n').length] : [];
  });
}

/** Behind the bracket that closes the one at `from`. */
function endOfBrackets(text: string, from: number): number {
  let open = 0;
  for (let at = from; at < text.length; at += 1) {
    if ('({['.includes(text[at]!)) open += 1;
    else if (')}]'.includes(text[at]!)) open -= 1;
    if (open === 0) return at + 1;
  }
  return text.length;
}

/** The text with comments blanked, line by line. */
function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/^\s*\/\/.*$/gm, '');
}

/** The numbers of the lines that match. */
function linesOf(text: string, pattern: RegExp): number[] {
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}

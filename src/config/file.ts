// A configuration file as it lies on the disk: read, and what is wrong with it as a file. It does not know what a
// configuration holds.
import { lstatSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  createScanner,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
  stripComments,
  visit,
} from 'jsonc-parser';
import { parseJson } from '../connector/json.ts';
import { ConfigError, type Fault, type Place } from './faults.ts';
import { readText, whyUnreadable } from './text-file.ts';

/** What a file holds, unchecked, with its references as they are written. */
export interface ConfigSource {
  content: unknown;
  /** Where `sources.hubspot.schedule` stands, or else what holds it; undefined in a module. */
  placeOf(path: string): Place | undefined;
}

/** Throws ConfigError. */
export async function readConfigFile(path: string): Promise<ConfigSource> {
  const fault = (found: string, allowed: string) =>
    new ConfigError('The configuration', [{ path, found, allowed }]);
  const text = textOf(path, fault);
  if (path.endsWith('.json')) return parseConfig(path, text);
  if (!/\.[cm]?[jt]s$/.test(path)) throw fault('a file of another kind', 'a .ts or .json file');
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (module.default === undefined) throw new Error('it has no default export');
    return { content: module.default, placeOf: () => undefined };
  } catch (error) {
    const [firstLine = ''] = String((error as Error).message).split('\n');
    throw fault(firstLine, 'a module whose default export is the configuration');
  }
}

function textOf(path: string, fault: (found: string, allowed: string) => ConfigError): string {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) {
      const isLink = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
      throw fault(isLink ? 'a link to a file that does not exist' : 'no such file', 'a .ts or .json file');
    }
    if (found.isDirectory())
      throw fault(
        'a folder',
        'a .ts or .json file; Docker creates a folder where the file to mount is missing',
      );
    if (found.size === 0) throw fault('an empty file', 'a configuration');
    return readText(path);
  } catch (error) {
    throw error instanceof ConfigError ? error : fault(whyUnreadable(error), 'a .ts or .json file in UTF-8');
  }
}

/** JSON with comments. Throws ConfigError with the place where it is broken, or every key that an object holds twice. */
function parseConfig(path: string, json: string): ConfigSource {
  refuseDeep(path, json);
  const errors: ParseError[] = [];
  const tree = parseTree(json, errors, { allowTrailingComma: false });
  // What comes after the first is mostly its consequence. What stands there is not shown: it may be a secret.
  const broken = errors.slice(0, 1).map(
    ({ error, offset }): Fault => ({
      path,
      place: placeAt(json, offset),
      found: meaningOf(printParseErrorCode(error), json, offset),
      allowed: 'JSON',
    }),
  );
  const faults = broken.length > 0 ? broken : doubledKeys(path, json);
  if (faults.length > 0) throw new ConfigError('The configuration', faults);
  return {
    content: parseJson(stripComments(json, ' ')),
    placeOf: (at) => tree && placeAt(json, nearest(tree, at).offset),
  };
}

/** Far more than any setting needs. Parsers call themselves for each level, until the stack is full. */
const maxDepth = 200;

function refuseDeep(path: string, json: string): void {
  const scanner = createScanner(json, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenLength() > 0; scanner.scan()) {
    const offset = scanner.getTokenOffset();
    // A text begins with its quotation mark.
    const begins = json[offset]!;
    if ('}]'.includes(begins)) depth -= 1;
    if ('{['.includes(begins)) depth += 1;
    if (depth <= maxDepth) continue;
    const place = placeAt(json, offset);
    const found = `more than ${maxDepth} levels of braces and brackets`;
    throw new ConfigError('The configuration', [{ path, place, found, allowed: 'JSON' }]);
  }
}

/** `InvalidSymbol` in words, with what people write that JSON does not allow. */
function meaningOf(code: string, json: string, offset: number): string {
  if (/^\s*[}\]]/.test(json.slice(offset)) && /,\s*$/.test(json.slice(0, offset)))
    return 'a comma after the last entry';
  const words = code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return code.endsWith('Expected') ? `something else: ${words}` : words;
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

/** The node of this path, or the last one on the way that exists. Keys may hold dots themselves: the longest one counts. */
function nearest(node: Node, path: string): Node {
  const steps = (node.children ?? []).flatMap((child, index) => {
    if (node.type === 'array') return [{ key: `[${index}]`, at: child, value: child }];
    const [key, value] = child.children ?? [];
    return key && value ? [{ key: String(key.value), at: key, value }] : [];
  });
  const found = steps
    .filter(({ key }) => path === key || (path.startsWith(key) && /[.[]/.test(path[key.length]!)))
    .toSorted((a, b) => b.key.length - a.key.length)[0];
  if (!found) return node;
  const rest = path.slice(found.key.length).replace(/^\./, '');
  return rest === '' ? found.at : nearest(found.value, rest);
}

/** A parser keeps the last of them and says nothing of the others. */
function doubledKeys(path: string, json: string): Fault[] {
  const open: Map<string, number>[] = [];
  const faults: Fault[] = [];
  visit(json, {
    onObjectBegin: () => void open.push(new Map()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (key, _offset, _length, line, _character, pathOf) => {
      const keys = open.at(-1)!;
      const before = keys.get(key);
      keys.set(key, line + 1);
      if (before === undefined) return;
      faults.push({
        path: [...pathOf(), key].join('.'),
        found: `a duplicate key, on lines ${before} and ${line + 1} of ${path}`,
        allowed: 'each key once',
      });
    },
  });
  return faults;
}

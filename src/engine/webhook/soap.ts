// The content of a SOAP envelope's Body as JSON: names without prefixes, no attributes, every text a string. It knows no vendor.
import { XMLParser } from 'fast-xml-parser';
import type { Json, JsonObject } from '../../connector/json.ts';
import { objectOf, valueAt } from '../../connector/reading.ts';
import { UndecodableError } from './undecodable.ts';

/** An element: its name as the key of its children, and its attributes. Or a text. */
type Node = { [key: string]: unknown };

const namedEntities: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Throws UndecodableError. */
export function parseSoap(text: string, maxDepth: number): Json {
  // SOAP forbids document types (SOAP 1.1 §3): they are where entities and files of others come from.
  if (/<!DOCTYPE/i.test(text)) throw new UndecodableError('The XML contains a document type declaration.');
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: (name) => !/^(.*:)?nil$/.test(name),
    attributeNamePrefix: '',
    removeNSPrefix: true,
    parseTagValue: false,
    trimValues: false,
    processEntities: false,
    cdataPropName: '#cdata',
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: maxDepth,
  });
  let nodes: Node[];
  try {
    nodes = parser.parse(text, true) as Node[];
  } catch {
    // Also where an element is named `__proto__`, `constructor` or `prototype`.
    throw new UndecodableError(`The body is not well-formed XML of at most ${maxDepth} levels.`);
  }
  const body = valueAt(contentOf(nodes), 'Envelope.Body');
  if (body === undefined) throw new UndecodableError('The XML has no Envelope with a Body.');
  return objectOf(body);
}

/** An object of the children, a list where a name comes again; or the text where there are none. */
function contentOf(nodes: readonly Node[]): Json {
  const children = new Map<string, Json[]>();
  let text = '';
  for (const node of nodes) {
    const { ':@': attributes, ...named } = node as Node & { ':@'?: { nil?: unknown } };
    const [name = '', content] = Object.entries(named)[0] ?? [];
    if (name === '#text') text += unescaped(String(content));
    else if (name === '#cdata') text += rawText(content as Node[]);
    else {
      const isNil = attributes?.nil === 'true' || attributes?.nil === '1';
      const value = isNil ? null : contentOf(content as Node[]);
      const before = children.get(name);
      if (before) before.push(value);
      else children.set(name, [value]);
    }
  }
  if (children.size === 0) return text;
  return Object.fromEntries(
    [...children].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]),
  ) satisfies JsonObject;
}

function rawText(nodes: readonly Node[]): string {
  return nodes.map((node) => String(node['#text'] ?? '')).join('');
}

/** The five named entities of XML and characters by number, once; what else looks like one stays as it is. */
function unescaped(text: string): string {
  return text.replace(
    /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi,
    (whole, name, decimal, hex) => {
      if (name !== undefined) return namedEntities[name] ?? whole;
      const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

// `npm run schema` writes tributary.schema.json: what a configuration file may hold, for editors and validators. It is made of
// the shapes that check the file, with their descriptions, and of each connector's settings.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { connectors } from '../connectors/index.ts';
import { fileShape, sourceShape } from '../src/config/shape.ts';
import { inputOf } from '../src/connector/settings.ts';
import { isPulled } from '../src/connector/source.ts';
import type { Connector } from '../src/connector.ts';

interface Schema {
  [keyword: string]: unknown;
  properties?: { [key: string]: Schema };
  required?: string[];
}

/** What shapes are named by `.meta({ id })`: definitions of the whole. */
const named = new Map<string, Schema>();

export const schemaFile = join(import.meta.dirname, '..', 'tributary.schema.json');

/** JSON Schema draft 7, which every editor knows. */
export function configSchema(): Schema {
  const { destination, sources, ...keys } = schemaOf(fileShape).properties!;
  const { connector, ...common } = schemaOf(sourceShape).properties!;
  const asSources = connectors.filter(({ source }) => source !== undefined);
  const asDestinations = connectors.filter(({ destination }) => destination !== undefined);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tributary configuration',
    // Understood by the language service of Visual Studio Code.
    allowComments: true,
    type: 'object',
    properties: {
      ...keys,
      destination: {
        ...byConnector(asDestinations, 'destination', destination!.properties!['connector']!),
        description: destination!['description'],
      },
      sources: { ...sources, additionalProperties: byConnector(asSources, 'source', connector!) },
    },
    required: ['destination', 'sources'],
    additionalProperties: false,
    definitions: {
      ...Object.fromEntries(Object.entries(common).map(([key, schema]) => [`source.${key}`, schema])),
      ...Object.fromEntries(asSources.map((one) => [`source:${one.name}`, branch(one, connector!, common)])),
      ...Object.fromEntries(
        asDestinations.map((one) => [
          `destination:${one.name}`,
          branch(one, destination!.properties!['connector']!, {}),
        ]),
      ),
      ...Object.fromEntries(named),
    },
  };
}

/** An object whose `connector` selects what else it may hold. */
function byConnector(
  candidates: readonly Connector[],
  kind: 'source' | 'destination',
  named: Schema,
): Schema {
  return {
    type: 'object',
    properties: {
      connector: { enum: candidates.map(({ name }) => name), description: named['description'] },
    },
    required: ['connector'],
    allOf: candidates.map(({ name }) => ({
      if: { properties: { connector: { const: name } }, required: ['connector'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/definitions/${kind}:${name}` },
    })),
  };
}

function branch(connector: Connector, named: Schema, common: { [key: string]: Schema }): Schema {
  const own = schemaOf(connector.settings);
  const onlyPushes = connector.source?.streams.every((stream) => !isPulled(stream)) ?? false;
  const shared = Object.keys(common).filter(
    (key) => !(onlyPushes && (key === 'schedule' || key === 'fullSchedule')),
  );
  return {
    type: 'object',
    properties: {
      connector: { const: connector.name, description: named['description'] },
      ...Object.fromEntries(shared.map((key) => [key, { $ref: `#/definitions/source.${key}` }])),
      ...own.properties,
    },
    required: ['connector', ...(own.required ?? [])],
    additionalProperties: false,
  };
}

/** What may be written where Zod reads this shape. */
function schemaOf(shape: z.ZodType): Schema {
  const { $schema: _, definitions, ...schema } = converted(shape);
  for (const [name, { id: __, ...definition }] of Object.entries(
    (definitions ?? {}) as { [name: string]: Schema },
  ))
    if (!isAnyJson(name)) named.set(name, filled(definition) as Schema);
  return filled(schema) as Schema;
}

function converted(shape: z.ZodType): Schema {
  return z.toJSONSchema(shape, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => refine(zodSchema, jsonSchema as Schema),
  }) as Schema;
}

/** `z.json()` alone is recursive, and Zod gives it such a name. */
const isAnyJson = (reference: string) => /__schema\d+$/.test(reference);

function refine(shape: z.core.$ZodType, schema: Schema): void {
  const written = inputOf(shape);
  if (written) {
    delete schema['type'];
    delete schema['items'];
    const { $schema: _, definitions: __, ...input } = converted(written);
    Object.assign(schema, input);
    schemaOf(written);
  }
  // A function, which JSON does not have.
  if (shape._zod.def.type === 'custom') schema['not'] = {};
  // The bounds of every safe integer say nothing.
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  // Zod's own check accepts hosts that the format does not.
  if (schema['format'] === 'uri') {
    delete schema['format'];
    schema['pattern'] = '^https?://';
  }
}

const fromEnvironment = { type: 'string', pattern: '\\$\\{(env|file):[^}]+\\}' };

/** The schema with references allowed where a string is restricted, and without what no JSON can be. */
function filled(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(filled);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('$ref' in schema && isAnyJson(String(schema.$ref))) return {};
  const parts = Object.fromEntries(
    Object.entries(schema).map(([key, part]) => [
      key,
      key === 'default' || key === 'enum' || key === 'propertyNames' ? part : filled(part),
    ]),
  ) as Schema;
  if (Array.isArray(parts['anyOf'])) {
    const { anyOf, ...rest } = parts;
    const possible = anyOf.filter((one: object) => !('not' in one));
    return possible.length === 1 ? { ...(possible[0] as Schema), ...rest } : { ...rest, anyOf: possible };
  }
  if (parts['type'] !== 'string' || !('pattern' in parts || 'enum' in parts)) return parts;
  const { description, default: usual, ...string } = parts;
  return {
    ...(description !== undefined && { description }),
    ...(usual !== undefined && { default: usual }),
    anyOf: [string, fromEnvironment],
  };
}

/** The text of the file. */
export const schemaText = () => `${JSON.stringify(configSchema(), null, 2)}\n`;

if (import.meta.main) writeFileSync(schemaFile, schemaText());

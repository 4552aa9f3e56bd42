// The OpenAPI document by itself: every route is in it, clients can be generated from it, and it says the same thing by the same name.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPage } from '../../src/web/pages/sections.ts';
import { behaviour } from '../support/databases.ts';
import type { OpenApi } from './calls.ts';
import { apiToken, openWorld, type World } from './world.ts';

describe('the document', () => {
  let world: World;
  let document: OpenApi;
  beforeAll(async () => {
    world = await openWorld(await behaviour[0].open());
    document = (await (await world.app.request('/openapi.json')).json()) as OpenApi;
  });
  afterAll(() => world.close());

  it('holds every route of the app but the pages, each with its answers', async () => {
    const pages = ['/', '/login', '/logout', '/assets/:name', '/openapi.json'];
    const routes = world.app.routes.filter(
      ({ method, path }) => method !== 'ALL' && !pages.includes(path) && !isPage(path),
    );
    expect(routes.length).toBeGreaterThan(15);
    for (const { method, path } of routes) {
      const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect(operation, `${method} ${path}`).toBeDefined();
      expect(Object.keys(operation!.responses).length, `${method} ${path}`).toBeGreaterThan(0);
      if (path.startsWith('/api/'))
        expect(operation).toMatchObject({ security: [{ bearer: [] }], responses: { 401: {} } });
    }
    expect(document.openapi).toBe('3.1.0');
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
    });
    // Every reference leads somewhere.
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      expect(document.components.schemas).toHaveProperty(name!);
  });

  it("passes Redocly's recommended rules, so that clients can be generated from it", async () => {
    const config = await createConfig({ extends: ['recommended'] });
    const source = JSON.stringify(document);
    const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
    const found = problems.map(({ ruleId, location }) => `${ruleId} ${location[0]?.pointer}`);
    // They take no input that could be wrong.
    const inputless = ['healthz', 'readyz', '.well-known~1tributary-receipt-keys.json'].map(
      (name) => `operation-4xx-response #/paths/~1${name}/get/responses`,
    );
    expect(found).toEqual(inputless);
  });

  it('describes every operation, parameter and shape in a sentence', () => {
    for (const { id, summary, description, parameters } of operations(document)) {
      expect(summary, id).toMatch(/^[A-Z].{5,}[^.]$/);
      expect(description, id).toMatch(sentences);
      for (const { name, description, schema } of parameters)
        expect(description ?? schema.description ?? '', `${id} ${name}`).toMatch(sentences);
    }
    for (const [name, { description }] of Object.entries(
      document.components.schemas as { [name: string]: Schema },
    ))
      expect(description ?? '', name).toMatch(sentences);
  });

  it('has an example of each request and of each answer that is a success, as its schema allows it', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'openapi', components: document.components });
    let examples = 0;
    for (const { id, media } of operations(document))
      for (const [type, { schema, example }] of media) {
        expect(example, `${id} ${type}`).toBeDefined();
        examples += 1;
        if (type !== 'application/json') continue;
        const check = ajv.compile(
          JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/')),
        );
        expect(check(example), `${id} ${JSON.stringify([check.errors, example])}`).toBe(true);
      }
    expect(examples).toBeGreaterThan(90);
  });

  it('has examples of requests that the server itself finds no fault with', async () => {
    for (const { method, path, media } of operations(document)) {
      const [json] = media.filter(([, { isRequest }]) => isRequest);
      if (json?.[0] !== 'application/json' || method === 'GET') continue;
      const answer = await world.app.request(path.replaceAll(/\{\w+\}/g, '12'), {
        method,
        headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(json[1].example),
      });
      const { detail = '' } = (await answer.json()) as { detail?: string };
      expect(detail, `${method} ${path} ${JSON.stringify(json[1].example)}`).not.toMatch(/^The body has/);
    }
  });

  it('has examples of runs and customers whose numbers add up', () => {
    const [run] = (exampleOf(document, 'listRuns') as { runs: { [name: string]: number }[] }).runs;
    const { received, changed, unchanged, superseded, filtered, rejected } = run!;
    expect(changed! + unchanged! + superseded! + filtered! + rejected!).toBe(received);
    const { total, delivered, waiting, held, dead } = (
      exampleOf(document, 'getStatus') as { customers: { [name: string]: number } }
    ).customers;
    expect(delivered! + waiting! + held! + dead!).toBe(total);
  });

  it('calls times by names that say so, and each filter by one name', () => {
    const times = new Set<string>();
    for (const [name, schema] of properties(document)) if (schema.format === 'date-time') times.add(name);
    expect(
      [...times].filter(
        (name) => !/(^at|At|^since|Since|^until|Until|^now|^slot|^to|^changed(T?[Hh]ere))$/.test(name),
      ),
    ).toEqual([]);
    const meanings = new Map<string, Set<string>>();
    for (const { query } of operations(document))
      for (const { name, schema } of query)
        meanings.set(name, (meanings.get(name) ?? new Set()).add(String(schema.type ?? 'enum')));
    expect([...meanings].filter(([, types]) => types.size > 1).map(([name]) => name)).toEqual([]);
  });

  it('calls cursors the same in every list: `cursor` leads to the page behind, and `nextCursor` is a text or null', () => {
    const lists = operations(document).filter(({ query }) => query.some(({ name }) => name === 'limit'));
    expect(lists.length).toBeGreaterThan(12);
    for (const { id, query, answer } of lists) {
      const cursor = query.find(({ name }) => name === 'cursor');
      expect(cursor, id).toMatchObject({ required: false, schema: { type: 'string' } });
      expect(answer.properties?.['nextCursor'], id).toMatchObject({ type: ['string', 'null'] });
    }
    for (const { id, query, answer } of operations(document)) {
      const names = [...query.map(({ name }) => name), ...Object.keys(answer.properties ?? {})];
      expect(
        names.filter((name) => /^(before|after|next|page|offset|from|to)$/.test(name)),
        id,
      ).toEqual([]);
    }
  });
});

const sentences = /^([`A-Z\d]|true:|\w+: ).*[.:]$/s;

interface Schema {
  $ref?: string;
  format?: string;
  description?: string;
  anyOf?: Schema[];
  items?: Schema;
  type?: string | string[];
  properties?: { [name: string]: Schema };
}

/** The operations with their query parameters and the schema of what a success answers as JSON. */
function operations(document: OpenApi) {
  return Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => {
      const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1];
      return {
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        summary: operation.summary,
        description: operation.description,
        parameters: (operation.parameters ?? []).filter((parameter) => !('$ref' in parameter)),
        query: (operation.parameters ?? []).filter((parameter) => parameter.in === 'query'),
        media: [
          ...Object.entries(operation.requestBody?.content ?? {}).map(
            ([type, media]) => [type, { ...media, isRequest: true }] as const,
          ),
          ...Object.entries(success?.content ?? {}).map(
            ([type, media]) => [type, { ...media, isRequest: false }] as const,
          ),
        ],
        answer: resolved(document, (success?.content?.['application/json']?.schema ?? {}) as Schema),
      };
    }),
  );
}

function resolved({ components }: OpenApi, schema: Schema): Schema {
  return schema.$ref ? (components.schemas[schema.$ref.split('/').at(-1)!] as Schema) : schema;
}

function exampleOf(document: OpenApi, id: string): unknown {
  return operations(document)
    .find((operation) => operation.id === id)!
    .media.find(([, { isRequest }]) => !isRequest)![1].example;
}

/** Each property of each shape with a name, and those within it. */
function* properties({ components }: OpenApi): Generator<[string, Schema]> {
  const open = Object.values(components.schemas) as Schema[];
  for (let schema = open.pop(); schema; schema = open.pop()) {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      yield [name, property];
      open.push(property);
    }
    open.push(...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : []));
  }
}

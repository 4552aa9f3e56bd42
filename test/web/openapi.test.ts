// The OpenAPI document by itself: every route is in it, clients can be generated from it, and it says the same thing by the same name.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPage } from '../../src/web/pages/sections.ts';
import { behaviour } from '../support/databases.ts';
import type { OpenApi } from './calls.ts';
import { openWorld, type World } from './world.ts';

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

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: { [name: string]: Schema };
}

/** The operations with their query parameters and the schema of what a success answers as JSON. */
function operations(document: OpenApi) {
  return Object.values(document.paths).flatMap((byMethod) =>
    Object.values(byMethod).map((operation) => {
      const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1];
      return {
        id: operation.operationId,
        query: (operation.parameters ?? []).filter((parameter) => parameter.in === 'query'),
        answer: resolved(document, (success?.content?.['application/json']?.schema ?? {}) as Schema),
      };
    }),
  );
}

function resolved({ components }: OpenApi, schema: Schema): Schema {
  return schema.$ref ? (components.schemas[schema.$ref.split('/').at(-1)!] as Schema) : schema;
}

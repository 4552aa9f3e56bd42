// Every route of the API and every page, asked with what breaks programs: in paths, queries and bodies. Nothing fails, nothing
// leaves unescaped, and nobody's prototype changes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behaviour } from '../support/databases.ts';
import { naughtyTexts } from '../support/naughty.ts';
import type { OpenApi } from '../web/calls.ts';
import { apiToken, openWorld, type World } from '../web/world.ts';

interface Schema {
  type?: string | string[];
  properties?: { [name: string]: Schema };
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  $ref?: string;
  additionalProperties?: unknown;
}
interface Parameter {
  name: string;
  in: string;
}

describe('the API, asked with hostile texts', () => {
  let world: World;
  let document: OpenApi;

  beforeAll(async () => {
    world = await openWorld(await behaviour[0].open(), {
      secretKey: 'a-secret-key-that-is-long-enough-for-it',
    });
    document = (await (await world.app.request('/openapi.json')).json()) as OpenApi;
  });
  afterAll(() => world.close());

  const schemaOf = (schema: Schema | undefined): Schema => {
    const name = schema?.$ref?.split('/').at(-1);
    return name === undefined ? (schema ?? {}) : (document.components.schemas[name] as Schema);
  };

  /** A body of this schema in which every text is this one. */
  function bodyOf(given: Schema | undefined, text: string): unknown {
    const schema = schemaOf(given);
    const [first] = schema.anyOf ?? schema.oneOf ?? [];
    if (first) return bodyOf(first, text);
    if (schema.enum) return schema.enum[0];
    if (schema.properties)
      return Object.fromEntries(
        Object.entries(schema.properties).map(([name, inner]) => [name, bodyOf(inner, text)]),
      );
    const type = [schema.type].flat()[0];
    if (type === 'array') return [bodyOf(schema.items, text)];
    if (type === 'object') return Object.fromEntries([[text, text]]);
    if (type === 'integer' || type === 'number') return 1;
    if (type === 'boolean') return true;
    return text;
  }

  async function failureOf(method: string, path: string, json: unknown): Promise<string | null> {
    const response = await world.app.request(path, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const { status } = response;
    if (status < 500) {
      await response.body?.cancel();
      return null;
    }
    return `${method} ${path.slice(0, 80)} ${status} ${await response.text()}`;
  }

  it.each(Object.entries(naughtyTexts))('answers %s in every place of every route', async (_what, text) => {
    const failures: (string | null)[] = [];
    const whole = encodeURIComponent(text.toWellFormed());
    for (const [route, operations] of Object.entries(document.paths)) {
      const path = route.replaceAll(/\{[^}]+\}/g, /^\.*$/.test(whole) ? `${whole}%20` : whole);
      for (const [method, operation] of Object.entries(operations)) {
        const { parameters = [], requestBody } = operation as {
          parameters?: Parameter[];
          requestBody?: { content: { [type: string]: { schema: Schema } } };
        };
        const schema = requestBody?.content['application/json']?.schema;
        const json = schema && bodyOf(schema, text);
        const queries = parameters.filter((one) => one.in === 'query').map(({ name }) => `?${name}=${whole}`);
        for (const query of ['', ...queries]) failures.push(await failureOf(method, `${path}${query}`, json));
      }
    }
    expect(failures.length).toBeGreaterThan(150);
    expect(failures.filter((failure) => failure !== null)).toEqual([]);
    expect(world.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

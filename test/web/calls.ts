// Asks the app as a client does, and holds every JSON answer against the app's own OpenAPI document. It knows no route.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { searchText } from '../support/secrets.ts';
import { apiToken, type World } from './world.ts';

interface Content {
  [type: string]: { schema: object; example?: unknown };
}

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: { type?: string; description?: string };
  }[];
  requestBody?: { content?: Content };
  responses: { [status: string]: { content?: Content } };
}
export interface OpenApi {
  openapi: string;
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: object }; securitySchemes: object };
}

export interface Answer {
  status: number;
  headers: Headers;
  // Bodies are checked by schema; tests read what they name.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any;
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

export interface CallOptions {
  json?: unknown;
  body?: string | ReadableStream;
  headers?: { [name: string]: string };
  /** Null: none is sent. */
  token?: string | null;
}

interface Contract {
  document: OpenApi;
  /** What checks an answer of this schema. */
  checkOf(schema: object): ValidateFunction;
}

/** Every world has the same routes: the document is made once, and so is each check. */
let contract: Promise<Contract> | null = null;

async function readContract({ app }: Pick<World, 'app'>): Promise<Contract> {
  const document = (await (await app.request('/openapi.json')).json()) as OpenApi;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'openapi', components: document.components });
  const checks = new Map<object, ValidateFunction>();
  const checkOf = (schema: object) => {
    const check = checks.get(schema) ?? ajv.compile(pointed(schema) as object);
    checks.set(schema, check);
    return check;
  };
  return { document, checkOf };
}

/** A caller that fails where an answer is not what the document says. */
export async function caller(world: Pick<World, 'app'>): Promise<Call> {
  const { app } = world;
  contract ??= readContract(world);
  const { document, checkOf } = await contract;
  return async (method, path, { json, body, headers = {}, token = apiToken } = {}) => {
    const response = await app.request(path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined ? { body: JSON.stringify(json) } : body !== undefined ? { body } : {}),
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    } as RequestInit);
    const answer = {
      status: response.status,
      headers: response.headers,
      body: bodyIn(await response.text(), response.headers, `${method} ${path}`),
    };
    const [route, operation] = operationOf(document, method, path) ?? [];
    if (operation) {
      const documented = operation.responses[String(answer.status)];
      expect(
        documented,
        `${method} ${route} documents ${answer.status}: ${JSON.stringify(answer.body)}`,
      ).toBeDefined();
      const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
      const schema = documented?.content?.[type]?.schema;
      expect(schema, `${method} ${route} ${answer.status} documents ${type}`).toBeDefined();
      const check = checkOf(schema!);
      expect(check(answer.body), JSON.stringify([check.errors, answer.body])).toBe(true);
    }
    return answer;
  };
}

/** A text is itself; a broken JSON body fails. */
function bodyIn(text: string, headers: Headers, where: string): unknown {
  searchText(text, `the answer to ${where}`);
  const isJson = /[/+]json\b/.test(headers.get('content-type') ?? '');
  return isJson ? JSON.parse(text) : text;
}

function operationOf(document: OpenApi, method: string, path: string): [string, Operation] | undefined {
  const [asked = ''] = path.split('?');
  for (const [route, operations] of Object.entries(document.paths)) {
    const fits = new RegExp(`^${route.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(asked);
    const operation = operations[method.toLowerCase()];
    if (fits && operation) return [route, operation];
  }
  return undefined;
}

function pointed(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'));
}

/** What a problem must have; `more` is what this one has besides. */
export function expectProblem(answer: Answer, status: number, more: object = {}): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body).toMatchObject({ status, ...more });
  expect(answer.status).toBe(status);
  expect(answer.body.detail).toMatch(/\w{3,}.*[.?!]$/);
}

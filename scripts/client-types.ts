// `npm run schema` also writes src/client/paths.ts: the types of the API for its client, made of the OpenAPI document.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { connectors } from '../connectors/index.ts';
import { Tributary } from '../src/app/app.ts';
import { checkConfig } from '../src/config.ts';
import type { Database } from '../src/db/database.ts';
import { systemClock } from '../src/engine/clock.ts';
import { createLog } from '../src/engine/log/log.ts';
import { createApp } from '../src/web/app.ts';

export const clientTypesFile = join(import.meta.dirname, '../src/client/paths.ts');

const head = `// Written by \`npm run schema\`, out of the OpenAPI document: do not edit. The types of every operation of the API.
`;

/** The text of the file. */
export async function clientTypes(): Promise<string> {
  const { default: openapiTS, astToString } = await loadGenerator();
  const document = await openApiDocument();
  const whole = `${head}\n${astToString(await openapiTS(JSON.stringify(brief(document)), { defaultNonNullable: false }))}`;
  return formatted(whole);
}

interface Response {
  description: string;
  content?: { [type: string]: { schema?: object; example?: unknown } };
}

interface OpenApi {
  paths: {
    [path: string]: {
      [method: string]: { requestBody?: Response; responses: { [status: string]: Response } };
    };
  };
  components: { responses?: { [status: string]: Response } };
}

/** The document with each kind of refusal written once, and without the examples of whole bodies, which no type shows. */
function brief(document: OpenApi): object {
  const refusals: { [status: string]: Response } = {};
  for (const operation of Object.values(document.paths).flatMap((byMethod) => Object.values(byMethod))) {
    for (const [status, response] of Object.entries(operation.responses)) {
      for (const media of Object.values(response.content ?? {})) delete media.example;
      if (!response.content?.['application/problem+json']) continue;
      refusals[status] ??= response;
      if (isDeepStrictEqual(refusals[status], response))
        operation.responses[status] = { $ref: `#/components/responses/${status}` } as never;
    }
    for (const media of Object.values(operation.requestBody?.content ?? {})) delete media.example;
  }
  document.components.responses = refusals;
  return document;
}

/** As Biome writes it. */
function formatted(text: string): string {
  const biome = join(
    dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')),
    'bin/biome',
  );
  const args = [biome, 'format', '--stdin-file-path', 'paths.ts'];
  return execFileSync(process.execPath, args, { input: text, encoding: 'utf8', maxBuffer: 16 * 1024 ** 2 });
}

/** It prints with the compiler's own API, which TypeScript 7 does not have: that of TypeScript 5 is installed beside it. */
async function loadGenerator() {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier === 'typescript' ? 'typescript-5' : specifier, context),
  });
  try {
    return await import('openapi-typescript');
  } finally {
    hooks.deregister();
  }
}

/** The document of an app that has no database: it is made of the routes alone. */
export async function openApiDocument(): Promise<OpenApi> {
  const destination = { connector: 'voucherify', appId: 'none', appToken: 'none' };
  const config = checkConfig('none', { destination, sources: {} }, {}, connectors);
  const log = createLog({ level: 'warn' });
  const tributary = new Tributary({ config, database: noDatabase, clock: systemClock, log, secretKey: null });
  const app = createApp(tributary, { apiToken: 'none', version: '', dataDir: 'none' });
  return (await (await app.request('/openapi.json')).json()) as OpenApi;
}

const noDatabase = new Proxy({} as Database, {
  get(_database, name) {
    throw new Error(`The OpenAPI document needs no database, and ${String(name)} of one was used.`);
  },
});

if (import.meta.main) writeFileSync(clientTypesFile, await clientTypes());

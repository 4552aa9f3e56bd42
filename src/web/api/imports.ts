// Files of customers taken in over HTTP: streamed to disk, kept, and read by a run. It knows no row of them.

import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { createRoute } from '@hono/zod-openapi';
import type { JsonObject } from '../../connector.ts';
import { type ImportQuery, importBody, importQuery } from '../../contract/import.ts';
import { sourceParam } from '../../contract/parts.ts';
import { runShape } from '../../contract/run.ts';
import { fieldFault } from '../../customer/fields.ts';
import type { Source } from '../../sync/intake/source.ts';
import { type Deps, newApi, sourceNamed } from '../deps.ts';
import { accepted, secured } from '../openapi.ts';
import { faultsOf, Problem, problems } from '../problem.ts';
import { takesImports } from '../status.ts';
import { refusePaused } from './sources.ts';

const route = createRoute({
  method: 'post',
  path: '/api/sources/{source}/imports',
  operationId: 'importFile',
  summary: 'Import a file of customers',
  description:
    'The body is the file. It is stored, and read by a run with the mode `import`. Only for sources with the connector csv.',
  tags: ['sources'],
  security: secured,
  request: {
    params: sourceParam,
    query: importQuery,
    body: { required: true, content: { 'text/csv': { schema: importBody } } },
  },
  responses: {
    202: accepted(runShape, 'The run that reads it.', 'The run.'),
    ...problems(400, 404, 409, 413, 415),
  },
});

export function importsApi(deps: Deps) {
  return newApi().openapi(route, async (c) => {
    const source = sourceNamed(deps, c.req.valid('param').source);
    const { name, dryRun, ...asked } = c.req.valid('query');
    requireFiles(source);
    const settings = settingsOf(source, asked);
    requireType(c.req.header('content-type'));
    requireSize(deps, c.req.header('content-length'));
    await refusePaused(deps, source.name);
    const path = await keep(deps, c.req.raw.body as ReadableStream | null, fileName(name));
    const { host } = deps.tributary;
    const request = {
      path,
      host,
      ...(Object.keys(settings).length > 0 && { settings }),
      ...(dryRun === 'true' && { dryRun: true as const }),
    };
    const run = await deps.tributary.request({
      source: source.name,
      mode: 'import',
      trigger: 'manual',
      lane: 'backfill',
      request,
    });
    return c.json(run!, 202, { location: `/api/runs/${run!.id}` });
  });
}

function requireFiles(source: Source): void {
  const { name } = source.config.connector;
  if (!takesImports(name))
    throw new Problem(
      409,
      `${source.name} is read by the connector ${name}; only sources with the connector csv take files.`,
      { type: 'no-files' },
    );
}

/** How the source's settings differ for this file, checked as the connector checks them. */
function settingsOf(
  source: Source,
  {
    delimiter,
    encoding,
    complete,
    sourceId,
    map = {},
    settings: given = {},
  }: Omit<ImportQuery, 'name' | 'dryRun'>,
): JsonObject {
  const rename = Object.fromEntries(
    Object.entries(map).map(([field, column]) => [column, nameOf(source, field)]),
  );
  const path = source.config.sourceId.path;
  if (sourceId !== undefined && path !== null) rename[sourceId] = path;
  const settings: JsonObject = {
    ...given,
    ...(delimiter !== undefined && { delimiter: delimiter === 'tab' ? '\t' : delimiter }),
    ...(encoding !== undefined && { encoding }),
    ...(complete === 'true' && { complete: true }),
    ...(sourceId !== undefined && path === null && { recordId: sourceId, sourceIdColumn: sourceId }),
    ...(sourceId !== undefined && path !== null && { recordId: path }),
    ...(Object.keys(rename).length > 0 && { rename }),
  };
  if ('path' in settings)
    throw new Problem(400, 'The setting "path" cannot be set for an import: the body is the file.', {
      type: 'bad-input',
    });
  // Records are mapped by the configuration, again whenever it changes, so these would count for nothing.
  const ofSource = ['columns', 'extra'].find((name) => name in given);
  const own = { ...(source.config.settings as object), path: 'import', ...settings };
  const checked = source.config.connector.settings.safeParse(own);
  if (checked.success && ofSource !== undefined)
    throw new Problem(
      400,
      `The setting "${ofSource}" applies to every file of sources.${source.name}: set it in the configuration. To read a field of this file from a column, use --map (map in the API).`,
      { type: 'bad-input' },
    );
  if (checked.success) return settings;
  const faults = faultsOf(checked.error, own);
  const sentence = faults
    .map(({ path, found, allowed }) => `${path} cannot be ${found}: ${allowed}`)
    .join('; ');
  throw new Problem(400, `The import cannot be read with these settings: ${sentence}.`, {
    type: 'bad-input',
    faults,
  });
}

/** What the source calls the column of a field: as its mapping reads it, else by the field's own name. */
function nameOf(source: Source, field: string): string {
  const fault = fieldFault(field);
  if (fault !== null) throw new Problem(400, fault, { type: 'bad-input' });
  const { mapping } = source.config;
  if (mapping === null) return field;
  const entry = mapping[field];
  const from = typeof entry === 'object' && 'from' in entry ? entry.from : entry;
  if (typeof from === 'string') return from;
  const why =
    entry === undefined ? `does not write ${field}` : `reads ${field} from several columns or by a function`;
  throw new Problem(400, `The mapping of sources.${source.name} ${why}: change it in the configuration.`, {
    type: 'bad-input',
  });
}

/** What programs call a CSV file. Windows names it after Excel; what is no text is refused when it is read. */
const typesOfFiles: ReadonlySet<string> = new Set([
  'text/csv',
  'text/x-csv',
  'application/csv',
  'application/x-csv',
  'text/comma-separated-values',
  'text/tab-separated-values',
  'text/plain',
  'application/vnd.ms-excel',
  'application/octet-stream',
]);

function requireType(type = ''): void {
  const essence = type.split(';')[0]!.trim().toLowerCase();
  if (!typesOfFiles.has(essence))
    throw new Problem(415, 'The body must be the file itself, sent with the content type text/csv.');
}

function requireSize(deps: Deps, length: string | undefined): void {
  if (Number(length ?? 0) > deps.maxImportBytes) throw tooLarge(deps);
}

function tooLarge({ maxImportBytes }: Deps): Problem {
  return new Problem(
    413,
    `The file is larger than ${maxImportBytes} bytes, the limit for an upload. Split it, or put it where the server can read it and set "path" in the settings of the source.`,
    { type: 'too-large' },
  );
}

/** The last part of the name given, fit for any file system. */
export function fileName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  const clean = last
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}<>:"|?*]/gu, '_')
    .replace(/^\.+/, '')
    .trim();
  return clean.slice(0, 80) || 'import.csv';
}

/** Streams the body to a file that only we can read, in a folder of its own. Returns its path. Half a file is removed. */
async function keep(deps: Deps, body: ReadableStream | null, name: string): Promise<string> {
  const folder = join(deps.dataDir, 'imports', randomUUID());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > deps.maxImportBytes) done(tooLarge(deps));
      else done(null, chunk);
    },
  });
  try {
    if (body)
      await pipeline(
        Readable.fromWeb(body),
        measured,
        createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
      );
    if (bytes === 0)
      throw new Problem(400, 'The body is empty; it must be the file itself.', { type: 'bad-input' });
    return path;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

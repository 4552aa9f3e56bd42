// The stream of profiles, which Batch exports by a job into files. https://doc.batch.com/developer/api/cep/profiles/export
import { type Context, type Json, type JsonObject, RejectedError, type Stream } from '#connector';
import { listOf, momentOf, objectOf, requestList, valueAt, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

const states = ['CREATED', 'PENDING', 'RUNNING', 'SUCCESS', 'ERROR'];
/** Always exported. There is no way to request all attributes. */
const standardAttributes = ['$email_address', '$phone_number', '$language', '$region'];

export function profilesOf({
  rows,
  maxWaitHours,
}: Pick<Settings, 'rows' | 'maxWaitHours'>): Stream<Settings> {
  return {
    name: 'profiles',
    exhaustive: ({ absentIsEmpty }) => (absentIsEmpty ? [''] : []),
    // A profile has no time of change: what was exported later is the later state.
    clock: 'reading',
    bulkExport: {
      minRecords: () => 0,
      format: rows === 'list' ? 'json list' : 'json lines',
      maxWaitSeconds: maxWaitHours * 3600,
      cost: { rowsPerFile: 100_000 },
      async begin({ api, settings }, { properties }) {
        const { json } = await api.request({
          method: 'POST',
          path: pathOf(settings, 'profiles/export'),
          json: {
            export_type: 'ATTRIBUTES',
            attributes: attributesOf(properties),
            identifiers: ['custom_id', 'installation_ids'],
          },
          isAnswer: (json) => /^export_/.test(wordOf(objectOf(json)['id']) ?? ''),
        });
        return wordOf(objectOf(json)['id'])!;
      },
      async ordered(context, { properties }, since) {
        const found = (await listExports(context)).find((job) => {
          const isThis = sameNames(valueAt(job, 'request.attributes'), attributesOf(properties));
          return isThis && job['status'] !== 'ERROR' && (momentOf(job['request_date']) ?? 0) >= since;
        });
        return wordOf(found?.['id']) ?? null;
      },
      async poll(context, job) {
        const { status } = await view(context, job);
        if (status === 'ERROR')
          throw new RejectedError('Batch ended the export as ERROR.', { code: 'job_failed' });
        return status === 'SUCCESS' ? {} : null;
      },
      async file(context, job, word) {
        const files = listOf((await view(context, job))['files']).map(objectOf);
        const parts = files.toSorted((a, b) => Number(a['part'] ?? 0) - Number(b['part'] ?? 0));
        const at = Number(word ?? 0);
        const id = wordOf(parts[at]?.['id']);
        if (id === undefined)
          throw new RejectedError('The export of Batch has no such file.', { code: 'no_file' });
        const url = `${pathOf(context.settings, 'exports/download')}?id=${encodeURIComponent(id)}`;
        return { url, next: at + 1 < parts.length ? String(at + 1) : null };
      },
      rowReader:
        ({ settings, asOf, properties }) =>
        (row) => {
          const recordId = wordOf(valueAt(row, settings.idPath));
          // Without a custom ID there are installations only: the profile is anonymous.
          if (recordId === undefined) return null;
          const body = bodyOf(objectOf(valueAt(row, settings.attributesPath)), attributesOf(properties));
          return { recordId, changedAt: asOf, body: { ...body, custom_id: recordId } };
        },
    },
  };
}

function pathOf({ apiVersion }: Settings, what: string): string {
  return `/${apiVersion}/${what}`;
}

function attributesOf(properties: readonly string[]): string[] {
  return [...new Set([...standardAttributes, ...properties.filter((name) => name !== 'custom_id')])];
}

export async function listExports({ api, settings }: Context<Settings>): Promise<JsonObject[]> {
  const request = { path: pathOf(settings, 'exports/list'), query: { limit: 100 } };
  return (await requestList(api, request, 'exports')).list.map(objectOf);
}

async function view({ api, settings }: Context<Settings>, job: Json): Promise<JsonObject> {
  const { json } = await api.request({
    path: pathOf(settings, 'exports/view'),
    query: { id: String(job) },
    isAnswer: (json) => states.includes(String(objectOf(json)['status'])),
  });
  return objectOf(json);
}

function sameNames(given: Json | undefined, names: readonly string[]): boolean {
  const own = listOf(given).map(String);
  return own.length === names.length && names.every((name) => own.includes(name));
}

/** Under the names that were requested. A date is written `date(birthdate)`, and may be exported under its bare name. */
function bodyOf(attributes: JsonObject, names: readonly string[]): JsonObject {
  const found = names.flatMap((name) => {
    const [, bare = name] = /^(?:date|url)\((.+)\)$/.exec(name) ?? [];
    const spelling = [name, bare, `date(${bare})`, `url(${bare})`].find((one) =>
      Object.hasOwn(attributes, one),
    );
    return spelling === undefined ? [] : [[name, attributes[spelling]!]];
  });
  return Object.fromEntries(found);
}

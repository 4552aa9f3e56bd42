// The stream of customers: all of them in one answer, and single ones by their hard ID. Both hold values by position.
// https://documentation.bloomreach.com/engagement/reference/export-all-customers-2
import {
  type Context,
  type Json,
  type JsonObject,
  type SourceRecord,
  type Stream,
  TransientError,
} from '#connector';
import { readsById } from '#connector/by-id';
import { listOf, objectOf, says, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** Read where nothing is asked for by name: single reads have no way to ask for all properties. */
const usualProperties = [
  ...['first_name', 'last_name', 'email', 'phone', 'birth_date'],
  ...['address', 'city', 'state', 'zip', 'country'],
];
const day = 86_400;

export const customers = {
  name: 'customers',
  // A customer has no time of change: what was read later is the later state.
  clock: 'reading',
  sweeps: true,
  bulkExport: {
    minRecords: () => 0,
    format: 'json list',
    list: 'data',
    names: ({ fields }) => listOf(fields).map((field) => nameOf(objectOf(field))),
    // There is no job: the answer to the request is the file.
    begin: async ({ settings }, { properties }) => ({
      format: 'native_json',
      ...(properties.length > 0 && {
        attributes: { type: 'some', list: attributesOf(settings, properties) },
      }),
    }),
    poll: async () => ({}),
    file: async ({ settings }, json) => ({ url: pathOf(settings, 'export'), json, next: null }),
    rowReader:
      ({ settings, asOf }) =>
      (row) => {
        const recordId = wordOf(row[`id:${settings.hardId}`]);
        const properties = Object.entries(row).filter(([name]) => !name.startsWith('id:'));
        // Without the hard ID the customer is anonymous.
        return recordId === undefined
          ? null
          : recordOf(recordId, asOf, Object.fromEntries(properties), settings);
      },
    maxWaitSeconds: day,
    cost: { rowsPerFile: 10_000_000 },
  },
  read: readsById<Settings>({ maxIds: 10, isId: () => true, one: readOne }),
} satisfies Stream<Settings>;

/** IDs and properties may have one name. */
function nameOf({ type, id, property }: JsonObject): string {
  return type === 'id' ? `id:${id}` : String(property);
}

function pathOf({ projectToken }: Settings, what: string): string {
  return `/data/v2/projects/${encodeURIComponent(projectToken)}/customers/${what}`;
}

function recordOf(recordId: string, changedAt: number, body: JsonObject, { hardId }: Settings): SourceRecord {
  return { recordId, changedAt, body: { ...body, [hardId]: recordId } };
}

/** Null: Bloomreach says that there is no such customer. A property that the key may not read is left out: it is not empty. */
export async function readOne(
  { api, settings, now }: Context<Settings>,
  id: string,
  properties: readonly string[],
): Promise<SourceRecord | null> {
  const attributes = attributesOf(settings, properties.length > 0 ? properties : usualProperties);
  const resultsIn = (json: Json | undefined) => listOf(objectOf(json)['results']).map(objectOf);
  const { status, json } = await api.request({
    method: 'POST',
    path: pathOf(settings, 'attributes'),
    json: { customer_ids: { [settings.hardId]: id }, attributes },
    answers: [404],
    isAnswer: (json) => isUnknown(json, settings) || resultsIn(json).length === attributes.length,
  });
  if (isUnknown(json, settings)) return null;
  if (status === 404)
    throw new TransientError('A 404 was answered that is not about a customer', { status, foreign: true });
  const results = resultsIn(json);
  // The ID of somebody who does not exist, or has become anonymous.
  if (results[0]?.['success'] === true && (results[0]['value'] ?? null) === null) return null;
  const body = attributes.flatMap(({ property }, at) =>
    property !== undefined && results[at]?.['success'] === true
      ? [[property, results[at]['value'] ?? null]]
      : [],
  );
  return recordOf(id, now, Object.fromEntries(body), settings);
}

/** What is requested, in the order of the answer. */
function attributesOf({ hardId }: Settings, properties: readonly string[]): JsonObject[] {
  const others = properties.filter((name) => name !== hardId);
  return [{ type: 'id', id: hardId }, ...others.map((property) => ({ type: 'property', property }))];
}

/** Whether Bloomreach says that there is no such customer, and not that there is no such project. */
function isUnknown(json: Json | undefined, { unknownCustomer }: Settings): boolean {
  const { success, errors } = objectOf(json);
  return success === false && says(errors, unknownCustomer) && !says(errors, 'project');
}

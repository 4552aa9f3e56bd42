// Writes properties of customers, up to fifty in a batch, by their hard ID. A command for a customer who does not exist creates one,
// so everybody is looked up first, unless that is wanted. Facts: https://documentation.bloomreach.com/engagement/reference/batch-commands-2 and
// …/tracking-api-error-messages.
import {
  type Context,
  type Json,
  type JsonObject,
  type Permission,
  type PersonWrite,
  RejectedError,
  UnauthorizedError,
  type WriteOptions,
  type WriteOutcome,
  type Writer,
  withAdvice,
} from '#connector';
import { triedWrite } from '#connector/checking';
import { lookUp } from '#connector/looking-up';
import { listOf, objectOf, personHolding, requestList, says, wordOf } from '#connector/reading';
import { customers } from './customers.ts';
import type { Settings } from './settings.ts';

const remedy = 'Give the private API key the right to set customer properties.';

export const writer: Writer<Settings> = {
  stream: 'customers',
  traits: (_settings, { create }) => ({
    bulk: { maxRecords: 50, maxBytes: 800_000 },
    singlesAtOnce: 4,
    answers: 'each',
    calls: { perPerson: create ? 0 : 1 },
  }),
  creates: { by: 'registered' },
  bodyPath: (property) => [property],
  movedByWrites: [],
  attributeFault: (property) =>
    /^[\x20-\x7e]+$/.test(property) ? null : 'a name in ASCII characters, which is what Bloomreach takes',
  // Without update_timestamp Bloomreach compares by its own clock, and one of ours that runs late cannot hide a write.
  payload: (writes, { hardId }) => ({
    commands: writes.map(({ recordId, sourceId, attributes }) => ({
      name: 'customers',
      data: { customer_ids: { [hardId]: recordId ?? sourceId }, properties: attributes as JsonObject },
    })),
  }),
  write,
  read: {
    maxIds: customers.read.maxIds,
    calls: customers.read.maxIds,
    // The default of the setting: a writer does not know the settings here.
    lagSeconds: 60,
    async people(context, { recordIds, attributes }) {
      const { records } = await customers.read.records(context, { recordIds, properties: attributes });
      return records.map(({ recordId, body }) => personHolding(attributes, recordId, body));
    },
  },
  // A command that names nobody fails after the credentials were accepted.
  check: async (context): Promise<Permission[]> => [
    await triedWrite('write customers', 'Properties of customers can be written.', () =>
      batch(context, { commands: [{ name: 'customers', data: { customer_ids: {}, properties: {} } }] }, 1),
    ),
  ],
};

async function write(
  context: Context<Settings>,
  writes: readonly PersonWrite[],
  options: WriteOptions = {},
): Promise<WriteOutcome[]> {
  const { settings } = context;
  const { present, missing } = await lookUp(context, writes, {
    ...options,
    read: customers.read,
    properties: [settings.hardId],
    noun: 'customer',
  });
  if (present.length === 0) return missing;
  const results = await batch(context, writer.payload(present, settings), present.length);
  return [...missing, ...present.map((write, index) => outcomeOf(write, objectOf(results[index])))];
}

/** The results in the order of the commands. The whole is a success although commands fail. */
async function batch({ api, settings }: Context<Settings>, json: JsonObject, count: number): Promise<Json[]> {
  const path = `/track/v2/projects/${encodeURIComponent(settings.projectToken)}/batch`;
  const isAnswer = (json: Json | undefined) => listOf(objectOf(json)['results']).length === count;
  try {
    const { list } = await requestList(api, { method: 'POST', path, json, isAnswer }, 'results');
    if (list.every((result) => isDenied(objectOf(result)['errors'])))
      throw new UnauthorizedError(withAdvice(wordsOf(objectOf(list[0])), remedy));
    return list;
  } catch (error) {
    // Wrong credentials are answered 400 as well.
    if (!(error instanceof RejectedError) || !isDenied(error.message)) throw error;
    throw new UnauthorizedError(withAdvice(error.message, remedy), { status: 400, cause: error });
  }
}

function isDenied(words: Json | undefined): boolean {
  return ['authenticate', 'authorized', 'permission', 'project id'].some((word) => says(words, word));
}

function outcomeOf({ sourceId }: PersonWrite, result: JsonObject): WriteOutcome {
  if (result['success'] === true) return { sourceId, result: 'accepted' };
  const message = wordsOf(result);
  // Neither one nor the other: it is sent again.
  if (result['success'] !== false) return { sourceId, result: 'unknown', message };
  return { sourceId, result: 'rejected', code: 'command_failed', message, details: result };
}

function wordsOf({ errors, error, message }: JsonObject): string {
  return wordOf(listOf(errors)[0]) ?? wordOf(error) ?? wordOf(message) ?? 'Bloomreach gave no reason';
}

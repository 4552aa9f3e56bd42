// Reading objects of HubSpot by ID, and what an answer says of those that it does not hold.
import type { Context, Json, JsonObject } from '#connector';
import { listOf, objectOf, requestList } from '#connector/reading';
import { type ObjectType, objectsPath, type Settings } from './settings.ts';

export const mergedIds = 'hs_merged_object_ids';

/** The IDs of contacts or companies merged into this one, joined by `;` (reference §4: preferred to `hs_calculated_merged_vids`). */
export function mergedIdsOf({ [mergedIds]: value }: JsonObject): string[] {
  return typeof value === 'string'
    ? value
        .split(';')
        .map((id) => id.trim())
        .filter(Boolean)
    : [];
}

/** Answered 200 where all were found, 207 with errors where some were not. */
export async function batchRead(
  { api, settings }: Context<Settings>,
  type: ObjectType,
  ids: readonly string[],
  names: readonly string[],
): Promise<JsonObject> {
  const request = {
    method: 'POST' as const,
    path: objectsPath(settings, type, '/batch/read'),
    query: { archived: false },
    json: { inputs: ids.map((id) => ({ id })), properties: [...names] },
  };
  return (await requestList(api, request, 'results')).body;
}

/** Errors that name their IDs speak of these alone; one that names none speaks of all that were not found. */
export function saidMissing(errors: readonly Json[]): (id: string) => boolean {
  const notFound = errors
    .map(objectOf)
    .filter(({ category }) => category === undefined || category === 'OBJECT_NOT_FOUND');
  const named = notFound.flatMap((error) => listOf(objectOf(error['context'])['ids']).map(String));
  if (named.length > 0) return (id) => named.includes(id);
  return () => notFound.length > 0 && notFound.length === errors.length;
}

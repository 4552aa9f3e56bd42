// What an event of HubSpot, pushed or journaled, names. It knows neither of the two ways.
import type { JsonObject } from '#connector';
import { listOf, wordOf } from '#connector/reading';

/** `objectTypeId` of contacts. */
export const contactTypeId = '0-1';

/** The contact it is of, first; a change of association is of the one it goes from. */
export function idsIn(event: JsonObject): string[] {
  const { objectId, fromObjectId, newObjectId, primaryObjectId } = event;
  return [objectId, fromObjectId, newObjectId, primaryObjectId].flatMap((id) => wordOf(id) ?? []);
}

/**
 * The survivor first: it may have an ID of its own. What was merged is read by its old ID too, which tells no more than
 * the survivor does or that it is gone; that the one stands for the others, the survivor itself says.
 */
export function mergedIn(event: JsonObject): string[] {
  const { newObjectId, primaryObjectId, objectId, mergedObjectIds } = event;
  const named = [newObjectId, primaryObjectId, objectId, ...listOf(mergedObjectIds)];
  return [...new Set(named.flatMap((id) => wordOf(id) ?? []))];
}

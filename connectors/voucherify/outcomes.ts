// The outcome of each customer, from Voucherify's answers.
// Async actions: https://docs.voucherify.io/api-reference/async-actions. All of their fields are treated as optional.
import type { Json, JsonObject, Outcome, RejectedError, ShownAction } from '#connector';
import { detailsOf } from './answer-error.ts';
import { isObject } from './payload.ts';

/** Of a permanent deletion: the answer is an object of its own, whose status says whether it has been done. */
export function deletionOutcome(sourceId: string, json: Json | undefined): Outcome {
  if (isObject(json) && json['status'] === 'DONE') return { sourceId, result: 'accepted' };
  return { sourceId, result: 'unknown', message: 'The answer does not confirm the deletion.' };
}

export function rejectedOutcome(sourceId: string, error: RejectedError): Outcome {
  const { code, message, details } = error;
  return { sourceId, result: 'rejected', code, message, ...(details !== undefined && { details }) };
}

/** Of a bulk action that the vendor does not know (any more). */
export function lostOutcomes(sourceIds: readonly string[]): Outcome[] {
  return sourceIds.map((sourceId) => ({
    sourceId,
    result: 'unknown',
    message: 'Voucherify does not know the batch.',
  }));
}

/** What an action says of its records, or null while it goes on. */
export function shownAction(action: JsonObject, sourceIds: readonly string[]): ShownAction | null {
  if (isGoingOn(action)) return null;
  const result = resultOf(action);
  const named = errorsOf(action).flatMap(({ source_id }) =>
    typeof source_id === 'string' ? [source_id] : [],
  );
  return {
    records: count(result['done_count']) + count(result['failed_count']),
    named: [...new Set(named)],
    outcomes: bulkOutcomes(action, sourceIds),
    ...(isFile(action) && { sample: true }),
  };
}

/**
 * One outcome for each source ID, of an action that has ended. Customers named in `errors` are rejected. The others
 * are accepted only where the counts account for all that were sent; `DONE` alone proves nothing. A file's `failed` rows
 * are in doubt instead: they are sent again in bulk, which can say what is wrong with them.
 */
export function bulkOutcomes(action: JsonObject, sourceIds: readonly string[]): Outcome[] {
  const result = resultOf(action);
  const ofFile = isFile(action);
  const errors = errorsOf(action);
  const told = new Map<Json | undefined, Outcome>();
  for (const error of errors) {
    const sourceId = error['source_id'];
    if (typeof sourceId === 'string' && !told.has(sourceId))
      told.set(sourceId, ofFile ? failedRow(sourceId, error) : rejection(sourceId, error));
  }
  const named = sourceIds.filter((sourceId) => told.has(sourceId)).length;
  const nameless = errors.some((error) => typeof error['source_id'] !== 'string');
  const doubt = nameless ? 'an error names no customer' : doubtOf(action, result, sourceIds.length, named);
  return sourceIds.map(
    (sourceId): Outcome =>
      told.get(sourceId) ??
      (doubt === undefined
        ? { sourceId, result: 'accepted' }
        : {
            sourceId,
            result: 'unknown',
            message: `The result of the batch does not cover this customer: ${doubt}.`,
          }),
  );
}

function resultOf({ result }: JsonObject): JsonObject {
  return isObject(result) ? result : {};
}

function errorsOf(action: JsonObject): JsonObject[] {
  const listed = resultOf(action)[isFile(action) ? 'failed' : 'errors'];
  return Array.isArray(listed) ? listed.filter(isObject) : [];
}

/** Whether the action imports a file; its rows that failed have a name of their own. */
export function isFile({ type, result }: JsonObject): boolean {
  return type === 'CUSTOMERS.IMPORT_CSV' || (isObject(result) && Array.isArray(result['failed']));
}

/** Whether this tells of an action, and of no other than this one. */
export function isActionOf(json: Json | undefined, actionId: string): boolean {
  if (!isObject(json) || (json['id'] ?? actionId) !== actionId) return false;
  return typeof json['status'] === 'string' || isObject(json['result']);
}

export function isGoingOn(action: JsonObject): boolean {
  const { status, result } = action;
  if (status === 'DONE' || status === 'FAILED') return false;
  // A status that is absent or new: a result says that it is over.
  return status === 'ENQUEUED' || status === 'IN_PROGRESS' || !isObject(result);
}

/** Why customers that no error names may not be taken as written. */
function doubtOf(action: JsonObject, result: JsonObject, sent: number, named: number): string | undefined {
  if (action['status'] === 'FAILED') return 'it failed';
  const operation = action['operation_status'];
  if (operation === 'FAILED' || operation === 'UNKNOWN') return `its operation status is ${operation}`;
  const done = count(result['done_count']);
  const failed = count(result['failed_count']);
  if (failed > named) return `${failed} failed, and the errors name ${named}`;
  if (done + failed < sent) return `${sent} were sent, ${done} done and ${failed} failed`;
  return undefined;
}

function rejection(sourceId: string, error: JsonObject): Outcome {
  const { key, message } = error;
  return {
    sourceId,
    result: 'rejected',
    code: typeof key === 'string' ? key : 'rejected',
    message: typeof message === 'string' ? message : 'Rejected without a reason.',
    ...detailsOf(error),
  };
}

function failedRow(sourceId: string, { reason }: JsonObject): Outcome {
  const why = typeof reason === 'string' ? `: ${reason}` : '.';
  return { sourceId, result: 'unknown', message: `The row of this customer in the file was rejected${why}` };
}

export function count(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}

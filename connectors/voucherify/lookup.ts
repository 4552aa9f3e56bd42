// Lists async actions, to find one whose ID was lost with the answer.
// Endpoint: https://docs.voucherify.io/api-reference/async-actions/list-async-actions.
import type { ActionKind, ActionLookup, Api, Json, JsonObject, ListedAction, ShownAction } from '#connector';
import { RejectedError } from '#connector';
import { momentOf, requestList } from '#connector/reading';
import { isActionOf, shownAction } from './outcomes.ts';
import { isObject } from './payload.ts';
import type { Settings } from './settings.ts';

/** The list gives no more at once. */
const pageActions = 100;

const types: { readonly [kind in ActionKind]: string } = {
  bulk: 'CUSTOMERS.BULK_UPDATE',
  file: 'CUSTOMERS.IMPORT_CSV',
};

export const lookup: ActionLookup<Settings> = {
  /** Actions of all types, those of others included, are listed together, newest first; their results are not. */
  async list({ api }, { kind, from, until }) {
    const query = { limit: pageActions, end_date: new Date(until).toISOString() };
    const { list, body } = await requestList(api, { path: '/v1/async-actions', query }, 'async_actions');
    const listed = list.filter(isObject);
    const actions = listed
      .filter(({ type }) => type === types[kind])
      .map(listedAction)
      .filter((action) => action !== undefined)
      .filter(({ acceptedAt }) => acceptedAt >= from && acceptedAt < until);
    return { actions, next: isLast(body, list) ? null : nextOf(listed, from, until) };
  },

  async show({ api }, actionId, sourceIds) {
    const action = await actionOf(api, actionId);
    return action === null ? unknownAction : shownAction(action, sourceIds);
  },
};

const unknownAction: ShownAction = { records: 0, named: [], outcomes: [] };

/** The action; null where Voucherify itself says that it knows none of this ID. */
export async function actionOf(api: Api, actionId: string): Promise<JsonObject | null> {
  try {
    const { json } = await api.request({
      path: `/v1/async-actions/${encodeURIComponent(actionId)}`,
      isAnswer: (json) => isActionOf(json, actionId),
    });
    return isObject(json) ? json : null;
  } catch (error) {
    if (error instanceof RejectedError && error.status === 404) return null;
    throw error;
  }
}

function listedAction({ id, status, created_at, updated_at }: JsonObject): ListedAction | undefined {
  const acceptedAt = momentOf(created_at);
  if (typeof id !== 'string' || acceptedAt === undefined) return undefined;
  const isOver = status === 'DONE' || status === 'FAILED';
  const endedAt = isOver ? momentOf(updated_at) : undefined;
  return { actionId: id, acceptedAt, isOver, ...(endedAt !== undefined && { endedAt }) };
}

function isLast({ has_more }: JsonObject, list: readonly Json[]): boolean {
  return typeof has_more === 'boolean' ? !has_more : list.length < pageActions;
}

/** From where the list goes on: others of the last millisecond may be on the next page. */
function nextOf(listed: readonly JsonObject[], from: number, until: number): number | null {
  const oldest = Math.min(...listed.flatMap(({ created_at }) => momentOf(created_at) ?? []));
  if (oldest < from || !Number.isFinite(oldest)) return null;
  return oldest + 1 < until ? oldest + 1 : oldest;
}

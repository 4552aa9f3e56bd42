// An export of Voucherify as a job: ordered, asked about, and deleted. It does not know what is exported.
// Endpoints: https://docs.voucherify.io/api-reference/exports/create-export.
import { type Context, type Json, RejectedError } from '#connector';
import { momentOf, requestList, valueAt } from '#connector/reading';
import { isObject } from './payload.ts';
import type { Settings } from './settings.ts';

interface Order {
  object: string;
  order: string;
  fields: readonly string[];
}

/** Returns its ID. */
export async function orderExport(
  { api }: Context<Settings>,
  { object, order, fields }: Order,
): Promise<string> {
  const { json } = await api.request({
    method: 'POST',
    path: '/v1/exports',
    json: { exported_object: object, parameters: { order, fields: [...fields] } },
    isAnswer: (json) => exportIdIn(json) !== undefined,
  });
  return exportIdIn(json)!;
}

/** IDs of exports like these: known by the fields that nobody else asks for in this order, and by their age. */
export async function exportsOrderedSince(
  { api }: Context<Settings>,
  since: number,
  orders: readonly Pick<Order, 'object' | 'fields'>[],
): Promise<string[]> {
  const query = { order: '-created_at', limit: 100 };
  const { list } = await requestList(api, { path: '/v1/exports', query }, 'exports');
  return list.filter(isObject).flatMap(({ id, exported_object, created_at, parameters }) => {
    const fields = JSON.stringify(isObject(parameters) ? valueAt(parameters, 'fields') : undefined);
    const isOurs = orders.some(
      (one) => one.object === exported_object && JSON.stringify(one.fields) === fields,
    );
    const createdAt = momentOf(created_at);
    return isOurs && typeof id === 'string' && createdAt !== undefined && createdAt >= since ? [id] : [];
  });
}

function exportIdIn(json: Json | undefined): string | undefined {
  const exportId = isObject(json) ? json['id'] : undefined;
  return typeof exportId === 'string' && exportId !== '' ? exportId : undefined;
}

/** Null: it is still being made. `object`: what it has to be an export of. */
export async function pollExport(
  { api }: Context<Settings>,
  exportId: string,
  object: string,
): Promise<{ url: string } | null> {
  const { json } = await api.request({
    path: `/v1/exports/${encodeURIComponent(exportId)}`,
    isAnswer: (json) =>
      exportIdIn(json) === exportId &&
      isObject(json) &&
      typeof json['status'] === 'string' &&
      (json['exported_object'] ?? object) === object,
  });
  const { status, result } = isObject(json) ? json : {};
  if (status === 'SCHEDULED' || status === 'IN_PROGRESS') return null;
  const url = isObject(result) ? result['url'] : undefined;
  if (status === 'DONE' && typeof url === 'string') return { url };
  throw new RejectedError(`The export ended as ${JSON.stringify(status ?? null)}, without a file.`, {
    code: 'export_failed',
  });
}

export async function removeExport({ api }: Context<Settings>, exportId: string): Promise<void> {
  await api.request({
    method: 'DELETE',
    path: `/v1/exports/${encodeURIComponent(exportId)}`,
    answers: [404],
  });
}

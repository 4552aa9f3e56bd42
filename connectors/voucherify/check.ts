// Tests without writing what the key of a project allows.
import {
  type ApiRequest,
  type ApiResponse,
  type Context,
  type Permission,
  RejectedError,
  TransientError,
  UnauthorizedError,
  withAdvice,
} from '#connector';
import { regions } from './answer-error.ts';
import { isObject } from './payload.ts';
import type { Settings } from './settings.ts';

const notTried = 'It writes, so it was not tried: "tributary probe" tries it with throwaway customers.';

export async function check({ api, settings }: Context<Settings>): Promise<Permission[]> {
  const tried = (what: string, path: string, query?: ApiRequest['query']) =>
    permission(what, () => api.request({ path, ...(query && { query }), isAnswer: isObject }));
  const permissions = [
    await tried('read customers', '/v1/customers', { limit: 1 }),
    await tried('read the metadata schema', '/v1/metadata-schemas'),
    wished(
      await tried('list segments', '/v1/segments', { limit: 1 }),
      'Without it nobody is told who would enter or leave a segment.',
    ),
    { what: 'write customers', allowed: null, note: notTried },
  ];
  if (settings.bulk === false) return permissions;
  return [
    ...permissions,
    await tried('follow bulk writes', '/v1/async-actions', { limit: 1 }),
    { what: 'write customers in bulk', allowed: null, note: notTried },
  ];
}

/** Nothing needs it. */
function wished(permission: Permission, otherwise: string): Permission {
  if (permission.allowed !== false) return permission;
  return { ...permission, allowed: null, note: `${permission.note} ${otherwise}` };
}

/** Errors that pass by themselves are thrown: they say nothing of the key. */
async function permission(what: string, ask: () => Promise<ApiResponse>): Promise<Permission> {
  try {
    const { status, json } = await ask();
    const total = isObject(json) ? json['total'] : undefined;
    return {
      what,
      allowed: true,
      note: typeof total === 'number' ? `HTTP ${status}, ${total} in all` : `HTTP ${status}`,
    };
  } catch (error) {
    const isNoApi = error instanceof TransientError && error.foreign && (error.status ?? 500) < 500;
    if (!(isNoApi || error instanceof UnauthorizedError || error instanceof RejectedError)) throw error;
    return { what, allowed: false, note: isNoApi ? withAdvice(error.message, regions) : error.message };
  }
}

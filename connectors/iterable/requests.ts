// The requests made of Iterable's API. It does not know what is done with the answers.
import type { ApiRequest } from '#connector';
import type { Settings } from './settings.ts';

export const fieldsRequest: ApiRequest = { path: '/api/users/getFields', bucket: 'fields' };

export function userRequest(id: string, key: Settings['key']): ApiRequest {
  return key === 'email'
    ? { path: '/api/users/getByEmail', query: { email: id } }
    : { path: `/api/users/byUserId/${encodeURIComponent(id)}` };
}

// The requests to Iterable's API.
import type { ApiRequest, Json } from '#connector';
import { objectOf } from '#connector/reading';
import type { Settings } from './settings.ts';

/** A call a second in the whole organisation. */
export const exportsBucket = 'exports';

export const jobsRequest: ApiRequest = {
  path: '/api/export/jobs',
  bucket: exportsBucket,
  isAnswer: (json) => Array.isArray(objectOf(json)['jobs']),
};

export const fieldsRequest: ApiRequest = {
  path: '/api/users/getFields',
  bucket: 'fields',
  isAnswer: (json) => isObject(objectOf(json)['fields']),
};

function isObject(json: Json | undefined): boolean {
  return json !== undefined && objectOf(json) === json;
}

export function userRequest(id: string, key: Settings['key']): ApiRequest {
  return key === 'email'
    ? { path: '/api/users/getByEmail', query: { email: id } }
    : { path: `/api/users/byUserId/${encodeURIComponent(id)}` };
}

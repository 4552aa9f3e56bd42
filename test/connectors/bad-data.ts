// What the answers of any vendor may also look like: values that are all null, fields that no document names. It knows no vendor.
import type { Context, Json } from '#connector';

type Api = Context<unknown>['api'];

/** The API whose answers are changed on their way. */
export function changing(api: Api, change: (json: Json) => Json): Api {
  return {
    async request(request) {
      const { isAnswer } = request;
      const changed = (json: Json | undefined) => (json === undefined ? undefined : change(json));
      const answer = await api.request({
        ...request,
        ...(isAnswer && { isAnswer: (json) => isAnswer(changed(json)) }),
      });
      return { ...answer, json: changed(answer.json) };
    },
  };
}

/** Every object has fields that no document of the vendor names. */
export function withUnknownFields(json: Json): Json {
  if (Array.isArray(json)) return json.map(withUnknownFields);
  if (json === null || typeof json !== 'object') return json;
  const own = Object.entries(json).map(([key, value]) => [key, withUnknownFields(value)]);
  return { ...Object.fromEntries(own), newList: [1, null, { id: 'x' }], newText: 'unheard of' };
}

/** What names a record, dates it or describes it, and is never empty. */
const structural =
  /^((?!birth).*(id|ids|identity|key|hash|date|at|stamp|type|kind|status|role|etag|version)|(?!birth).*(date|time|modif|updat|creat|chang|cursor|archived|deleted).*)$/i;

/** In each item of a list that names one of `ids`, every text, number and switch that is not structural is null. */
export function withoutValues(json: Json, ids: ReadonlySet<string>): Json {
  if (Array.isArray(json))
    return json.map((item) => (names(item, ids) ? emptied(item) : withoutValues(item, ids)));
  if (json === null || typeof json !== 'object') return json;
  const parts = Object.entries(json).map(([key, value]) => [key, withoutValues(value, ids)]);
  return Object.fromEntries(parts);
}

/** Whether an object has one of the IDs, itself or one step below. */
function names(item: Json, ids: ReadonlySet<string>): boolean {
  const isNamed = (value: Json) => isOneOf(ids, value);
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return false;
  return Object.values(item).some(
    (value) =>
      isNamed(value) || (value !== null && typeof value === 'object' && Object.values(value).some(isNamed)),
  );
}

function emptied(value: Json): Json {
  if (Array.isArray(value)) return value.map(emptied);
  if (value === null || typeof value !== 'object') return null;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isScalar = inner === null || typeof inner !== 'object';
      return [key, isScalar && structural.test(key) ? inner : emptied(inner)];
    }),
  );
}

/** As it is written, or at the end of a longer name, such as `gid://shopify/Customer/1`. */
function isOneOf(ids: ReadonlySet<string>, value: Json): boolean {
  return (
    (typeof value === 'string' || typeof value === 'number') && ids.has(String(value).split('/').at(-1)!)
  );
}

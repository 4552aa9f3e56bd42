// The settings of a JSON API: its requests, the paths of records in its answers, paging, and how changes are requested.
import { z } from 'zod';
import type { Json, JsonObject } from '#connector';
import { headerName, path, paths } from '#connector/paths';
import { valueAt } from '#connector/reading';
import { deletedValues, flag, quotaWindows, wholeNumber } from '#connector/settings';

const itemPath = z
  .string()
  .regex(/^([^.]+(\.[^.]+)*)?$/, 'must be a path such as "data.items", or "" for the whole body');
const urlPath = z
  .string()
  .regex(/^\/[^\s?#]*$/, 'must begin with a slash and have no query string: use "query" for that');
const query = z
  .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
  .default({})
  .describe('Query parameters that are always sent, such as {"sort": "id"}.');
const parameter = z.string().min(1);
const body = z
  .record(z.string(), z.any())
  .transform((given) => given as JsonObject)
  .optional();
const secret = z.string().min(1);

const auth = z
  .union(
    [
      z.literal('none'),
      z.strictObject({
        type: z.literal('bearer').describe('A bearer token (RFC 6750).'),
        token: secret.describe('The token, sent as Authorization: Bearer.'),
      }),
      z.strictObject({
        type: z.literal('header').describe('A header of any name.'),
        name: headerName.describe('The name of the header.'),
        value: secret.describe('The whole value of the header.'),
      }),
      z.strictObject({
        type: z.literal('basic').describe('HTTP Basic (RFC 7617).'),
        user: z.string().describe('The user name. Some APIs expect the key here.'),
        password: z.string().describe('The password; may be empty.'),
      }),
      z.strictObject({
        type: z.literal('query').describe('A query parameter. Use another type if the API has one.'),
        name: parameter.describe('The name of the parameter, such as api_key.'),
        value: secret.describe('Its value. Logs and errors never show it.'),
      }),
    ],
    'must be "none", or {type: "bearer", token}, {type: "header", name, value}, {type: "basic", user, password} or {type: "query", name, value}',
  )
  .describe(
    'How requests are authenticated: {type: "bearer", token}, {type: "header", name, value}, {type: "basic", user, password}, {type: "query", name, value} or "none".',
  );

const stableSort = z
  .literal(
    true,
    'must be true: pages by number or offset skip records unless the sort key never changes. Set such a sort in "query" (the ID, or the time of creation, oldest first) and confirm it here',
  )
  .describe('True confirms that "query" sorts by a key that never changes, oldest first.');
const more = path
  .optional()
  .describe(
    'The path of a boolean that says whether more records follow. Default: an empty page ends the list.',
  );

const paging = z
  .discriminatedUnion('style', [
    z.strictObject({ style: z.literal('none').describe('One answer contains all records.') }),
    z.strictObject({
      style: z.literal('cursor').describe('Each answer contains the cursor of the next page.'),
      parameter: parameter.describe('The parameter that takes the cursor.'),
      next: path.describe(
        'The path of the next cursor in the answer; absent, null or empty on the last page.',
      ),
      more: path
        .optional()
        .describe(
          'The path of a boolean that says whether more records follow. Default: there are if there is a cursor.',
        ),
    }),
    z.strictObject({
      style: z.literal('link').describe('Each answer contains the URL of the next page.'),
      next: path.describe('The path of the URL in the answer; absent, null or empty on the last page.'),
    }),
    z.strictObject({
      style: z.literal('link-header').describe('The Link header has the URL of the next page (RFC 8288).'),
    }),
    z.strictObject({
      style: z.literal('page').describe('Pages are numbered.'),
      parameter: parameter.describe('The parameter that takes the number.'),
      first: wholeNumber({ usual: 1, min: 0, max: 1 }, 'The number of the first page, 0 or 1.'),
      stableSort,
      more,
    }),
    z.strictObject({
      style: z.literal('offset').describe('Records are skipped by number.'),
      parameter: parameter.describe('The parameter that takes the number of records to skip.'),
      stableSort,
      more,
    }),
    z.strictObject({
      style: z.literal('keyset').describe('The next page begins after a value of the last record.'),
      parameter: parameter.describe('The parameter that takes the value.'),
      from: path
        .optional()
        .describe('The path of the value in a record, by which the list is sorted. Default: the record ID.'),
      more,
    }),
  ])
  .default({ style: 'none' })
  .describe('How pages follow each other. Default: one answer contains all records.');

const record = z
  .strictObject({
    id: path
      .default('id')
      .describe('The path of the record ID, which is unique and never changes. Default: id.'),
    changedAt: paths
      .optional()
      .describe('The path of the time of change, or a list of paths of which the first that exists counts.'),
    unit: z
      .enum(['seconds', 'milliseconds', 'microseconds'])
      .default('seconds')
      .describe('The unit of a numeric changedAt, counted since 1970. Default: seconds.'),
    body: path.optional().describe('The path of the fields of the record. Default: the record itself.'),
    deleted: z
      .strictObject({
        path: path.describe('The path of the field.'),
        equals: deletedValues('a deleted record'),
      })
      .optional()
      .describe('The field that marks deleted records: {path, equals?}.'),
    absentIsEmpty: z
      .boolean()
      .default(false)
      .describe(
        'Whether a property that is absent from a record is empty. Default: false, the last value is kept.',
      ),
  })
  .prefault({})
  .describe('The paths of the parts of a record.');

const changes = z
  .strictObject({
    parameter: parameter.describe('The parameter that takes the time since which changes are requested.'),
    format: z
      .enum(['iso', 'seconds', 'milliseconds'])
      .default('iso')
      .describe('How the time is written: "iso" (default, UTC), "seconds" or "milliseconds" since 1970.'),
    path: urlPath.optional().describe('The path of the list of changes. Default: the path of the list.'),
    query,
    body: body.describe('The body of a POST that requests changes. Default: the body of the list.'),
    overlapSeconds: z
      .number()
      .min(1)
      .max(86_400)
      .default(60)
      .describe(
        'The overlap between readings of changes, seconds; must be more than the clocks differ. Default: 60.',
      ),
    lagSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(0)
      .describe(
        'How late a change may appear in the list, seconds; changes are read again after that time. Default: 0.',
      ),
  })
  .optional()
  .describe('How changes are requested. Default: every reading reads the whole list.');

const read = z
  .strictObject({
    path: urlPath.describe(
      'The path of a record, with {id} in place of its ID, or the path of a list that takes IDs.',
    ),
    record: itemPath
      .default('')
      .describe('The path of the record, or of the list, in the answer. Default: the body.'),
    parameter: parameter
      .optional()
      .describe('The parameter that takes comma-separated IDs, if the path has no {id}.'),
    maxIds: wholeNumber(
      { usual: 20, min: 1, max: 500 },
      'The maximum number of IDs in a request with "parameter".',
    ),
  })
  .refine(
    ({ path: at, parameter: ids }) => at.includes('{id}') === (ids === undefined),
    'needs either {id} in its path or "parameter"',
  )
  .optional()
  .describe('How single records are read: {path: "/people/{id}"}, or {path, parameter, maxIds}.');

export const settings = z
  .strictObject({
    baseUrl: z
      .url({ protocol: /^https?$/, error: 'must be a URL such as https://api.example.com/v1' })
      .transform((url) => url.replace(/\/+$/, ''))
      .describe('The base URL of all paths.'),
    auth,
    headers: z
      .record(headerName, z.string())
      .default({})
      .describe(
        'Headers that are sent with every request, such as {"Api-Version": "2"}. Put secrets into auth instead.',
      ),
    list: z
      .strictObject({
        path: urlPath.describe('The path of the list, relative to baseUrl.'),
        method: z
          .enum(['GET', 'POST'])
          .default('GET')
          .describe(
            'The method, GET or POST. With POST every parameter is a path in the JSON body, such as "page.cursor". Default: GET.',
          ),
        query,
        body: body.describe(
          'The body of a POST, to which paging and the time of changes are added. Default: an empty object.',
        ),
        records: itemPath.describe('The path of the list of records in an answer; "" for the whole body.'),
        total: path
          .optional()
          .describe(
            'The path of the total number of records. If a page reports fewer than the one before, the reading starts over.',
          ),
        size: z
          .strictObject({
            parameter: parameter.describe('The parameter that takes the page size.'),
            records: z.int().min(2).max(10_000).describe('That number.'),
          })
          .optional()
          .describe('The page size: {parameter, records}. Default: the API decides.'),
        paging,
      })
      .describe('The list of records.'),
    record,
    changes,
    read,
    complete: flag(
      false,
      'Whether the list contains every record that exists, so that a record that is not in it is deleted: with "read" after a read by ID, without it at once.',
    ),
    quota: quotaWindows
      .default([{ requests: 5, seconds: 1 }])
      .describe('The quota of calls, a window or a list of windows. Default: 5 calls per second.'),
  })
  .superRefine(({ record: { changedAt }, changes: asked }, context) => {
    if (asked && !changedAt)
      context.addIssue({
        code: 'custom',
        path: ['record', 'changedAt'],
        message: 'is required with "changes": it shows what was read last',
      });
  })
  .superRefine(({ list, changes: asked }, context) => {
    const fault = (at: string[], message: string) => context.addIssue({ code: 'custom', path: at, message });
    if (list.method === 'GET') {
      for (const [at, given] of [
        [['list', 'body'], list.body],
        [['changes', 'body'], asked?.body],
      ] as const)
        if (given) fault([...at], 'needs method "POST" of the list');
      return;
    }
    const { paging: pages, size } = list;
    if (pages.style === 'link' || pages.style === 'link-header')
      fault(['list', 'paging', 'style'], 'must not be a link with method "POST": a link is requested by GET');
    const bodies = [list.body, asked && (asked.body ?? list.body)];
    const inBody = (at: string[], name: string) => {
      if (bodies.some((one) => one && !fits(one, name)))
        fault(at, 'must lead to an object of the body, or to an item that a list of the body has');
    };
    if ('parameter' in pages) inBody(['list', 'paging', 'parameter'], pages.parameter);
    if (size) inBody(['list', 'size', 'parameter'], size.parameter);
    if (asked && !fits(asked.body ?? list.body ?? {}, asked.parameter))
      fault(
        ['changes', 'parameter'],
        'must lead to an object of the body, or to an item that a list of the body has',
      );
  });

/** Whether a value can be put at a path of the body: what is absent becomes an object. */
function fits(given: JsonObject, at: string): boolean {
  const keys = at.split('.');
  return keys.every((key, index) => {
    const parent: Json | undefined = valueAt(given, keys.slice(0, index).join('.'));
    if (key === '') return false;
    if (Array.isArray(parent)) return /^\d{1,6}$/.test(key) && Number(key) < parent.length;
    return parent === undefined || (parent !== null && typeof parent === 'object');
  });
}

export type Settings = z.infer<typeof settings>;
export type Paging = Settings['list']['paging'];

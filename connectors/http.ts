// Any JSON API without a connector of its own, described in the configuration by paths, without an expression language.
import { type Auth, type Context, defineConnector, type Permission } from '#connector';
import { fingerprint, tried } from '#connector/checking';
import { windowQuotas } from '#connector/quotas';
import { idInBody, idOf, isRecord, recordOf } from './http/record.ts';
import { changesSince, recordsOf, tryList } from './http/records.ts';
import { type Settings, settings } from './http/settings.ts';

const dayMs = 86_400_000;

export const http = defineConnector<Settings>({
  name: 'http',
  settings,
  // Nobody knows when an API ends that is declared by hand.
  apiVersion: () => ({ name: null, endsOn: null }),
  api: ({ baseUrl, auth, headers, quota }) => ({
    baseUrl,
    headers,
    ...(auth !== 'none' && { auth: credentials(auth) }),
    account: `http:${new URL(baseUrl).host}:${fingerprint(JSON.stringify([baseUrl, auth]))}`,
    quotas: windowQuotas(quota),
  }),
  source: {
    streams: [{ name: 'records', pull: () => Promise.reject(new Error('The settings define the stream.')) }],
    streamsFor: (given) => [recordsOf(given)],
    mapping: { name: 'name', email: 'email', phone: 'phone' },
    sourceId: 'id',
    sourceIdFor: idInBody,
    needsFullReadings: ({ changes, complete, record }) =>
      changes && complete
        ? `Only full readings show records that leave the list${record.deleted ? ', unless they are marked as deleted first' : ''}.`
        : null,
  },
  check,
});

function credentials({ type, ...auth }: Exclude<Settings['auth'], 'none'>): Auth {
  return { kind: type, ...auth } as Auth;
}

async function check(context: Context<Settings>): Promise<Permission[]> {
  const { settings: given, now } = context;
  const { list, changes, read, record } = given;
  const [stream] = [recordsOf(given)];
  const first = async () => (await tryList(context))[0];
  const found: Permission[] = [
    await tried('list records', sortNote(given), async () => {
      const item = await first();
      if (item === undefined) return;
      const one = recordOf(item, given, now);
      if (!isRecord(one)) throw new Error(one.reason);
    }),
  ];
  if (changes)
    found.push(
      await tried('find changes', `Changes are found by ${record.changedAt?.join(' or ')}.`, async () => {
        const items = await tryList(context, changesSince(given, changes, now + dayMs));
        if (items.length > 0)
          throw new Error(
            `The API returned ${items.length} records for changes from tomorrow on: it ignores the parameter ${changes.parameter}, or expects another format.`,
          );
      }),
    );
  if (read)
    found.push(
      await tried('read single records', 'A record of the list was read by its ID.', async () => {
        const item = await first();
        const id = item === undefined ? undefined : idOf(item, given);
        if (id === undefined) return;
        const { missing } = await stream!.read!.records(context, { recordIds: [id], properties: [] });
        if (missing.length > 0)
          throw new Error(`${list.path} lists a record that ${read.path} says does not exist.`);
      }),
    );
  return found;
}

function sortNote({ list: { paging } }: Settings): string {
  if (paging.style === 'page')
    return 'Pages are numbered: a record that is deleted during a reading can hide another one until the next full reading.';
  return 'Its records have an ID.';
}

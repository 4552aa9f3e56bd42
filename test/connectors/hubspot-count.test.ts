// What HubSpot says it has, against what reading then gives: of everything, of what changed, and of a list half read.
import { beforeEach, describe, expect, it } from 'vitest';
import { hubspot } from '../../connectors/hubspot.ts';
import { createHubSpotSimulator, type HubSpotSimulator } from '../../simulators/hubspot.ts';
import type { Context, Json, Page, Stream } from '../../src/connector.ts';
import { localFiles } from '../../src/engine/files.ts';
import { directApi } from '../support/direct-api.ts';

const stream = hubspot.source!.streams[0] as Stream<unknown>;
const properties = ['email', 'city'];
const until = 1_900_000_000_000;

let simulator: HubSpotSimulator;
let context: Context<unknown>;

beforeEach(() => {
  simulator = createHubSpotSimulator({ now: () => until, quotas: false });
  simulator.seed(450, 7, until - 3_600_000);
  const settings = hubspot.settings.parse({ accessToken: 'pat-test-00000000' });
  const api = directApi(simulator.app, hubspot.api!(settings), () => until);
  context = { settings, api, files: localFiles, now: until };
});

const count = (cursor: Json | null) => stream.count!(context, { cursor, until, properties });

async function rest(from: Json | null): Promise<{ records: number; pages: number; cursor: Json }> {
  let [records, pages, cursor] = [0, 0, from];
  for (;;) {
    const page: Page = await stream.pull!(context, { cursor, until, properties });
    records += page.records.length;
    pages += 1;
    cursor = page.cursor;
    if (page.done) return { records, pages, cursor };
  }
}

describe('the count of contacts', () => {
  it('is that of the list, in as many pages as are said, archived ones left out', async () => {
    simulator.archive([...simulator.contacts()][0]!.id);
    const read = await rest(null);
    expect(await count(null)).toBe(read.records);
    const { full } = stream.cost!(context.settings, properties);
    expect(Math.ceil(read.records / full.records) * full.calls).toBe(read.pages);
  });

  it('is that of what is left of a list half read', async () => {
    const { cursor } = await stream.pull!(context, { cursor: null, until, properties });
    expect(await count(cursor)).toBe(350);
    expect((await rest(cursor)).records).toBe(350);
  });

  it('is that of what changed since, and none after it was read', async () => {
    const { cursor } = await rest(null);
    for (const { id } of [...simulator.contacts()].slice(0, 250))
      simulator.update(id, { city: 'Oslo' }, until - 1);
    expect(await count(cursor)).toBe(250);
    const changed = await rest(cursor);
    expect(changed).toMatchObject({ records: 250, pages: 2 });
    expect(await count(changed.cursor)).toBe(0);
  });

  it('asks for the properties of each page apart where their names do not fit into an address', () => {
    const many = Array.from({ length: 1_500 }, (_, index) => `property_${index}`);
    expect(stream.cost!(context.settings, many).full.calls).toBe(2);
  });
});

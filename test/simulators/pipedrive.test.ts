// The simulated Pipedrive company, asked by Pipedrive's own client, over a real connection.
import { Configuration, PersonsApi } from 'pipedrive/v2';
import { afterEach, describe, expect, test } from 'vitest';
import { createPipedriveSimulator, type PipedriveOptions, tier } from '../../simulators/pipedrive.ts';
import { type Served, serve } from '../../simulators/serve.ts';

const apiToken = '0123456789abcdef0123456789abcdef01234567';
const start = Date.parse('2026-11-02T08:00:00.000Z');
let served: Served | null = null;

afterEach(() => served?.close());

async function simulate(options: Partial<PipedriveOptions> = {}) {
  const clock = { ms: start };
  const simulator = createPipedriveSimulator({ now: () => clock.ms, apiToken, quotas: false, ...options });
  served = await serve(simulator.app);
  const configuration = new Configuration({ apiKey: apiToken, basePath: `${served.url}/api/v2` });
  return { clock, simulator, persons: new PersonsApi(configuration) };
}

describe('the simulated Pipedrive, by the official client', () => {
  test('lists everybody by pages, and what changed since a time', async () => {
    const { clock, simulator, persons } = await simulate();
    simulator.seed(250);
    const ids: (number | undefined)[] = [];
    for (let cursor: string | undefined; ; ) {
      const { data, additional_data } = await persons.getPersons({ limit: 100, ...(cursor && { cursor }) });
      ids.push(...(data ?? []).map(({ id }) => id));
      cursor = additional_data?.next_cursor ?? undefined;
      if (cursor === undefined) break;
    }
    expect(ids).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    clock.ms += 5_000;
    simulator.change(7, { name: 'Anna Nowak' });
    const updated_since = new Date(clock.ms).toISOString().replace('.000', '');
    const { data } = await persons.getPersons({ updated_since, sort_by: 'update_time' });
    expect(data).toMatchObject([{ id: 7, name: 'Anna Nowak', custom_fields: { [tier]: null } }]);
  });

  test('hides whom it has deleted or merged from lists, and shows the flag of one', async () => {
    const { simulator, persons } = await simulate();
    simulator.seed(4);
    simulator.remove(1);
    simulator.merge(2, 3);
    const { data } = await persons.getPersons({ ids: '1,2,3,4' });
    expect(data?.map(({ id }) => id)).toEqual([3, 4]);
    expect((await persons.getPerson({ id: 2 })).data).toMatchObject({ id: 2, is_deleted: true });
  });

  test('refuses a wrong token, and calls beyond the burst, the day and all patience', async () => {
    const { clock, simulator, persons } = await simulate({ quotas: { burst: 2, dailyTokens: 40 } });
    // The client throws the body of a refusal.
    const codeOf = (error: { code?: string } | string) =>
      typeof error === 'string' ? 'a web page' : error.code;
    const ask = () => persons.getPersons({}).then(() => 200, codeOf);
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 'ERR_429']);
    clock.ms += 2_000;
    expect([await ask(), await ask()]).toEqual([200, 200]);
    clock.ms += 2_000;
    expect(await ask()).toBe('ERR_429');
    for (let turn = 0; turn < 20; turn += 1) await ask();
    expect(await ask()).toBe('a web page');
    expect(simulator.state.tokens).toBe(40);
    const stranger = new PersonsApi(
      new Configuration({ apiKey: 'another', basePath: `${served!.url}/api/v2` }),
    );
    expect(await stranger.getPersons({}).catch(codeOf)).toBe('ERR_401');
  });
});

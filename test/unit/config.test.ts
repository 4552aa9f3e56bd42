// A configuration is read once, and everything that is wrong with it is said at once.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/index.ts';
import { withEnvFile } from '../../src/config/env-file.ts';
import { ConfigError, type Fault } from '../../src/config/faults.ts';
import { type Config, checkConfig, loadConfig, readEnvironment } from '../../src/config.ts';

type Raw = { [key: string]: unknown };

const destination = { connector: 'voucherify', appId: 'app-id', appToken: 'app-token-00000000' };
const hubspot = { connector: 'hubspot', accessToken: 'pat-test-00000000' };

const configOf = (raw: unknown, variables: { [name: string]: string } = {}): Config =>
  checkConfig('test', raw, variables, connectors);
const withSource = (source: Raw, rest: Raw = {}) => ({
  destination,
  sources: { hubspot: { ...hubspot, ...source } },
  ...rest,
});

function errorOf(work: () => unknown): ConfigError {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const faultsOf = (raw: unknown, variables: { [name: string]: string } = {}): readonly Fault[] =>
  errorOf(() => configOf(raw, variables)).faults;
const paths = (faults: readonly Fault[]) => faults.map((fault) => fault.path);

describe('The configuration', () => {
  it('of the design loads with its ten lines', () => {
    const config = configOf(
      {
        destination: {
          connector: 'voucherify',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a configuration names a variable
          appId: '${env:VOUCHERIFY_APP_ID}',
          appToken: '…',
          baseUrl: 'https://api.voucherify.io',
          quota: { requests: 2000, seconds: 60, reserve: 0.2 },
          bulk: true,
        },
        sources: {
          hubspot: {
            connector: 'hubspot',
            accessToken: 'pat-eu1-00000000',
            clientSecret: '…',
            baseUrl: 'https://api.hubapi.com',
            schedule: '*/5 * * * *',
            sourceId: 'id',
            mapping: {
              name: ['firstname', 'lastname'],
              email: 'email',
              phone: { from: 'phone', as: 'phone', region: 'PL' },
              'metadata.lifecycle_stage': 'lifecyclestage',
            },
          },
          // The design's merge names a second source.
          klaviyo: { connector: 'csv' },
        },
        merge: { default: 'newest', fields: { email: ['hubspot', 'klaviyo'] } },
        publicUrl: 'https://sync.example.com',
      },
      { VOUCHERIFY_APP_ID: 'the-id' },
    );
    expect(config.destination.settings).toMatchObject({ appId: 'the-id' });
    expect(config.sources.map(({ name, schedule, timezone }) => ({ name, schedule, timezone }))).toEqual([
      { name: 'hubspot', schedule: '*/5 * * * *', timezone: 'UTC' },
      { name: 'klaviyo', schedule: null, timezone: 'UTC' },
    ]);
    expect(config.merge).toEqual({ default: 'newest', fields: { email: ['hubspot', 'klaviyo'] } });
    expect(config.publicUrl).toBe('https://sync.example.com');
  });

  it('has a default for everything that can have one', () => {
    expect(configOf({ destination, sources: { hubspot, files: { connector: 'csv' } } })).toMatchObject({
      path: 'test',
      merge: {},
      publicUrl: null,
      metadataSchema: 'destination',
      sources: [
        {
          name: 'hubspot',
          sourceId: { path: null, policy: 'sticky' },
          mapping: null,
          filter: null,
          extraProperties: [],
          badValues: 'quarantine',
          schedule: null,
          timezone: 'UTC',
        },
        // Null: by what the file's columns are.
        { name: 'files', badValues: null },
      ],
    });
  });

  it('may have no source at all: then files are imported', () => {
    expect(configOf({ destination, sources: {} }).sources).toEqual([]);
  });

  it('accepts every shape of a mapping, and in TypeScript functions', () => {
    const name = (body: { [key: string]: unknown }) => String(body['first']);
    const mapping = {
      name,
      email: 'mail',
      'address.city': ['town', 'village'],
      'metadata.n': { from: 'n', as: 'number', onNull: 'ignore' },
    };
    const [source] = configOf(withSource({ mapping, filter: () => true })).sources;
    expect(source?.mapping).toEqual(mapping);
    expect(source?.filter).toBeTypeOf('function');
  });

  it('reports everything that is wrong at once: in the file, in the settings of every connector and in the merge', () => {
    const faults = faultsOf({
      destination: { ...destination, appToken: '', baseUrl: 'api.voucherify.io' },
      sources: {
        hubspot: {
          ...hubspot,
          accessToken: 'two words',
          schedule: '*/5 * * *',
          timezone: 'Mars/Olympus',
          mapping: { 'e-mail': 'email' },
        },
        Upper: { connector: 'nimbus' },
        other: { connector: 'salesfarce' },
      },
      merge: { default: 'latest', fields: { email: ['hubspot', 'klavio'] } },
      publicUrl: 'sync.example.com',
      extra: 1,
    });
    expect(paths(faults).sort()).toEqual(
      [
        'destination.appToken',
        'destination.baseUrl',
        'extra',
        'merge.default',

        'publicUrl',
        'sources.Upper',
        'sources.Upper.connector',
        'sources.hubspot.accessToken',
        'sources.hubspot.mapping.e-mail',
        'sources.hubspot.schedule',
        'sources.hubspot.timezone',
        'sources.other.connector',
      ].sort(),
    );
  });

  it('says in words what is allowed, not in those of the library', () => {
    const alarms = { behindMinutes: -1, to: { chat: { url: 'https://chat.example', format: 'slak' } } };
    const raw = { ...withSource({}, { alarms }), destination: { connector: 'voucherify', appToken: 1 } };
    const allowed = faultsOf(raw).map(({ path, allowed: words }) => [path, words]);
    expect(Object.fromEntries(allowed)).toEqual({
      'alarms.behindMinutes': 'a number of at least 1',
      'alarms.to.chat.format': '"standard" or "slack"',
      'destination.appId': 'text',
      'destination.appToken': 'text',
    });
  });

  it('says where, what was found and what is allowed, in the message too', () => {
    const error = errorOf(() => configOf(withSource({ schedule: '*/5 * * *' })));
    expect(error.faults).toEqual([
      {
        path: 'sources.hubspot.schedule',
        found: '"*/5 * * *"',
        allowed: 'it has 4 fields; five are allowed, or six with seconds first',
      },
    ]);
    expect(error.message).toBe(
      'The configuration test has a fault:\n  sources.hubspot.schedule\n    found:   "*/5 * * *"\n    allowed: it has 4 fields; five are allowed, or six with seconds first',
    );
    expect(errorOf(() => configOf(withSource({ schedule: '', extraProperties: 1 }))).message).toContain(
      'has 2 faults:',
    );
  });

  it.each([null, 'text', 7, [], {}])('that is %j is refused and not crashed on', (raw) => {
    for (const fault of faultsOf(raw)) expect(fault.found).not.toBe('');
  });

  it.each([
    { destination: null, sources: null },
    { destination: 'voucherify', sources: [] },
    { destination, sources: { hubspot: null, two: 'csv', three: [] } },
    { destination, sources: { hubspot: { ...hubspot, mapping: null } } },
    { destination, sources: { hubspot: { ...hubspot, mapping: { email: null } } } },
    { destination, sources: { hubspot: { ...hubspot, mapping: { email: { from: 7 } } } } },
    { destination, sources: { hubspot: { connector: 7 } } },
    { destination, sources: { hubspot }, merge: [] },
    { destination, sources: { hubspot }, merge: { fields: { email: null } } },
  ])('of a wrong shape is refused with faults, not crashed on: %j', (raw) => {
    expect(faultsOf(raw).length).toBeGreaterThan(0);
  });

  describe('names variables of the environment', () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is how a configuration names a variable
    it('in any string, at any depth, alone or among other text', () => {
      const config = configOf(
        withSource(
          {
            accessToken: '${env:TOKEN}',
            baseUrl: 'https://${env:HOST}/${env:PATH_}',
            filter: { stage: ['${env:STAGE}'] },
          },
          { publicUrl: 'https://${env:HOST}' },
        ),
        { TOKEN: 'pat-1', HOST: 'example.com', PATH_: 'hub', STAGE: 'lead' },
      );
      expect(config.sources[0]).toMatchObject({
        settings: { accessToken: 'pat-1', baseUrl: 'https://example.com/hub' },
        filter: { stage: ['lead'] },
      });
      expect(config.publicUrl).toBe('https://example.com');
    });

    it('and says every one that is not set, once, with where it stands', () => {
      const faults = faultsOf(
        withSource({
          accessToken: '${env:TOKEN}',
          baseUrl: '${env:BASE}',
          extraProperties: ['a', '${env:KEEP}'],
        }),
        {},
      );
      expect(faults).toEqual([
        {
          path: 'sources.hubspot.accessToken',
          found: '${env:TOKEN}',
          allowed: 'an environment variable that is set; TOKEN is not',
        },
        {
          path: 'sources.hubspot.baseUrl',
          found: '${env:BASE}',
          allowed: 'an environment variable that is set; BASE is not',
        },
        {
          path: 'sources.hubspot.extraProperties[1]',
          found: '${env:KEEP}',
          allowed: 'an environment variable that is set; KEEP is not',
        },
      ]);
    });

    it('with a default for one that is unset or empty', () => {
      const [source] = configOf(
        withSource({
          accessToken: '${env:TOKEN:-none}',
          baseUrl: '${env:BASE:-https://hub.example.com/:-}',
          schedule: '${env:CRON:-*/5 * * * *}',
        }),
        { TOKEN: 'pat-1', BASE: '' },
      ).sources;
      expect(source).toMatchObject({
        settings: { accessToken: 'pat-1', baseUrl: 'https://hub.example.com/:-' },
        schedule: '*/5 * * * *',
      });
    });

    it('which may hold what looks like another name: it is not filled again', () => {
      const [source] = configOf(withSource({ accessToken: '${env:TOKEN}' }), {
        TOKEN: '${env:HOME}',
      }).sources;
      expect(source?.settings).toMatchObject({ accessToken: '${env:HOME}' });
    });

    it('and never shows what they hold, wherever the name was put by mistake', () => {
      const found = faultsOf(
        withSource({
          baseUrl: '${env:TOKEN}',
          schedule: '${env:TOKEN}',
          quota: { requests: '${env:TOKEN}' },
        }),
        { TOKEN: 'pat-secret' },
      );
      expect(paths(found)).toContain('sources.hubspot.baseUrl');
      expect(JSON.stringify(found)).not.toContain('pat-secret');
      expect(found.find((fault) => fault.path === 'sources.hubspot.baseUrl')?.found).toBe('"${env:TOKEN}"');
    });
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above
  });

  describe('keeps secrets out of what it says', () => {
    it('where the secret itself is wrong', () => {
      const faults = faultsOf(withSource({ accessToken: 'pat secret', clientSecret: 12345678 }));
      expect(faults.map(({ path, found }) => ({ path, found }))).toEqual([
        { path: 'sources.hubspot.accessToken', found: '(a secret, not shown)' },
        { path: 'sources.hubspot.clientSecret', found: '(a secret, not shown)' },
      ]);
    });

    it('where what is around it is wrong', () => {
      for (const raw of [
        { destination, sources: [{ ...hubspot, accessToken: 'pat-secret' }] },
        { destination: [{ appToken: 'pat-secret' }], sources: {} },
        [{ destination: { appToken: 'pat-secret' } }],
        { destination, sources: { hubspot: [{ nested: { password: 'pat-secret' } }] } },
        { destination, sources: { hubspot: { ...hubspot, quota: { apiKey: 'pat-secret' } } } },
      ]) {
        expect(JSON.stringify(faultsOf(raw))).not.toContain('pat-secret');
      }
    });

    it('but says that one is missing', () => {
      expect(faultsOf({ destination, sources: { hubspot: { connector: 'hubspot' } } })).toMatchObject([
        { path: 'sources.hubspot.accessToken', found: 'nothing' },
      ]);
    });

    it('and credentials in a URL', () => {
      expect(
        JSON.stringify(faultsOf(withSource({}, { publicUrl: 'ftp://me:hunter2@example.com' }))),
      ).not.toContain('hunter2');
    });
  });

  it("refuses keys that it does not know, in its own part and in a connector's", () => {
    const faults = faultsOf({
      destination: { ...destination, apToken: 'x' },
      sources: { hubspot: { ...hubspot, scheduel: '* * * * *' } },
      sorces: {},
    });
    expect(paths(faults).sort()).toEqual(['destination.apToken', 'sorces', 'sources.hubspot.scheduel']);
    for (const fault of faults) expect(fault.found).toBe('an unknown key');
  });

  it('names the connectors there are where one is not known, each only where it fits', () => {
    const faults = faultsOf({
      destination: { connector: 'hubspot' },
      sources: { a: { connector: 'voucherify' } },
    });
    expect(faults).toEqual([
      { path: 'destination.connector', found: '"hubspot"', allowed: 'one of voucherify' },
      {
        path: 'sources.a.connector',
        found: '"voucherify"',
        allowed: expect.stringMatching(/^one of (?!.*voucherify).*braze, .*hubspot, .*webhook/),
      },
    ]);
  });

  it.each(['*/5 * * * *', '30 */5 * * * *', '0 9 * * 1-5', '0 0 1 jan *'])(
    'takes the schedule %s',
    (schedule) => {
      expect(configOf(withSource({ schedule })).sources[0]?.schedule).toBe(schedule);
    },
  );

  it.each([
    ['* * * *', '4 fields'],
    ['* * * * * * *', '7 fields'],
    ['60 * * * *', 'minute'],
    ['* 25 * * *', 'hour'],
    ['hourly', '1 field;'],
  ])('refuses the schedule %s', (schedule, said) => {
    const [fault, ...others] = faultsOf(withSource({ schedule }));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ path: 'sources.hubspot.schedule', found: JSON.stringify(schedule) });
    expect(fault?.allowed).toContain(said);
  });

  it('refuses a time zone that does not exist', () => {
    expect(faultsOf(withSource({ timezone: 'Europe/Warszawa' }))).toMatchObject([
      { path: 'sources.hubspot.timezone', allowed: expect.stringContaining('Europe/Warsaw') },
    ]);
  });

  it.each(connectors.filter(({ source }) => source).map(({ name }) => name))(
    'answers a key that was renamed by its new name, whatever else is wrong: %s',
    (connector) => {
      const faults = faultsOf({
        destination,
        sources: { crm: { connector, keep: ['plan'] } },
        deletes: 'blank',
      });
      const found = 'a key that was renamed';
      expect(faults).toContainEqual({
        path: 'sources.crm.keep',
        found,
        allowed: '"extraProperties" in its place, with the same value',
      });
      expect(faults).toContainEqual({
        path: 'deletes',
        found,
        allowed: '"onOrphaned" in its place, with the same value',
      });
    },
  );

  it('answers a renamed key of a connector by its new name', () => {
    const webhook = { connector: 'webhook', authentication: 'open', handshake: { probe: true } };
    expect(faultsOf({ destination, sources: { crm: webhook } })).toContainEqual({
      path: 'sources.crm.handshake.probe',
      found: 'a key that was renamed',
      allowed: '"reachabilityCheck" in its place, with the same value',
    });
  });

  it('does not take a key for a renamed one where there is none of the new name', () => {
    const faults = faultsOf(withSource({ deletes: 'blank', webhook: { keep: 1 } }, { keep: [] }));
    expect(paths(faults).toSorted()).toEqual([
      'keep',
      'sources.hubspot.deletes',
      'sources.hubspot.webhook.keep',
    ]);
    for (const { found, allowed } of faults) {
      expect(found).toBe('an unknown key');
      expect(allowed).not.toMatch(/in its place/);
    }
  });

  it.each([
    ['firstname', 'name'],
    ['e-mail', 'email'],
    ['adress.city', 'address.city'],
    ['zip', 'address.postal_code'],
    ['loyalty_points', 'metadata.loyalty_points'],
  ])('says of the field %s, which there is not, that %s may be meant', (field, nearest) => {
    expect(faultsOf(withSource({ mapping: { [field]: 'x' } }))).toMatchObject([
      {
        path: `sources.hubspot.mapping.${field}`,
        found: '"x"',
        allowed: expect.stringContaining(`did you mean "${nearest}"?`),
      },
    ]);
  });

  it('says what a mapping entry may be', () => {
    expect(faultsOf(withSource({ mapping: { email: 7 } }))).toMatchObject([
      {
        path: 'sources.hubspot.mapping.email',
        found: '7',
        allowed: expect.stringContaining('a path, a list of paths'),
      },
    ]);
  });

  it('refuses a merge of fields there are not, and warns of sources there are not yet', () => {
    const merge = {
      sources: ['hubspt'],
      fields: {
        email: ['klaviyo'],
        phone: { policy: 'first', sources: ['hubspot', 'segment'] },
        'metadata.*': 'first',
        '*': 'newest' as const,
      },
    };
    const faults = faultsOf(withSource({}, { merge: { fields: { ...merge.fields, emial: 'newest' } } }));
    expect(faults.map(({ path, found }) => [path, found])).toEqual([['merge.fields.emial', '"newest"']]);
    expect(faults[0]?.allowed).toContain('did you mean "email"?');
    expect(configOf(withSource({}, { merge })).warnings).toEqual([
      'merge.sources names "hubspt", but there is no source of this name (sources: hubspot).',
      'merge.fields.email names "klaviyo", but there is no source of this name (sources: hubspot).',
      'merge.fields.phone.sources names "segment", but there is no source of this name (sources: hubspot).',
    ]);
  });

  describe('of sources that had another name, or are gone', () => {
    const withSecond = (renamedFrom: string, more: object = {}) =>
      withSource({}, { sources: { hubspot, crm: { ...hubspot, renamedFrom } }, ...more });

    it('accepts a former name that no source has', () => {
      expect(configOf(withSecond('old', { removedSources: ['older'] })).warnings).toEqual([]);
    });

    it('warns of what has no effect', () => {
      expect(configOf(withSecond('hubspot')).warnings).toEqual([
        'sources.crm.renamedFrom names "hubspot", which is still a source of this configuration: nothing is moved.',
      ]);
      expect(configOf(withSource({}, { removedSources: ['hubspot'] })).warnings).toEqual([
        'removedSources names "hubspot", which is a source of this configuration: it is not withdrawn.',
      ]);
    });

    it('refuses one former name for two sources, and one that was removed', () => {
      const second = { ...hubspot, renamedFrom: 'old' };
      expect(faultsOf(withSource({}, { sources: { one: second, two: second } }))).toEqual([
        {
          path: 'sources.two.renamedFrom',
          found: '"old"',
          allowed: 'a former name that no other source has: one has it already',
        },
      ]);
      expect(faultsOf(withSecond('old', { removedSources: ['old'] }))).toEqual([
        {
          path: 'sources.crm.renamedFrom',
          found: '"old"',
          allowed: 'a source that was renamed, not removed: removedSources names it as well',
        },
      ]);
    });
  });

  it('warns of an http:// address in a public network, and of none in a local one', () => {
    const warningsOf = (baseUrl: string) => configOf(withSource({ baseUrl })).warnings;
    expect(warningsOf('http://proxy.example.com:8080')).toEqual([
      'sources.hubspot uses http://proxy.example.com:8080: credentials and customers cross the network unencrypted. Set baseUrl to an https:// URL.',
    ]);
    for (const local of [
      'https://proxy.example.com',
      'http://127.0.0.1:9',
      'http://stub:80',
      'http://10.0.0.7',
    ])
      expect(warningsOf(local)).toEqual([]);
  });

  it('refuses a source named destination: that name is taken', () => {
    expect(faultsOf({ destination, sources: { destination: hubspot } })).toEqual([
      {
        path: 'sources.destination',
        found: '"destination"',
        allowed: 'any other name: this one is reserved',
      },
    ]);
  });

  it.each(['Hub', '1st', 'with space', '', 'a'.repeat(64)])('refuses a source named %j', (name) => {
    expect(faultsOf({ destination, sources: { [name]: hubspot } })[0]).toMatchObject({
      allowed: expect.stringContaining('a name of a-z'),
    });
  });

  it('does not repeat a long value whole', () => {
    for (const fault of faultsOf(withSource({ timezone: 'x'.repeat(10_000) })))
      expect(fault.found.length).toBeLessThanOrEqual(200);
  });
});

describe('A file of configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-config-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(extension: string, text: string): string {
    const own = mkdtempSync(join(folder, 'of-'));
    const path = join(own, `tributary.config.${extension}`);
    writeFileSync(path, text);
    return path;
  }
  const load = (path: string, variables: { [name: string]: string } = {}) =>
    loadConfig(readEnvironment({ TRIBUTARY_CONFIG: path, ...variables }), connectors);
  const refused = (path: string) =>
    load(path).then(
      () => {
        throw new Error('nothing was refused');
      },
      (error: unknown) => {
        if (error instanceof ConfigError) return error;
        throw error;
      },
    );

  it('may be JSON', async () => {
    const path = write('json', JSON.stringify(withSource({})));
    expect(await load(path)).toMatchObject({ path, sources: [{ name: 'hubspot' }] });
  });

  it('may be TypeScript, with functions and what it imports', async () => {
    const path = write(
      'ts',
      `import { defineConfig } from ${JSON.stringify(new URL('../../src/config.ts', import.meta.url).href)};
      interface Person { first: string }
      export default defineConfig({
        destination: ${JSON.stringify(destination)},
        sources: { hubspot: { connector: 'hubspot', accessToken: '\${env:TOKEN}', mapping: { name: (body) => (body as unknown as Person).first } } },
      });`,
    );
    const [source] = (await load(path, { TOKEN: 'pat-from-env' })).sources;
    expect(source?.settings).toMatchObject({ accessToken: 'pat-from-env' });
    const name = source?.mapping?.['name'];
    if (typeof name !== 'function') throw new Error('the function was lost');
    expect(name({ first: 'Ann' })).toBe('Ann');
  });

  it('that is not there is said so, with its path', async () => {
    const path = join(folder, 'nowhere.json');
    expect((await refused(path)).faults).toEqual([
      { path, found: 'no such file', allowed: 'a .ts or .json file' },
    ]);
  });

  it('is looked for in the current folder; if there is none, the variable is named', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'tributary-config-'));
    const environment = readEnvironment({}, empty);
    expect(environment.configPath).toBeNull();
    await expect(loadConfig(environment, connectors)).rejects.toMatchObject({
      faults: [{ path: 'TRIBUTARY_CONFIG' }],
    });
    writeFileSync(join(empty, 'tributary.config.json'), '{}');
    expect(readEnvironment({}, empty).configPath).toBe(join(empty, 'tributary.config.json'));
    writeFileSync(join(empty, 'tributary.config.ts'), '');
    expect(readEnvironment({}, empty).configPath).toBe(join(empty, 'tributary.config.ts'));
    rmSync(empty, { recursive: true });
  });

  it('of broken JSON is refused with the line, without what stands there: it may be a secret', async () => {
    const path = write('json', '{\n  "destination": {\n    "appToken": pat-hunter2\n  }\n}');
    const error = await refused(path);
    expect(error.faults).toMatchObject([{ path, allowed: 'JSON' }]);
    expect(error.message).toMatch(/line 3, column 17\b/);
    expect(error.message).not.toMatch(/hunt|pat-/);
  });

  it.each([
    ['', /an empty file/],
    ['{"a": 1,}', /line 1\b/],
    ['{\n"a": 1\n"b": 2}', /line 3\b/],
    ['{"a": "x\ny"}', /line 1\b/],
    ['{"appToken": hunter2}', /line 1\b/],
  ])('of broken JSON says where: %j', async (text, said) => {
    const error = await refused(write('json', text));
    expect(error.message).toMatch(said);
    expect(error.message).not.toContain('hunter2');
  });

  it('of JSON says for each fault the line and column of what it is about', async () => {
    const path = write(
      'json',
      `{
  "destination": { "connector": "voucherify", "appId": "a", "appToken": "b" },
  "sources": {
    "hubspot": {
      "connector": "hubspot", "accessToken": "x", "shedule": "* * * * *",
      "mapping": { "name": "firstname", "metadata.a.b": { "from": "c", "as": "numbr" } }
    }
  },
  "breaker": { "deletes": [1, "many"] }
}`,
    );
    const places = (await refused(path)).faults.map(({ path, place }) => [path, place]);
    expect(places).toEqual([
      ['sources.hubspot.mapping.metadata.a.b.as', { line: 6, column: 72 }],
      ['breaker.deletes', { line: 9, column: 16 }],
      ['sources.hubspot.shedule', { line: 5, column: 51 }],
    ]);
  });

  it('of JSON takes secrets from files beside it, without the line feed at their end', async () => {
    const path = write(
      'json',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a configuration names a file
      '{"destination": {"connector": "voucherify", "appId": "a", "appToken": "${file:token}"}, "sources": {}}',
    );
    expect((await refused(path)).message).toMatch(
      /\(line 1, column 59\)\n.*\n.*a file that exists; .*token is none/,
    );
    writeFileSync(join(dirname(path), 'token'), 'from-a-file\n');
    expect((await load(path)).destination.settings).toMatchObject({ appToken: 'from-a-file' });
    writeFileSync(join(dirname(path), 'token'), '\n');
    expect((await refused(path)).message).toMatch(/a file that is not empty/);
    writeFileSync(join(dirname(path), 'token'), Buffer.from([0xff, 0xfe, 0x41]));
    expect((await refused(path)).message).toMatch(/a file of UTF-8 text/);
    writeFileSync(join(dirname(path), 'token'), 'x'.repeat(70_000));
    expect((await refused(path)).message).toMatch(/a file of at most 64 KB/);
  });

  it('of JSON may hold comments and name its schema', async () => {
    const path = write(
      'json',
      `// Who owns it: CRM team
      { "$schema": "./tributary.schema.json", /* the shop's project */
        "destination": { "connector": "voucherify", "appId": "a", "appToken": "b" },
        "sources": {}, // none yet
        "publicUrl": "https://sync.example.com//x" }`,
    );
    expect((await load(path)).publicUrl).toBe('https://sync.example.com//x');
  });

  it('of JSON with a comment that does not end is refused', async () => {
    expect((await refused(write('json', '{ /* "a": 1 }'))).message).toMatch(/line 1, column 3\)\n.*comment/);
  });

  it('of broken TypeScript is refused', async () => {
    const path = write('ts', 'export default {');
    expect((await refused(path)).faults).toMatchObject([
      { path, allowed: 'a module whose default export is the configuration' },
    ]);
  });

  it('of TypeScript without a default export is refused', async () => {
    const path = write('ts', 'export const config = {};');
    expect((await refused(path)).faults).toMatchObject([{ path, found: 'it has no default export' }]);
  });

  it('of TypeScript that throws is refused with its message', async () => {
    const path = write('ts', "throw new Error('no such key in the vault');");
    expect((await refused(path)).faults).toMatchObject([{ path, found: 'no such key in the vault' }]);
  });
});

describe('The file .env', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-env-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('sets what the environment does not', () => {
    writeFileSync(join(folder, '.env'), '# keys\nHUBSPOT_TOKEN="pat-1"\nPORT=4000\n');
    expect(withEnvFile({ PORT: '5000' }, folder)).toEqual({ HUBSPOT_TOKEN: 'pat-1', PORT: '5000' });
  });

  it('need not exist', () => {
    expect(withEnvFile({ PORT: '5000' }, join(folder, 'none'))).toEqual({ PORT: '5000' });
  });

  it('that cannot be read is a fault', () => {
    const place = mkdtempSync(join(folder, 'of-'));
    mkdirSync(join(place, '.env'));
    expect(errorOf(() => withEnvFile({}, place)).faults).toMatchObject([
      { path: join(place, '.env'), found: 'a file that cannot be read (EISDIR)' },
    ]);
  });
});

describe('The environment', () => {
  const faults = (variables: { [name: string]: string }) =>
    errorOf(() => readEnvironment(variables, '/srv')).faults;

  it('has a default for everything', () => {
    expect(readEnvironment({}, '/srv')).toEqual({
      databaseUrl: undefined,
      port: 3000,
      host: '127.0.0.1',
      configPath: null,
      apiToken: undefined,
      secretKey: undefined,
      oldSecretKeys: [],
      dataDir: '/srv/.tributary',
      logLevel: 'info',
      proxies: null,
      tracing: { settings: null, warning: null },
      variables: {},
    });
  });

  it('is read', () => {
    const variables = {
      DATABASE_URL: 'postgresql://me@db/tributary',
      PORT: '8080',
      HOST: '0.0.0.0',
      TRIBUTARY_CONFIG: 'config/tributary.json',
      TRIBUTARY_API_TOKEN: 'sixteen-letters-',
      TRIBUTARY_SECRET_KEY: 'thirty-two-letters-are-needed-for',
      TRIBUTARY_OLD_SECRET_KEYS: 'the-key-of-last-year-is-still-here, and-the-key-of-the-year-before-it',
      TRIBUTARY_DATA_DIR: '/var/lib/tributary',
      LOG_LEVEL: 'debug',
    };
    expect(readEnvironment(variables, '/srv')).toEqual({
      databaseUrl: 'postgresql://me@db/tributary',
      port: 8080,
      host: '0.0.0.0',
      configPath: '/srv/config/tributary.json',
      apiToken: 'sixteen-letters-',
      secretKey: 'thirty-two-letters-are-needed-for',
      oldSecretKeys: ['the-key-of-last-year-is-still-here', 'and-the-key-of-the-year-before-it'],
      dataDir: '/var/lib/tributary',
      logLevel: 'debug',
      proxies: null,
      tracing: { settings: null, warning: null },
      variables,
    });
  });

  it('counts what is empty as not set', () => {
    expect(readEnvironment({ PORT: '', TRIBUTARY_API_TOKEN: '' }, '/srv')).toMatchObject({
      port: 3000,
      databaseUrl: undefined,
      apiToken: undefined,
      secretKey: undefined,
    });
  });

  it('refuses fewer connections than a worker needs, and names the variable of a direct address that is none', () => {
    const url = 'postgres://db/x';
    const said = faults({
      DATABASE_URL: url,
      DATABASE_CONNECTIONS: '3',
      DATABASE_DIRECT_URL: 'mysql://me:hunter2@db/x',
    });
    expect(said.map(({ path }) => path).sort()).toEqual(['DATABASE_CONNECTIONS', 'DATABASE_DIRECT_URL']);
    expect(JSON.stringify(said)).toMatch(/a whole number from 4 to 999/);
    expect(JSON.stringify(said)).toMatch(/DATABASE_DIRECT_URL is not an address/);
    expect(JSON.stringify(said)).not.toMatch(/hunter2|DATABASE_URL is/);
    expect(readEnvironment({ DATABASE_URL: url, DATABASE_CONNECTIONS: '4' }).databaseConnections).toBe(4);
  });

  it('refuses an empty DATABASE_URL: the embedded database would take its place unnoticed', () => {
    expect(faults({ DATABASE_URL: '' })).toEqual([
      {
        path: 'DATABASE_URL',
        found: '""',
        allowed: 'a URL; leave the variable unset to use the embedded database',
      },
    ]);
  });

  it('is refused with every fault at once', () => {
    expect(
      paths(
        faults({ PORT: 'http', DATABASE_URL: 'mysql://db', LOG_LEVEL: 'loud', TRIBUTARY_API_TOKEN: 'short' }),
      ).sort(),
    ).toEqual(['DATABASE_URL', 'LOG_LEVEL', 'PORT', 'TRIBUTARY_API_TOKEN']);
  });

  it.each(['http', '-1', '65536', '80.5', ' ', '0x50', '1e3'])('refuses the port %j', (PORT) => {
    expect(faults({ PORT })).toEqual([
      { path: 'PORT', found: JSON.stringify(PORT), allowed: 'a whole number from 0 to 65535' },
    ]);
  });

  it('says what a level of the log may be', () => {
    expect(faults({ LOG_LEVEL: 'loud' })[0]?.allowed).toContain(
      '"trace", "debug", "info", "warn" or "error"',
    );
  });

  it('shows neither the token nor the password of the database', () => {
    const said = faults({ DATABASE_URL: 'mysql://me:hunter2@db/tributary', TRIBUTARY_API_TOKEN: 'hunter2' });
    expect(JSON.stringify(said)).not.toContain('hunter2');
    expect(said.map((fault) => fault.allowed)).toEqual([
      expect.stringMatching(/^DATABASE_URL is not an address such as postgres:/),
      'at least 16 characters',
    ]);
  });
});

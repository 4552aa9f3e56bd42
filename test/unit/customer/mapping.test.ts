// What a record contributes by its mapping.
import { describe, expect, it } from 'vitest';
import type {
  Json,
  JsonObject,
  Mapping,
  MetadataDefinition,
  MetadataSchema,
} from '../../../src/connector.ts';
import { compileMapping, mappingFaults } from '../../../src/customer/mapping.ts';

const fieldsOf = (mapping: Mapping, body: JsonObject) => {
  const { fields, faults } = compileMapping(mapping).contribute(body);
  expect(faults).toEqual([]);
  return fields;
};
const define = (definition: Partial<MetadataDefinition>): MetadataDefinition => ({
  type: 'string',
  array: false,
  required: false,
  ...definition,
});

it('A contact as HubSpot sends it becomes fields as Voucherify takes them.', () => {
  const mapping: Mapping = {
    name: ['firstname', 'lastname'],
    email: 'email',
    phone: { from: 'phone', as: 'phone', region: 'PL' },
    birthdate: 'date_of_birth',
    'address.city': 'city',
    'metadata.score': { from: 'score', as: 'number' },
    'metadata.interests': { from: 'interests', as: 'list' },
    'metadata.raw': 'score',
  };
  const body = {
    firstname: ' Anna ',
    lastname: 'Nowak',
    email: 'Anna@Example.com',
    phone: '600 100 200',
    date_of_birth: '641520000000',
    city: '',
    score: '42',
    interests: 'tea;coffee',
  };
  expect(fieldsOf(mapping, body)).toEqual({
    name: 'Anna Nowak',
    email: 'anna@example.com',
    phone: '+48600100200',
    birthdate: '1990-05-01',
    'address.city': null,
    'metadata.score': 42,
    'metadata.interests': ['tea', 'coffee'],
    'metadata.raw': '42',
  });
});

describe('what a field is read from', () => {
  const number: MetadataSchema = {
    definedOnly: false,
    definitions: { points: { type: 'number', array: false, required: false } },
  };
  it.each([
    [
      { email: 'Mail' },
      { Mail: ' <Anna@Example.com>' },
      ['trimmed', 'stripped of the text around the address', 'lower-cased'],
    ],
    [{ email: 'Mail' }, { Mail: 'anna@example.com' }, []],
    [{ name: 'n' }, { n: ' Anna ' }, ['trimmed']],
    [{ name: 'n' }, { n: 7 }, ['written as text']],
    [{ name: ['first', 'last'] }, { first: 'Anna', last: 'Nowak' }, ['joined']],
    [
      { 'metadata.points': { from: 'p', as: 'number', decimal: ',' } },
      { p: '1,5' },
      ['read as a number with decimal ","'],
    ],
    [
      { 'metadata.points': { from: 'p', decimal: ',' } },
      { p: '1,5' },
      ['read as number by the metadata schema with decimal ","'],
    ],
    [
      { 'metadata.at': { from: 't', as: 'datetime', unit: 'seconds' } },
      { t: 1_700_000_000 },
      ['read as a time, counting seconds since 1970'],
    ],
    [
      { phone: { from: 'p', region: 'PL' } },
      { p: '600 100 200' },
      ['read as a telephone number of PL, in international form'],
    ],
    [{ 'metadata.tags': { from: 't', as: 'list' } }, { t: 'a;b' }, ['split at ";"']],
    [{ name: () => 'x' }, {}, []],
  ] as [Mapping, JsonObject, string[]][])('%j of %j', (mapping, body, done) => {
    const [field, entry] = Object.entries(mapping)[0]!;
    const raw = compileMapping(mapping, { schema: number }).rawOf(field, body);
    expect(raw?.done).toEqual(done);
    expect(raw?.values).toEqual(typeof entry === 'function' ? [] : Object.values(body));
    expect(compileMapping(mapping).rawOf('description', body)).toBeNull();
  });
});

describe('absent and null', () => {
  it('are different: what is absent is not spoken of, what is null is to be cleared', () => {
    expect(fieldsOf({ name: 'a', email: 'b' }, { a: null })).toEqual({ name: null });
  });

  it('are the same where the null policy is ignore, for the empty text too', () => {
    const mapping: Mapping = {
      name: { from: 'a', onNull: 'ignore' },
      phone: { from: 'b', onNull: 'ignore' },
    };
    expect(fieldsOf(mapping, { a: null, b: ' ' })).toEqual({});
  });

  it('are the same as a list or an object of nothing where the null policy is ignore; zero and false are values', () => {
    const define = (entry: object): Mapping => ({ 'metadata.x': { from: 'x', onNull: 'ignore', ...entry } });
    for (const nothing of [[], ['', ' ', null], {}])
      expect(fieldsOf(define({}), { x: nothing }), JSON.stringify(nothing)).toEqual({});
    expect(fieldsOf(define({ as: 'list' }), { x: ['', null] })).toEqual({});
    for (const value of [0, false, [0], [false], { a: null }])
      expect(fieldsOf(define({}), { x: value })).toEqual({ 'metadata.x': value });
    expect(fieldsOf({ 'metadata.x': 'x' }, { x: [] })).toEqual({ 'metadata.x': [] });
  });

  it('are told apart for joined paths: all absent is absent, all empty is null, else the parts that hold something', () => {
    const mapping: Mapping = { name: ['a', 'b.c', 'd'] };
    expect(fieldsOf(mapping, {})).toEqual({});
    expect(fieldsOf(mapping, { a: '', b: null })).toEqual({ name: null });
    expect(fieldsOf(mapping, { a: '', b: { c: 'Anna' }, d: 7 })).toEqual({ name: 'Anna 7' });
  });

  it('come from a function as undefined and null', () => {
    expect(fieldsOf({ name: () => undefined, email: () => null }, {})).toEqual({ email: null });
  });
});

it('Joined paths that are to be a list are joined by its separator.', () => {
  const mapping: Mapping = { 'metadata.phones': { from: ['a', 'b', 'c'], as: 'list' } };
  expect(fieldsOf(mapping, { a: '1', b: null, c: '2;3' })).toEqual({ 'metadata.phones': ['1', '2', '3'] });
});

it('A region alone asks for a phone number; without either, a phone is kept as it is written.', () => {
  expect(fieldsOf({ phone: { from: 'p', region: 'PL' } }, { p: '600 100 200' })).toEqual({
    phone: '+48600100200',
  });
  expect(fieldsOf({ phone: 'p' }, { p: ' ask reception ' })).toEqual({ phone: 'ask reception' });
});

const print = expect.stringMatching(/^[\w+/]{16}$/);

describe('a fault', () => {
  it('leaves its field out and lets the others go on', () => {
    const { contribute } = compileMapping({ email: 'e', name: 'n', 'address.city': ['c', 'd'] });
    expect(contribute({ e: 'n/a', n: 'Anna', c: ['x'] })).toEqual({
      fields: { name: 'Anna' },
      faults: [
        { field: 'email', reason: 'Found "n/a", where an e-mail address is allowed.', value: 'n/a', print },
        {
          field: 'address.city',
          reason: 'Found ["x"], where a text, to be joined with others, is allowed.',
          value: null,
          print,
        },
      ],
      ignored: [],
    });
  });

  it('is what a function becomes that throws or gives no JSON', () => {
    const mapping: Mapping = {
      name: () => {
        throw new Error('no such luck');
      },
      'metadata.a': () => new Date(0) as unknown as Json,
      'metadata.b': (async () => 1) as unknown as () => Json,
      'metadata.c': () => {
        throw Object.create(null);
      },
      'metadata.d': (body) => (body['missing'] as JsonObject)['x'],
    };
    const { fields, faults } = compileMapping(mapping).contribute({});
    expect(fields).toEqual({});
    expect(faults.map((fault) => fault.field)).toEqual([
      'name',
      'metadata.a',
      'metadata.b',
      'metadata.c',
      'metadata.d',
    ]);
    expect(faults[0]!.reason).toBe('The function of the mapping failed: "no such luck".');
  });

  it('keeps only the beginning of a long value, fit to be stored', () => {
    const [fault] = compileMapping({ email: 'e' }).contribute({ e: `\0${'x'.repeat(9999)}` }).faults;
    expect(fault!.value).toBe(`${'x'.repeat(199)}…`);
  });

  it('has one print for equal values and another for others, also where they are cut, joined or too deep', () => {
    const { contribute } = compileMapping({ email: 'e', name: ['n', 'm'] });
    const prints = (body: JsonObject) => contribute(body).faults.map((fault) => fault.print);
    const long = 'x'.repeat(9999);
    const first = prints({ e: { a: 1, b: long }, n: [long] });
    expect(prints({ e: { b: long, a: 1 }, n: [long], other: 1 })).toEqual(first);
    const other = prints({ e: { a: 1, b: `${long}y` }, n: [`${long}y`] });
    expect(first.map((one, index) => one === other[index])).toEqual([false, false]);
    let deep: Json = 1;
    for (let level = 0; level < 20_000; level += 1) deep = [deep];
    expect(prints({ e: deep })).toEqual([print]);
  });
});

describe('a metadata schema', () => {
  const schema: MetadataSchema = {
    definedOnly: false,
    definitions: { age: define({ type: 'number', required: true }), tags: define({ array: true }) },
  };
  const mapping: Mapping = { 'metadata.age': 'age', 'metadata.tags': 'tags', 'metadata.other': 'other' };

  it('declares types, which values are coerced to', () => {
    expect(
      compileMapping(mapping, { schema }).contribute({ age: '42', tags: 'a;b', other: '1' }).fields,
    ).toEqual({
      'metadata.age': 42,
      'metadata.tags': ['a', 'b'],
      'metadata.other': '1',
    });
  });

  it('refuses a null for a required key, and says nothing where it is absent or null is ignored', () => {
    const compiled = compileMapping(mapping, { schema });
    expect(compiled.contribute({}).faults).toEqual([]);
    expect(compiled.contribute({ age: null }).faults).toEqual([
      { field: 'metadata.age', reason: 'Found no value, where a number is required.', value: null, print },
    ]);
    const ignoring = compileMapping({ 'metadata.age': { from: 'age', onNull: 'ignore' } }, { schema });
    expect(ignoring.contribute({ age: '' })).toEqual({ fields: {}, faults: [], ignored: ['metadata.age'] });
  });

  it('lets an unknown key be sent, held with a fault or dropped; by default it is held where the vendor would refuse it', () => {
    const contribute = (definedOnly: boolean, unknownMetadata?: 'send' | 'hold' | 'drop') =>
      compileMapping(
        { 'metadata.other': 'other' },
        { schema: { ...schema, definedOnly }, ...(unknownMetadata ? { unknownMetadata } : {}) },
      ).contribute({ other: 1 });
    const sent = { fields: { 'metadata.other': 1 }, faults: [], ignored: [] };
    const held = {
      fields: {},
      faults: [
        {
          field: 'metadata.other',
          reason: 'Found 1 for a key that the metadata schema does not define.',
          value: 1,
          print,
        },
      ],
      ignored: [],
    };
    expect([contribute(false), contribute(true, 'send')]).toEqual([sent, sent]);
    expect([contribute(true), contribute(false, 'hold')]).toEqual([held, held]);
    expect(contribute(true, 'drop')).toEqual({ fields: {}, faults: [], ignored: [] });
    const empty = compileMapping({ 'metadata.other': 'other' }, { schema, unknownMetadata: 'hold' });
    expect(empty.contribute({ other: null })).toMatchObject({ fields: {}, faults: [] });
  });
});

it('The properties are the top-level names that are read: sorted, once each, none for functions.', () => {
  const mapping: Mapping = {
    name: ['last', 'first'],
    'address.city': 'address.city',
    'address.country': { from: 'address.country' },
    phone: 'phones[0].value',
    description: (body) => body['secret'],
  };
  expect(compileMapping(mapping).properties).toEqual(['address', 'first', 'last', 'phones']);
});

describe('the fingerprint', () => {
  const print = (mapping: Mapping, schema?: MetadataSchema) =>
    compileMapping(mapping, { schema: schema ?? null }).fingerprint;
  const schema = (definitions: { [key: string]: MetadataDefinition }, definedOnly = false) => ({
    definedOnly,
    definitions,
  });

  it('is the same for the same mapping, however it is written', () => {
    expect(print({ name: 'a', email: 'b' })).toBe(
      print({ email: { from: ['b'], as: 'email' }, name: { from: 'a' } }),
    );
    expect(print({ name: 'a' })).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each<[string, Mapping, Mapping]>([
    ['a path', { name: 'a' }, { name: 'b' }],
    ['the order of joined paths', { name: ['a', 'b'] }, { name: ['b', 'a'] }],
    ['a null policy', { name: 'a' }, { name: { from: 'a', onNull: 'ignore' } }],
    ['a region', { phone: { from: 'a', region: 'PL' } }, { phone: { from: 'a', region: 'DE' } }],
    ['a unit of time', { birthdate: 'a' }, { birthdate: { from: 'a', unit: 'seconds' } }],
    ['a decimal sign', { 'metadata.n': 'a' }, { 'metadata.n': { from: 'a', decimal: ',' } }],
    ['a form of dates', { birthdate: 'a' }, { birthdate: { from: 'a', dates: 'DD.MM.YYYY' } }],
    ['a rule for phones', { phone: 'a' }, { phone: { from: 'a', phones: 'possible' } }],
    ['a function', { name: (body) => body['a'] }, { name: (body) => body['b'] }],
    ['a field more', { name: 'a' }, { name: 'a', email: 'a' }],
  ])('changes with %s', (_what, one, other) => {
    expect(print(one)).not.toBe(print(other));
  });

  it('changes with the definitions that are used, and with no others', () => {
    const mapping: Mapping = { 'metadata.age': 'age' };
    const one = print(mapping, schema({ age: define({ type: 'number' }) }));
    expect(print(mapping, schema({ age: define({ type: 'number' }), other: define({}) }))).toBe(one);
    expect(print(mapping, schema({ age: define({ type: 'number', atLeast: 1 }) }))).not.toBe(one);
    expect(print(mapping)).not.toBe(one);
    expect(print(mapping, schema({}))).not.toBe(print(mapping, schema({}, true)));
  });
});

describe('a locale', () => {
  const born = (options: Parameters<typeof compileMapping>[1], entry: object = {}) =>
    compileMapping({ birthdate: { from: 'born', ...entry } }, options).contribute({ born: 86_400 }).fields;

  it('is that of the entry, else of the source; each part by itself', () => {
    expect(born({})).toEqual({ birthdate: '1970-01-01' });
    expect(born({ locale: { unit: 'seconds' } })).toEqual({ birthdate: '1970-01-02' });
    expect(born({ locale: { unit: 'seconds' } }, { decimal: ',' })).toEqual({ birthdate: '1970-01-02' });
    expect(born({ locale: { unit: 'seconds' } }, { unit: 'milliseconds' })).toEqual({
      birthdate: '1970-01-01',
    });
  });

  it('does not read the text of a number once more', () => {
    const schema = { definedOnly: false, definitions: { n: define({ type: 'number' }) } };
    const mapping: Mapping = { 'metadata.n': { from: 'n', as: 'text' } };
    const { contribute } = compileMapping(mapping, { schema, locale: { decimal: ',' } });
    expect(contribute({ n: 1.234 }).fields).toEqual({ 'metadata.n': 1.234 });
    expect(contribute({ n: '1.234' }).fields).toEqual({ 'metadata.n': 1234 });
  });
});

describe('a mapping that cannot be used', () => {
  it.each<[Mapping, RegExp]>([
    [{ emial: 'a' }, /did you mean "email"/],
    [{ name: '' }, /empty path/],
    [{ name: [] }, /empty path/],
    [{ phone: { from: 'a', region: 'Poland' } }, /"Poland" is not a region/],
    [{ 'metadata.a': { from: 'a', as: 'list', separator: '' } }, /separator/],
    [{ name: { from: 'a', as: 'number' } }, /"name" is a text/],
    [{ birthdate: { from: 'a', unit: 'sec' as 'seconds' } }, /"unit" must be "seconds"/],
    [{ birthdate: { from: 'a', dates: 'DD.MMMMM.YYYY' } }, /"DD\.MMMMM\.YYYY" is not a date format/],
    [{ birthdate: { from: 'a', timezone: 'Warsaw' } }, /"Warsaw" is not a time zone/],
    [{ 'metadata.n': { from: 'a', decimal: ';' as ',' } }, /"decimal" must be/],
    [{ 'metadata.b': { from: 'a', true: ['Ja'], false: ['ja'] } }, /"ja" cannot mean both/],
    [{ phone: { from: 'a', phones: 'all' as 'valid' } }, /"phones" must be "valid" or "possible"/],
    [{ name: { from: 'a', as: 'upper' as 'text' } }, /no normaliser "upper"/],
  ])('is told by a sentence: %j', (mapping, sentence) => {
    expect(mappingFaults(mapping)).toEqual([
      { field: Object.keys(mapping)[0], reason: expect.stringMatching(sentence) },
    ]);
    expect(() => compileMapping(mapping)).toThrow(sentence);
  });

  it('reports every fault at once', () => {
    expect(mappingFaults({ nme: 'a', email: 'b', zip: 'c' })).toHaveLength(2);
  });
});

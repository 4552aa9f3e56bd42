// The file of an export, in every form that the documents leave open.

import { describe, expect, it } from 'vitest';
import { shownCustomers } from '../../connectors/voucherify/export-file.ts';
import type { MetadataSchema, ShownCustomer } from '../../src/connector.ts';
import { fc } from '../support/properties.ts';

const definition = { array: false, required: false };
const schema: MetadataSchema = {
  definedOnly: false,
  definitions: {
    plan: { type: 'string', ...definition },
    points: { type: 'number', ...definition },
    vip: { type: 'boolean', ...definition },
    tags: { type: 'string', ...definition, array: true },
    name: { type: 'string', ...definition },
  },
};

/** In pieces of so many bytes. */
async function read(
  text: string,
  pieceBytes = 7,
  known: MetadataSchema | null = schema,
): Promise<ShownCustomer[]> {
  const bytes = Buffer.from(text);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const found: ShownCustomer[] = [];
  for await (const customer of shownCustomers(pieces(), known)) found.push(customer);
  return found;
}

describe('the file of an export', () => {
  const values = {
    'metadata.plan': 'gold',
    'metadata.points': 12,
    'metadata.vip': true,
    'metadata.tags': ['a', 'b'],
  };

  it.each([
    ['columns', 'plan,points,vip,tags', 'gold,12,true,"[""a"",""b""]"'],
    [
      'prefixed columns',
      'metadata.plan,metadata.points,metadata.vip,metadata.tags',
      'gold,12,TRUE,"[""a"",""b""]"',
    ],
    [
      'one column of JSON',
      'metadata',
      '"{""plan"":""gold"",""points"":12,""vip"":true,""tags"":[""a"",""b""]}"',
    ],
  ])('shows metadata as %s', async (_, header, cells) => {
    const [customer] = await read(
      `source_id,id,email,address_city,${header}\n4711,cust_1,a@b.c,Oslo,${cells}\n`,
    );
    expect(customer).toMatchObject({
      sourceId: '4711',
      id: 'cust_1',
      fields: { email: 'a@b.c', 'address.city': 'Oslo', ...values },
    });
  });

  it('reads quotes, commas and line feeds within cells, a byte order mark and either line end', async () => {
    const text = '\ufeffsource_id,name,email\r\n1,"Ann ""Annie"", the\nfirst",\r\n2,Ödön,x@y.z';
    expect(await read(text, 1)).toEqual([
      { sourceId: '1', id: '', fields: { name: 'Ann "Annie", the\nfirst', email: null } },
      { sourceId: '2', id: '', fields: { name: 'Ödön', email: 'x@y.z' } },
    ]);
  });

  it('shows what is empty as null, and leaves out what it does not show', async () => {
    expect(await read('source_id,name,plan\n1,,\n,Walk-in,gold\n')).toEqual([
      { sourceId: '1', id: '', fields: { name: null, 'metadata.plan': null } },
      { sourceId: null, id: '', fields: { name: 'Walk-in', 'metadata.plan': 'gold' } },
    ]);
  });

  it('tells a metadata key from a field of the same name by its place', async () => {
    const [customer] = await read('source_id,name,plan,name\n1,Ann,gold,a nickname\n');
    expect(customer?.fields).toEqual({ name: 'Ann', 'metadata.plan': 'gold', 'metadata.name': 'a nickname' });
  });

  it.each([
    ['labels', 'Source ID,ID,Email,Address City,Birthdate'],
    ['labels with one capital', 'Source id,Id,Email,Address city,Birth date'],
    ['names', 'source_id,id,email,address_city,birthdate'],
    ['names with hyphens', 'source-id,id,e-mail,address-city,birth-date'],
    ['capitals', 'SOURCE_ID,ID,EMAIL,ADDRESS_CITY,BIRTHDATE'],
  ])('knows the fields by %s', async (_, header) => {
    const [customer] = await read(`${header},plan\n4711,cust_1,a@b.c,Oslo,1990-01-02,gold\n`);
    expect(customer).toEqual({
      sourceId: '4711',
      id: 'cust_1',
      fields: { email: 'a@b.c', 'address.city': 'Oslo', birthdate: '1990-01-02', 'metadata.plan': 'gold' },
    });
  });

  it('tells a metadata key from a label by the schema, wherever it stands', async () => {
    const [customer] = await read('name,Source ID,Name\na nickname,1,Ann\n');
    expect(customer).toMatchObject({ sourceId: '1', fields: { name: 'Ann', 'metadata.name': 'a nickname' } });
  });

  it('knows metadata keys by labels of theirs, and shows no key that two columns could be', async () => {
    const known: MetadataSchema = {
      definedOnly: false,
      definitions: {
        loyalty_tier: { type: 'string', ...definition },
        points: { type: 'number', ...definition },
      },
    };
    const labelled = await read('Source ID,Loyalty Tier,Points\n1,gold,12\n', 7, known);
    expect(labelled[0]?.fields).toEqual({ 'metadata.loyalty_tier': 'gold', 'metadata.points': 12 });
    const twice = await read('Source ID,Points,points,Points\n1,1,2,3\n', 7, known);
    expect(twice[0]?.fields).toEqual({});
  });

  it('keeps the digits of a number that JavaScript cannot hold', async () => {
    const [customer] = await read('Source ID,points,tags\n1,9007199254740993,"[9007199254740993]"\n');
    expect(customer?.fields).toEqual({
      'metadata.points': '9007199254740993',
      'metadata.tags': ['9007199254740993'],
    });
  });

  it('shows in JSON what the schema defines and the customer lacks as empty', async () => {
    const [customer] = await read('source_id,metadata\n1,"{""plan"":""gold""}"\n');
    expect(customer?.fields).toMatchObject({ 'metadata.plan': 'gold', 'metadata.points': null });
    expect((await read('source_id,metadata\n1,"{""plan"":""gold""}"\n', 5, null))[0]?.fields).toEqual({
      'metadata.plan': 'gold',
    });
  });

  it('keeps text where a value is not of the type its definition says', async () => {
    const [customer] = await read('source_id,points,vip,tags\n1,many,perhaps,a;b\n');
    expect(customer?.fields).toEqual({
      'metadata.points': 'many',
      'metadata.vip': 'perhaps',
      'metadata.tags': 'a;b',
    });
  });

  it.each([
    ['', 'it is empty'],
    ['<html>\n', 'it has no column source_id'],
    ['source_id,name\n1\n', 'its row 2 has 1 columns instead of 2'],
    ['source_id,name\n1,"open\n', 'its row 2 cannot be read'],
  ])('refuses an invalid file: %j', async (text, why) => {
    await expect(read(text)).rejects.toThrow(why);
  });

  it('gives back any texts that were written, however the file is cut into pieces', async () => {
    const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text)),
        fc.integer({ min: 1, max: 40 }),
        async (rows, bytes) => {
          const file = ['source_id,name', ...rows.map((row) => row.map(cell).join(','))].join('\n');
          const found = await read(`${file}\n`, bytes);
          expect(found.map(({ sourceId, fields }) => [sourceId, fields['name']])).toEqual(rows);
        },
      ),
    );
  });
});

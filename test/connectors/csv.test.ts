// The CSV connector against files on disk: every row lands once, whatever its bytes, and a bad one alone is refused.
import { rmSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, test } from 'vitest';
import { type Context, type Files, type Json, type Mapping, type Page, RejectedError } from '#connector';
import { csv } from '../../connectors/csv.ts';
import { localFiles, TemporaryFiles } from '../support/local-files.ts';
import { fc, times } from '../support/properties.ts';
import { describeConnector, type OpenWorld } from './conformance.ts';

const start = Date.parse('2026-11-02T08:00:00.000Z');
const stream = csv.source!.streams[0]!;
const files = new TemporaryFiles();
afterEach(() => files.remove());

function contextOf(
  settings: Record<string, unknown>,
  local: Files = localFiles(),
  now = start,
): Context<unknown> {
  const api = { request: () => Promise.reject(new Error('a file needs no API')) };
  return { settings: csv.settings.parse(settings), locale: { unit: 'seconds' }, api, files: local, now };
}

async function pagesOf(context: Context<unknown>, from: Json | null = null): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor = from;
  do {
    const page = await stream.pull!(context, { cursor, until: context.now, properties: [] });
    cursor = JSON.parse(JSON.stringify(page.cursor));
    pages.push(page);
  } while (!pages.at(-1)!.done);
  return pages;
}

/** All that reading `content` as people.csv gives. */
async function readAll(content: string | Uint8Array, settings: Record<string, unknown> = {}, local?: Files) {
  const path = await files.write('people.csv', content, start);
  const pages = await pagesOf(contextOf({ path, ...settings }, local));
  return {
    pages,
    records: pages.flatMap((page) => page.records),
    rejected: pages.flatMap((page) => page.rejected ?? []),
    bodies: pages.flatMap((page) => page.records.map((record) => record.body)),
  };
}

const refusal = async (content: string | Uint8Array, settings: Record<string, unknown> = {}) => {
  const error = await readAll(content, settings).then(
    () => undefined,
    (refused: unknown) => refused,
  );
  expect(error).toBeInstanceOf(RejectedError);
  return (error as RejectedError).message;
};

describeConnector('csv', {
  connector: csv,
  stream: 'rows',
  secrets: ['person.0@example.com', 'person.7@example.com'],
  wrongSettings: [
    { settings: { path: '' }, says: /path: / },
    { settings: { path: 'a.csv', delimiter: 'ab' }, says: /delimiter: one character/ },
    { settings: { path: 'a.csv', pageRows: 0 }, says: /pageRows: / },
    { settings: { path: 'a.csv', encoding: 'klingon' }, says: /encoding: .*utf-8/ },
    { settings: { complete: true }, says: /complete: only with a path/ },
    { settings: { path: 'a.csv', maxBadShare: 2 }, says: /maxBadShare: / },
    { settings: { file: 'a.csv' }, says: /file/ },
  ],
  changeWhileReading: 'refused',
  async open(): Promise<OpenWorld> {
    const own = new TemporaryFiles();
    const names = new Map(Array.from({ length: 250 }, (_, index) => [`c-${index}`, `Person ${index}`]));
    let now = start;
    const header = 'Source_id,Name,Email';
    const write = (text?: string | Uint8Array) => {
      const lines = [...names].map(([id, name], index) => `${id},${name},person.${index}@example.com`);
      return own.write('people.csv', text ?? [header, ...lines].join('\r\n'), now);
    };
    const path = await write();
    const ruins: (() => unknown)[] = [
      () => write('Source_id,Email,Email\nc-0,person.0@example.com,person.7@example.com\n'),
      () => write('Identifier,Email\nc-0,person.0@example.com\n'),
      () => write('Source_id,,Email\nc-0,x,person.0@example.com\n'),
      () => write('"Source_id,Email\nc-0,person.0@example.com\n'),
      () => write(''),
      () => write(Buffer.from('\ufeffSource_id,Email\nc-0,person.0@example.com\n', 'utf16le')),
      () => write(Buffer.from('PK\u0003\u0004person.0@example.com', 'latin1')),
      () => rmSync(path),
    ];
    return {
      settings: { path },
      context: () => contextOf({ path, pageRows: 100 }, localFiles({ readBytes: 1000 }), now),
      advance: (milliseconds) => {
        now += milliseconds;
      },
      ids: () => [...names.keys()],
      create: async () => {
        const id = `c-${names.size}`;
        names.set(id, 'New');
        await write();
        return id;
      },
      change: async (id, value) => {
        names.set(id, value);
        await write();
      },
      property: 'Name',
      unknownId: 'c-99999',
      ruin: async () => {
        const ruin = ruins.shift();
        await ruin?.();
        return ruin !== undefined;
      },
      close: () => own.remove(),
    };
  },
});

describe('a row', () => {
  test('becomes a record of its unmodified texts, at the modification time of the file', async () => {
    const { records, pages } = await readAll(
      'Source_id,Name,Note\na1, Ann ,\na2,"Bo ""B"" O\'Neill","two\nlines"\n',
    );
    expect(records).toEqual([
      { recordId: 'a1', changedAt: start, body: { Source_id: 'a1', Name: ' Ann ', Note: '' } },
      {
        recordId: 'a2',
        changedAt: start,
        body: { Source_id: 'a2', Name: 'Bo "B" O\'Neill', Note: 'two\nlines' },
      },
    ]);
    expect(pages[0]!.columns).toEqual(['Source_id', 'Name', 'Note']);
  });

  test('has the clock of its own column, in any of the forms of a time', async () => {
    const { records, rejected } = await readAll(
      [
        'Source_id,Changed',
        'a,2026-03-01T09:30:00Z',
        'b,2026-03-01 10:30:00.5+01:00',
        'c,2026-03-01',
        'd,1772357400.5',
        'e,1772357400',
        'f,2026-03-01T09:30',
        'g,yesterday',
        'h,',
        'i,1772357400000',
      ].join('\n'),
      { changedAt: 'changed' },
    );
    const half = Date.parse('2026-03-01T09:30:00Z');
    expect(records.map((record) => record.changedAt)).toEqual([
      half,
      half + 500,
      half - 34_200_000,
      half + 500,
      half,
      half,
    ]);
    expect(rejected.map((row) => row.reason)).toEqual([
      '"yesterday" in the column "Changed" is not a time: write 2026-03-01T09:30:00Z, a number of seconds since 1970, or declare its form as "dates" in the "locale" of the source.',
      '"" in the column "Changed" is not a time: write 2026-03-01T09:30:00Z, a number of seconds since 1970, or declare its form as "dates" in the "locale" of the source.',
      '"1772357400000" in the column "Changed" is a number, which is not a time between 1900 and 2199 when read in seconds since 1970. If it is in milliseconds, set "unit": "milliseconds" in the mapping of the field or in the "locale" of the source.',
    ]);
  });

  test('is identified by the column that the settings name, otherwise by the column of the source ID, however it is spelled', async () => {
    const ids = async (content: string, settings = {}) =>
      (await readAll(content, settings)).records.map((r) => r.recordId);
    expect(await ids('source_id,No\nx, 1 \n')).toEqual(['x']);
    expect(await ids('Source ID,No\nx,1\n')).toEqual(['x']);
    expect(await ids('Source_id,No\nx, 1 \n', { recordId: 'no' })).toEqual(['1']);
  });
});

describe('a bad row is refused alone', () => {
  test.each([
    ['a single cell', 'b', /^This row has 1 column, the header has 3: it is part of a row/],
    ['too many columns', 'b,Bo,x,y', 'This row has 4 columns, the header has 3.'],
    ['no record ID', ' ,Bo,x', 'This row has no value in the column "Source_id", which identifies a row.'],
    ['text after a quote', 'b,"Bo"b,x', /text follows a closing quote/],
    ['a quote left open', 'b,"Bo,x', /a quote is opened|text follows a closing quote/],
  ])('%s', async (_, line, reason) => {
    const { records, rejected } = await readAll(`Source_id,Name,Note\na,Ann,1\n${line}\nc,"Cy",3\nd,Di,4\n`);
    expect(records.map((record) => record.recordId)).toEqual(['a', 'c', 'd']);
    const expected = typeof reason === 'string' ? reason : expect.stringMatching(reason);
    expect(rejected).toEqual([{ position: 'row 3 of people.csv', reason: expected, raw: line }]);
  });

  test('bytes that are not UTF-8', async () => {
    const text = Buffer.from('Source_id,Name\na,Zoë\nb,Bo\n', 'latin1');
    const { records, rejected } = await readAll(text);
    expect(records.map((record) => record.recordId)).toEqual(['b']);
    expect(rejected[0]).toMatchObject({
      position: 'row 2 of people.csv',
      reason: expect.stringContaining('not UTF-8'),
    });
  });

  test('and a replacement character that was written on purpose is text', async () => {
    expect((await readAll('Source_id,Name\na,\ufffd\n')).bodies).toEqual([
      { Source_id: 'a', Name: '\ufffd' },
    ]);
  });

  test('a quote left open swallows no more than its line, however long the file', async () => {
    const line = (index: number) => `id${index},some name,${'x'.repeat(80)}`;
    const many = Array.from({ length: 40_000 }, (_, index) => line(index));
    many[1000] = 'open,"never closed,x';
    const { records, rejected } = await readAll(`Source_id,Name,Note\n${many.join('\n')}\n`);
    expect(records).toHaveLength(39_999);
    expect(rejected).toEqual([
      {
        position: 'row 1002 of people.csv',
        reason: 'This row cannot be read: an opening quote in this row is not closed within 1048576 bytes.',
        raw: 'open,"never closed,x',
      },
    ]);
  });

  test.each(['\n', '\r\n', '\r'])(
    'a line of 3 MB is passed over in flat memory, up to its end %j',
    async (end) => {
      const long = `b,${'x'.repeat(3_000_000)}`;
      const { records, rejected } = await readAll(['Source_id,Name', 'a,Ann', long, 'c,Cy'].join(end));
      expect(records.map((record) => record.recordId)).toEqual(['a', 'c']);
      expect(rejected).toHaveLength(1);
      expect(rejected[0]).toMatchObject({
        position: 'row 3 of people.csv',
        reason: expect.stringContaining('longer than'),
      });
      expect(String(rejected[0]!.raw)).toHaveLength(10_000);
    },
  );

  test('a line that long is passed over also where a read ends at its very end', async () => {
    const long = `b,${'x'.repeat(2_000_000)}\r`;
    const local = localFiles({ readBytes: `a,Ann\r${long}`.length });
    const { records, rejected } = await readAll(`Source_id,Name\ra,Ann\r${long}c,Cy\rd`, {}, local);
    expect(records.map((record) => record.recordId)).toEqual(['a', 'c']);
    expect(rejected.map((row) => row.position)).toEqual(['row 3 of people.csv', 'row 5 of people.csv']);
  });

  test.each(['\n', '\r\n', '\r'])(
    'and its number is right however the file is read, with lines that end in %j',
    async (end) => {
      for (let readBytes = 1; readBytes < 20; readBytes += 1) {
        const content = ['Source_id,Name', 'a,Ann', '"b","two\r\nlines"', '', 'bad', 'c,"Cy"', 'bad'].join(
          end,
        );
        const { records, rejected } = await readAll(content, { pageRows: 2 }, localFiles({ readBytes }));
        expect(records.map((record) => record.recordId)).toEqual(['a', 'b', 'c']);
        expect(rejected.map((row) => row.position)).toEqual(['row 5 of people.csv', 'row 7 of people.csv']);
      }
    },
  );

  test('also where the file ends in it', async () => {
    const { records, rejected } = await readAll('Source_id,Name\na,Ann\nb,"Bo');
    expect(records.map((record) => record.recordId)).toEqual(['a']);
    expect(rejected).toMatchObject([{ position: 'row 3 of people.csv', raw: 'b,"Bo' }]);
  });

  test('and empty lines are not rows, although they are counted as a spreadsheet does', async () => {
    const { records, rejected } = await readAll('\nSource_id,Name\n\na,Ann\n\n\nb\n');
    expect(records.map((record) => record.recordId)).toEqual(['a']);
    expect(rejected).toMatchObject([{ position: 'row 7 of people.csv', raw: 'b' }]);
  });
});

describe('a header', () => {
  test('must be there, name every column, and none twice', async () => {
    expect(await refusal('')).toBe(
      'people.csv is empty: its first row must name the columns, for example Source_id,Name,Email.',
    );
    expect(await refusal('\n\r\n')).toContain('people.csv is empty');
    expect(await refusal('Source_id,,Name\na,x,Ann\nb,,Bo\nc,y,Cy\n')).toBe(
      'Column 2 of people.csv contains values but has no name in the first row: name it there, or remove it.',
    );
    expect(await refusal('Source_id,Name, Name \n')).toBe(
      'people.csv has two columns named "Name": rename one of them.',
    );
    expect(await refusal('"Source_id,Name\n')).toContain(
      'The first row of people.csv cannot be read: an opening quote',
    );
  });

  test('requires the column that identifies a row, and names the columns that the file has', async () => {
    expect(await refusal('Name,Email\n')).toBe(
      'people.csv has no column "Source_id": it has "Name", "Email". Name the column that identifies a customer, such as "Email", in "recordId" or with --source-id. Voucherify never changes a source ID once it is set.',
    );
    expect(await refusal('Name,Email\n', { recordId: 'No' })).toBe(
      'people.csv has no column "No": it has "Name", "Email".',
    );
    expect(await refusal('Source_id\n', { changedAt: 'When' })).toContain('no column "When"');
  });

  test('of another format or encoding is named', async () => {
    for (const [text, encoding] of [
      ['\ufeffSource_id\n', 'utf16le'],
      ['\u00fe\u00ff\0S', 'latin1'],
    ] as const) {
      expect(await refusal(Buffer.from(text, encoding))).toMatch(
        /^people\.csv is UTF-16 text: save it as CSV in UTF-8, or set "encoding" to "utf-16[lb]e"\.$/,
      );
    }
    expect(await refusal(Buffer.from('PK\u0003\u0004', 'latin1'))).toContain('is a workbook');
    expect(await refusal(Buffer.from('Source_id,Größe\n', 'latin1'))).toContain('is not UTF-8');
  });

  test('alone is a file without records', async () => {
    const { pages } = await readAll('Source_id,Name');
    expect(pages).toMatchObject([{ records: [], done: true, columns: ['Source_id', 'Name'] }]);
  });

  test.each([
    [',', 'Source_id,Name;x\n1,a;b\n'],
    [';', 'Source_id;"Name, first";x\n1;a,b;c\n'],
    ['\t', 'Source_id\tName\n1\ta,b;c\n'],
  ])('reports that %j separates the columns', async (delimiter, content) => {
    const { bodies, rejected } = await readAll(content);
    expect(rejected).toEqual([]);
    expect(Object.values(bodies[0]!)).toEqual(content.split('\n')[1]!.split(delimiter));
  });
});

describe('a file', () => {
  test('that has not changed since it was read gives nothing; one that has is read from the start', async () => {
    const path = await files.write('people.csv', 'Source_id\na\nb\n', start);
    const context = contextOf({ path });
    const [page] = await pagesOf(context);
    expect(page!.records).toHaveLength(2);
    expect(await pagesOf(context, page!.cursor)).toEqual([
      { records: [], cursor: page!.cursor, done: true, columns: ['Source_id'] },
    ]);
    await files.write('people.csv', 'Name;Source_id\nAnn;a\nBo;b\nCy;c\n', start + 1000);
    const [again] = await pagesOf(context, page!.cursor);
    expect(again!.records.map((record) => [record.recordId, record.changedAt])).toEqual(
      ['a', 'b', 'c'].map((id) => [id, start + 1000]),
    );
  });

  test('that is older than the one before is read and told of, unless its rows have clocks of their own', async () => {
    const path = await files.write('people.csv', 'Source_id,Changed\na,2026-03-01\n', start);
    const [page] = await pagesOf(contextOf({ path }));
    const older = start - 3_600_000;
    await files.write('people.csv', 'Source_id,Changed\na,2026-03-02\n', older);
    expect(await pagesOf(contextOf({ path }), page!.cursor)).toMatchObject([
      { records: [{ changedAt: older }], notes: [{ code: 'csv_older_file', count: 1 }] },
    ]);
    const [clocked] = await pagesOf(contextOf({ path, changedAt: 'Changed' }), page!.cursor);
    expect(clocked!.notes).toBeUndefined();
    await files.write('people.csv', 'Source_id,Changed\na,2026-03-02\n', start + 1000);
    expect((await pagesOf(contextOf({ path }), page!.cursor))[0]!.notes).toBeUndefined();
  });

  test('that is changed while it is read is refused with an explanation, even within one page', async () => {
    const path = await files.write('people.csv', 'Source_id\na\nb\nc\n', start);
    const context = contextOf({ path, pageRows: 1 });
    const page = await stream.pull!(context, { cursor: null, until: start, properties: [] });
    await files.write('people.csv', 'Source_id\na\nb\nx\n', start + 1000);
    const next = stream.pull!(context, { cursor: page.cursor, until: start, properties: [] });
    await expect(next).rejects.toThrow(
      'people.csv changed while it was being read. The next run reads it from the beginning',
    );
    const local = localFiles();
    const sizes = [17, 99];
    const growing: Files = {
      ...local,
      stat: async () => ({ bytes: sizes.shift()!, changedAt: start }),
    };
    await expect(
      stream.pull!(contextOf({ path }, growing), { cursor: null, until: start, properties: [] }),
    ).rejects.toMatchObject({ code: 'file_changed' });
  });

  test('that does not exist is reported with an explanation', async () => {
    await expect(pagesOf(contextOf({ path: '/nowhere/people.csv' }))).rejects.toThrow(
      'The file people.csv does not exist.',
    );
  });

  test('is optional if files arrive by import', async () => {
    const [page] = await pagesOf(contextOf({}));
    expect(page).toMatchObject({ records: [], done: true });
    expect(await pagesOf(contextOf({}), page!.cursor)).toMatchObject([{ records: [], done: true }]);
    const path = await files.write('people.csv', 'Source_id\na\n', start);
    expect(await pagesOf(contextOf({ path }), page!.cursor)).toMatchObject([
      { records: [{ recordId: 'a' }] },
    ]);
  });

  test('of any bytes is read whole and once, in pages and reads of any size, as csv-parse reads it', async () => {
    const text = fc.oneof(
      fc.string({
        unit: fc.constantFrom('a', ',', ';', '\t', '"', '\n', '\r', ' ', 'ż', '日', '😀'),
        maxLength: 12,
      }),
      fc.constantFrom('', '""', '\r\n', 'plain'),
    );
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(text, { minLength: width, maxLength: width }), { maxLength: 12 }));
    const world = {
      table,
      delimiter: fc.constantFrom(',', ';', '\t'),
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      mark: fc.constantFrom('', '\ufeff'),
      quoteAll: fc.boolean(),
      lastEnd: fc.boolean(),
      pageRows: fc.integer({ min: 1, max: 5 }),
      readBytes: fc.integer({ min: 1, max: 9 }),
    };
    await fc.assert(
      fc.asyncProperty(fc.record(world), async (drawn) => {
        const { delimiter, lineEnd, quoteAll } = drawn;
        const write = (value: string) =>
          quoteAll || /[",;\t\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
        const columns = ['Source_id', ...(drawn.table[0] ?? []).map((_, index) => `Kolumna ż${index}`)];
        const lines = [columns, ...drawn.table.map((row, index) => [`id ${index}`, ...row])];
        const written = lines.map((line) => line.map(write).join(delimiter)).join(lineEnd);
        const content = drawn.mark + written + (drawn.lastEnd ? lineEnd : '');
        const local = localFiles({ readBytes: drawn.readBytes });
        const { bodies, rejected, pages } = await readAll(content, { pageRows: drawn.pageRows }, local);
        const oracle: unknown[] = parse(content, {
          bom: true,
          columns: true,
          delimiter,
          record_delimiter: lineEnd,
        });
        expect(rejected).toEqual([]);
        expect(bodies).toEqual(oracle);
        expect(bodies.map((body) => Object.values(body))).toEqual(lines.slice(1));
        for (const page of pages) expect(page.records.length).toBeLessThanOrEqual(drawn.pageRows);
      }),
      { numRuns: times(400) },
    );
  });

  test('with any damage loses no row silently: each line is in a record or in a rejection', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' '), maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        async (damage, readBytes) => {
          const lines = damage.flatMap((text, index) => [`k${index},good,row`, text]);
          const content = `Source_id,Name,Note\n${lines.join('\n')}\nz,last,row`;
          const { records, rejected, pages } = await readAll(
            content,
            { pageRows: 3 },
            localFiles({ readBytes }),
          );
          const told = JSON.stringify([records.map((record) => record.body), rejected.map((row) => row.raw)]);
          for (let index = 0; index < damage.length; index += 1) expect(told).toContain(`k${index}`);
          expect(told).toContain('last');
          expect(new Set(rejected.map((row) => row.position)).size).toBe(rejected.length);
          expect(pages.at(-1)!.cursor).toMatchObject({ bytes: Buffer.byteLength(content) });
        },
      ),
      { numRuns: times(300) },
    );
  });
});

describe('the default mapping', () => {
  const mappingFor = (columns: string[], settings: Record<string, unknown> = {}): Mapping =>
    csv.source!.columnsFor!(csv.settings.parse(settings), columns).mapping;
  const api =
    'Id,Name,Email,Phone,Birthdate,Source_id,Address_line_1,Address_line_2,Address_Postal_Code,Address_City,Address_State,Address_Country,Description';

  test('takes the header names of Voucherify’s API as they are', () => {
    expect(mappingFor(api.split(','))).toEqual({
      name: 'Name',
      email: 'Email',
      phone: 'Phone',
      birthdate: 'Birthdate',
      'address.line_1': 'Address_line_1',
      'address.line_2': 'Address_line_2',
      'address.postal_code': 'Address_Postal_Code',
      'address.city': 'Address_City',
      'address.state': 'Address_State',
      'address.country': 'Address_Country',
      description: 'Description',
    });
    expect(csv.source!.mapping).toEqual(mappingFor(api.split(',')));
  });

  test('takes those of the dashboard’s template, in any case, and makes the rest metadata of text', () => {
    expect(
      mappingFor([
        'source_id',
        'NAME',
        'e-mail',
        'City',
        'Postal_Code',
        'State',
        'country',
        'Plan',
        'Loyalty Tier',
      ]),
    ).toEqual({
      name: 'NAME',
      'address.city': 'City',
      'address.postal_code': 'Postal_Code',
      'address.state': 'State',
      'address.country': 'country',
      email: 'e-mail',
      'metadata.Plan': { from: 'Plan', as: 'text' },
      'metadata.Loyalty Tier': { from: 'Loyalty Tier', as: 'text' },
    });
  });

  test('prefers the API’s name where both are there, and keeps the other', () => {
    expect(mappingFor(['City', 'Source_id', 'Address_City'])).toEqual({
      'address.city': 'Address_City',
      'metadata.City': { from: 'City', as: 'text' },
    });
  });

  test('leaves out the columns that are keys or clocks, and reads names that look like paths', () => {
    const mapping = mappingFor(['No', 'Changed', 'utm.source', 'tags[0]', 'two\nlines', '__proto__'], {
      recordId: 'no',
      changedAt: 'changed',
    });
    expect(Object.keys(mapping)).toEqual(['metadata.utm.source', 'metadata.tags[0]', 'metadata.two lines']);
    expect(mapping['metadata.tags[0]']).toEqual({ from: 'tags[0]', as: 'text' });
  });

  test('finds the source ID by its column, else by the one that identifies a row', () => {
    const sourceIdFor = (columns: string[], settings: Record<string, unknown> = {}) =>
      csv.source!.sourceIdFor!(csv.settings.parse(settings), columns);
    expect(sourceIdFor(['source_id', 'No'], { recordId: 'No' })).toBe('source_id');
    expect(sourceIdFor(['Customer No', 'Name'], { recordId: 'customer no' })).toBe('Customer No');
    expect(sourceIdFor(['Name'])).toBe('Source_id');
  });
});

test('every setting has a description', () => {
  const shape = (csv.settings as unknown as { shape: Record<string, { description?: string }> }).shape;
  for (const [name, setting] of Object.entries(shape))
    expect(setting.description, name).toMatch(/\w+ \w+.*\.$/);
});

// Files that people really have: what a spreadsheet, a shop or an export left in them costs no row, and what is damaged is
// refused or told of.
import { gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/contract/run.ts';
import { runById } from '../../src/tables/runs.ts';
import { csvRefusal, readCsv } from '../support/csv-files.ts';
import { behaviour, type TestDatabase } from '../support/databases.ts';
import { localFiles, TemporaryFiles } from '../support/local-files.ts';
import { openSyncWorld, type SyncWorld } from '../support/sync-world.ts';

const files = new TemporaryFiles();

afterEach(() => files.remove());

const read = (content: string | Uint8Array, settings = {}) => readCsv(files, content, settings);

const refusal = (content: string | Uint8Array, settings = {}) => csvRefusal(files, content, settings);

const lines = (...rows: string[]) => `${rows.join('\r\n')}\r\n`;

describe('what is missing or empty in a file', () => {
  it('13-short-rows: cells that are missing at the end are empty, said once', async () => {
    const { bodies, rejected, notes } = await read(
      lines(
        'Source_id,Name,Email,Phone,Note',
        'sr-1,Ida Kurz,ida@example.test,+48600100211,hello',
        'sr-2,Ben Kurz,ben@example.test',
        'sr-3,Ola Kurz',
        'sr-4,Jo Kurz,jo@example.test,+48600100212',
        'sr-5',
        'sr-6,Al Kurz,al@example.test',
        'sr-7,Su Kurz,su@example.test',
      ),
    );
    expect(rejected).toEqual([]);
    expect(bodies.map((body) => body['Source_id'])).toEqual([
      'sr-1',
      'sr-2',
      'sr-3',
      'sr-4',
      'sr-5',
      'sr-6',
      'sr-7',
    ]);
    expect(bodies[2]).toEqual({ Source_id: 'sr-3', Name: 'Ola Kurz', Email: '', Phone: '', Note: '' });
    expect(notes).toEqual([
      { code: 'csv_short_rows', message: expect.stringMatching(/read as empty/), count: 6 },
    ]);
  });

  it('13-short-rows: the pieces of a row that a line break has cut are refused, and no person of them', async () => {
    const { ids, rejected } = await read(
      lines(
        'Source_id,Name,Email,City,Note',
        'c-1,Ida Lang,ida@example.test,Gdynia,hello',
        'c-2,Ben',
        'Lang,ben@example.test,Gdynia,hello',
        'c-3,Ola Lang,ola@example.test,Gda',
        'nsk',
        'Wrzeszcz,hello',
        'c-4,Jo Lang,jo@example.test,Gdynia,first',
        'second',
        'c-5,Al Lang,al@example.test,Gdynia,hello',
      ),
    );
    expect(ids).toEqual(['c-1', 'c-4', 'c-5']);
    expect(rejected.map((row) => row.position)).toEqual(
      [3, 4, 5, 6, 7, 9].map((row) => `row ${row} of people.csv`),
    );
    expect(rejected[0]!.reason).toBe(
      'This row has 2 columns, the header has 5: it is part of a row that an unquoted line break has split. Quote cells that contain line breaks.',
    );
  });

  it('13-short-rows: a lone pair that makes up one row is refused where its ID could be anything', async () => {
    const whole = Array.from({ length: 5 }, (_, index) => `k${'abcde'[index]},Person,Gdynia,x`);
    const cut = await read(lines('Source_id,Name,City,Note', ...whole, 'kz,Ola', 'gda,Sopot,x'));
    expect(cut.ids).toHaveLength(5);
    expect(cut.rejected).toHaveLength(2);
    // In a file that leaves empty cells out again and again, two such rows are two people.
    const short = ['ka,Ann', 'kb,Bo', 'kc,Cy,Sopot', 'kd,Di', 'ke,Ed,Sopot'];
    const often = await read(lines('Source_id,Name,City,Note', ...whole.slice(0, 2), ...short));
    expect(often.ids).toHaveLength(7);
    expect(often.rejected).toEqual([]);
  });

  it('13-short-rows: pages of any size and reads of any length decide alike', async () => {
    const content = lines(
      'Source_id,Name,Email,Note',
      'p-1,Ann,ann@example.test,x',
      'p-2,Bo',
      'Long,bo@example.test,x',
      'p-3,Cy',
      '',
      'p-4,Di,di@example.test',
    );
    for (const pageRows of [1, 2, 3, 100])
      for (const readBytes of [1, 7, 1000]) {
        const found = await readCsv(files, content, { pageRows }, localFiles({ readBytes }));
        expect(found.ids).toEqual(['p-1', 'p-3', 'p-4']);
        expect(found.rejected.map((row) => row.position)).toEqual([
          'row 3 of people.csv',
          'row 4 of people.csv',
        ]);
      }
  });

  it('14-trailing-delimiters: empty columns without a name, empty cells beyond the last and rows of nothing are nothing', async () => {
    const trailing = await read(lines('Source_id;Name;Email;;', 'td-1;Ann;ann@example.test;;', 'td-2;Bo;;;'));
    expect(trailing.bodies[0]).toEqual({ Source_id: 'td-1', Name: 'Ann', Email: 'ann@example.test' });
    expect(trailing.pages[0]!.columns).toEqual(['Source_id', 'Name', 'Email']);
    const longer = await read(lines('Source_id,Name', 'td-1,Ann,', 'td-2,Bo,, ,'));
    expect(longer.ids).toEqual(['td-1', 'td-2']);
    const blank = await read(
      lines(
        'Source_id,Name,Email',
        'td-1,Ann,a@example.test',
        ',,',
        '   ',
        '"","",""',
        '\u00a0,\u200b,',
        '\t',
        '\u001a',
      ),
    );
    expect(blank.ids).toEqual(['td-1']);
    for (const { rejected, notes } of [trailing, longer, blank]) expect([rejected, notes]).toEqual([[], []]);
  });

  it('14-trailing-delimiters: a value in a column without a name is refused, with its row or with the file', async () => {
    const { ids, rejected } = await read(
      lines('Source_id,Name,,Email', 'tn-1,Ann,,a@example.test', 'tn-2,Bo,stray,b@example.test', 'tn-3,Cy,,'),
    );
    expect(ids).toEqual(['tn-1', 'tn-3']);
    expect(rejected[0]).toMatchObject({
      position: 'row 3 of people.csv',
      reason: expect.stringMatching(/^This row has a value in column 3, which has no name in the first row/),
    });
    expect(await refusal(lines(',Source_id', '0,tn-1', '1,tn-2'))).toMatch(
      /^Column 1 of people\.csv contains values but has no name/,
    );
    const beyond = await read(lines('Source_id,Name', 'tn-1,Ann,,stray', 'tn-2,Bo'));
    expect(beyond.ids).toEqual(['tn-2']);
    expect(beyond.rejected[0]!.reason).toBe('This row has 4 columns, the header has 2.');
  });

  it('12-excel-template: a mark before quoted names and a last row of semicolons cost nothing', async () => {
    const { bodies, rejected } = await read(
      lines('\ufeff"Source_id";"Name";"City"', '"xt-1";"Ewa ""Ewka"" Bąk";"Łódź"', ';;', '  ;;'),
    );
    expect(bodies).toEqual([{ Source_id: 'xt-1', Name: 'Ewa "Ewka" Bąk', City: 'Łódź' }]);
    expect(rejected).toEqual([]);
  });

  it('repeated columns that nothing uses are left out and reported; used ones are refused', async () => {
    const { bodies, notes } = await read(lines('Source_id,Notes,Name,Notes', 'rc-1,a,Ann,b'));
    expect(bodies).toEqual([{ Source_id: 'rc-1', Name: 'Ann' }]);
    expect(notes).toMatchObject([
      { code: 'csv_repeated_column', message: expect.stringContaining('"Notes"') },
    ]);
    expect(await refusal(lines('Source_id,Email,Email', 'rc-1,a@example.test,b@example.test'))).toBe(
      'people.csv has two columns named "Email": rename one of them.',
    );
    expect(await refusal(lines('Source_id,Name,Source_id', 'rc-1,Ann,rc-2'))).toContain(
      'two columns named "Source_id"',
    );
  });
});

describe('how a file is written', () => {
  it.each([
    [';', 'sep=;'],
    ['|', 'sep=|'],
    ['\t', 'sep=\t'],
    ['\t', '"sep=\\t"'],
    ['^', 'SEP=^'],
    [',', '\ufeffsep=,'],
  ])('15-sep-line: %j is named by a first line %j, which is not a header', async (delimiter, line) => {
    const rows = [
      ['Source_id', 'Name, first', 'City'],
      ['se-1', 'Ann', 'Gdynia'],
    ];
    const cell = (text: string) => (text.includes(',') ? `"${text}"` : text);
    const { bodies, rejected } = await read(
      lines(line, ...rows.map((row) => row.map(cell).join(delimiter)), 'bad'),
    );
    expect(bodies).toEqual([{ Source_id: 'se-1', 'Name, first': 'Ann', City: 'Gdynia' }]);
    expect(rejected[0]!.position).toBe('row 4 of people.csv');
  });

  it('15-sep-line: a first line that names no possible delimiter says so', async () => {
    expect(await refusal(lines('sep="', 'Source_id'))).toMatch(
      /^The first row of people\.csv declares "\\"" as the delimiter/,
    );
  });

  it('a file separated by "|" is read, and that is said', async () => {
    const { bodies, notes } = await read(lines('Source_id|Name|Tags', 'pi-1|Ann|a;b'));
    expect(bodies).toEqual([{ Source_id: 'pi-1', Name: 'Ann', Tags: 'a;b' }]);
    expect(notes).toMatchObject([
      { code: 'csv_delimiter', message: expect.stringContaining('separated by "|"') },
    ]);
    expect((await read(lines('Source_id:A|B', 'a:b'), { delimiter: ':' })).bodies[0]).toEqual({
      Source_id: 'a',
      'A|B': 'b',
    });
    // A bar within a name separates nothing where a comma does.
    expect((await read(lines('Source_id,A|B|C|D', 'pi-1,x'))).bodies[0]).toEqual({
      Source_id: 'pi-1',
      'A|B|C|D': 'x',
    });
  });

  it('20-stray-quotes: quotes are taken as spreadsheets take them', async () => {
    const { bodies, rejected } = await read(
      lines(
        'Source_id,Name,Note',
        'st-1,Al "Big" Bo,x',
        'st-2, "Kim, Lee",x',
        'st-3,"Max" ,  "a ""b"" c"  ',
        `st-4,5'10" tall,"`,
        'st-5,ok,"y"',
      ),
    );
    expect(bodies).toEqual([
      { Source_id: 'st-1', Name: 'Al "Big" Bo', Note: 'x' },
      { Source_id: 'st-2', Name: 'Kim, Lee', Note: 'x' },
      { Source_id: 'st-3', Name: 'Max', Note: 'a "b" c' },
      { Source_id: 'st-5', Name: 'ok', Note: 'y' },
    ]);
    expect(rejected).toMatchObject([{ position: 'row 5 of people.csv' }]);
  });

  it.each([
    ['followed by rows without quotes', ['b,"Bo,x', 'c,Cy,y', 'd,Di,z'], ['c', 'd']],
    ['followed by a quoted row', ['b,"Bo,x', 'c,"Cy",y'], ['c']],
    [
      'followed by a quote that closes it rows later',
      ['b,"Bo', 'c,Cy,y', 'd,Di,5"', 'e,Ed,z'],
      ['c', 'd', 'e'],
    ],
  ])('20-stray-quotes: an unclosed quote costs its own row only, %s', async (_, rows, ids) => {
    const found = await read(lines('Source_id,Name,Note', 'a,Ann,w', ...rows));
    expect(found.ids).toEqual(['a', ...ids]);
    expect(found.rejected.map((row) => row.position)).toEqual(['row 3 of people.csv']);
  });

  it.each([
    ['windows-1250', Buffer.from('Source_id,Name\nen-1,\x8eaneta B\xb9k\n', 'latin1'), 'Žaneta Bąk'],
    ['iso-8859-2', Buffer.from('Source_id,Name\nen-1,\xa3ukasz\n', 'latin1'), 'Łukasz'],
    ['latin1', Buffer.from('Source_id,Name\nen-1,Zo\xeb\n', 'latin1'), 'Zoë'],
    ['UTF-16', Buffer.from('\ufeffSource_id\tName\nen-1\tŁucja 😀\nen-2\tBo', 'utf16le'), 'Łucja 😀'],
    ['utf-16le', Buffer.from('Source_id,Name\nen-1,Łucja\nen-2,Bo', 'utf16le'), 'Łucja'],
    ['utf-16le', Buffer.from('\ufeffSource_id,Name\nen-1,Łucja\nen-2,Bo', 'utf16le').swap16(), 'Łucja'],
    ['shift_jis', Buffer.from('Source_id,Name\nen-1,\x83\x5c\x83\x7c\n', 'latin1'), 'ソポ'],
    ['windows-1250', Buffer.from('\ufeffSource_id,Name\nen-1,Ł\n'), 'Ł'],
    ['MacRoman', Buffer.from('Source_id,Name\nen-1,Zo\x91\n', 'latin1'), 'Zoë'],
    ['UTF-8-BOM', Buffer.from('\ufeffSource_id,Name\nen-1,Zoë\n'), 'Zoë'],
    ['utf-8-sig', Buffer.from('Source_id,Name\nen-1,Zoë\n'), 'Zoë'],
  ])('a declared encoding is read: %s', async (encoding, content, name) => {
    for (const pageRows of [1, 100])
      for (const readBytes of [1, 3, 4096]) {
        const { bodies, rejected } = await readCsv(
          files,
          content,
          { encoding, pageRows },
          localFiles({ readBytes }),
        );
        expect(rejected).toEqual([]);
        expect(bodies[0]).toEqual({ Source_id: 'en-1', Name: name });
        if (content.includes('2') && encoding.toLowerCase().startsWith('utf-16'))
          expect(bodies[1]).toEqual({ Source_id: 'en-2', Name: 'Bo' });
      }
  });

  it('an encoding that is not declared is refused with the setting to write', async () => {
    expect(await refusal(Buffer.from('Source_id,Größe\n', 'latin1'))).toMatch(/not UTF-8.* "encoding"/);
    expect(await refusal(Buffer.from('\ufeffSource_id,Name\n', 'utf16le'))).toMatch(
      /UTF-16 text.* "encoding" to "utf-16le"/,
    );
    const { rejected } = await read(Buffer.from('Source_id,Name\na,Zo\xeb\n', 'latin1'));
    expect(rejected[0]!.reason).toMatch(/^This row is not UTF-8.* "encoding"/);
  });

  it('07-nul-in-the-header: UTF-16 without a mark and a NUL in a name are refused with an explanation', async () => {
    for (const [text, encoding] of [
      [Buffer.from('Source_id,Name\r\nu1,Ann\r\n', 'utf16le'), 'utf-16le'],
      [Buffer.from('Source_id,Name\r\nu1,Ann\r\n', 'utf16le').swap16(), 'utf-16be'],
    ] as const)
      expect(await refusal(text)).toBe(
        `people.csv is UTF-16 text without a byte order mark: save it as CSV in UTF-8, or set "encoding" to "${encoding}".`,
      );
    expect(await refusal('Source_id\u0000,Name\r\nx,y\r\n')).toMatch(
      /^The name of column 1 of people\.csv contains a NUL character/,
    );
    expect((await read('Source_id,Name\r\nx,A\u0000nn\r\n')).ids).toEqual(['x']);
  });

  it.each([
    ['', /is empty/],
    ['\n \n', /is empty/],
    [',,\n', /is empty/],
    ['<!DOCTYPE html>\n<html><body>Log in</body></html>', /is an HTML page/],
    ['\n  <html lang="en"><head></head></html>', /is an HTML page/],
    ['<table><tr><td>Source_id</td></tr></table>', /is an HTML page/],
    ['<?xml version="1.0"?><Workbook/>', /is an XML document/],
    ['[{"Source_id":"a"}]', /is JSON/],
    ['{"error": "not found"}', /is JSON/],
    ['{"Source_id":"a"}\n{"Source_id":"b"}\n', /is JSON/],
    ['%PDF-1.7\n', /is a PDF document/],
    [Buffer.from('d0cf11e0a1b11ae1', 'hex'), /is an Excel workbook/],
    [gzipSync('Source_id\na\n'), /is compressed with gzip/],
    [Buffer.from('PK\u0003\u0004xl', 'latin1'), /is a workbook/],
  ])('another format is reported as such: %#', async (content, sentence) => {
    const message = await refusal(content);
    expect(message).toMatch(/^people\.csv is /);
    expect(message).toMatch(sentence);
  });

  it('a header that only looks like another format is read', async () => {
    expect((await read(lines('<ID>,Name', 'a,b'), { recordId: '<ID>' })).bodies).toEqual([
      { '<ID>': 'a', Name: 'b' },
    ]);
    expect((await read(lines('[id],Name', 'a,b'), { recordId: '[id]' })).ids).toEqual(['a']);
  });
});

describe('what a spreadsheet or a shop did to values', () => {
  it('09-shopify-export: guarding apostrophes are taken off IDs, postal codes and numbers, and no others', async () => {
    const { bodies, ids } = await read(
      lines(
        'Customer ID,Name,Zip,Phone,Era',
        "'9100000000311,Noor 't Hart,'3511AB,'+31612345679,'90s",
        "'9100000000312,'t Hooft,'08901,'+17755550199,'80s music",
        "'9100000000313,Ed,'SW1A 1AA,,the '70s",
      ),
      { recordId: 'Customer ID' },
    );
    expect(ids).toEqual(['9100000000311', '9100000000312', '9100000000313']);
    expect(bodies.map((body) => Object.values(body).slice(1))).toEqual([
      ["Noor 't Hart", '3511AB', '+31612345679', "'90s"],
      ["'t Hooft", '08901', '+17755550199', "'80s music"],
      ['Ed', 'SW1A 1AA', '', "the '70s"],
    ]);
  });

  it('csv-shopify-apostrophes: in a file that guards nothing else a cell must show it by itself', async () => {
    const cells = {
      "'t Hooft": "'t Hooft",
      "'90s": "'90s",
      "'06": "'06",
      "'1990s": "'1990s",
      "'68er": "'68er",
      "'08901": '08901',
      "'08901-1234": '08901-1234',
      "'3511 AB": '3511 AB',
      "'=1+1": '=1+1',
      "'-5": '-5',
      "'n' roll": "'n' roll",
      '="00123"': '00123',
      '=1+1': '=1+1',
      "''": "''",
      "'": "'",
    };
    const rows = Object.keys(cells).map((cell, index) => `sa-${index},${cell}`);
    const { bodies } = await read(lines('Source_id,Value', ...rows, 'sa-z,plain'));
    expect(bodies.slice(0, -1).map((body) => body['Value'])).toEqual(Object.values(cells));
  });

  it('16-ids-in-scientific-notation: damaged IDs are refused and nobody is merged', async () => {
    const { ids, rejected } = await read(
      lines(
        'Source_id,Name',
        '7.00E+10,Ann',
        '7.00E+10,Bob',
        '7E+10,Cy',
        '"1,23E+15",Di',
        '1.5e15,Ed',
        '70000000001,Fay',
        '7E10,Gus',
        '#########,Hal',
        '#N/A,Ivy',
      ),
    );
    expect(ids).toEqual(['70000000001']);
    expect(rejected).toHaveLength(8);
    expect(rejected[0]!.reason).toMatch(
      /^The ID "7\.00E\+10" in the column "Source_id" is a long number that a spreadsheet has shortened/,
    );
  });

  it('16-ids-in-scientific-notation: in a column of hexadecimal IDs 7E10 is one of them', async () => {
    for (const others of [['9AC2', 'FF01'], ['4410', '9921'], []]) {
      const { ids, rejected } = await read(
        lines('Source_id,Name', ...others.map((id) => `${id},x`), '7E10,Ann', '12E3,Bo'),
      );
      expect(rejected).toEqual([]);
      expect(ids).toEqual([...others, '7E10', '12E3']);
    }
    expect((await read(lines('Source_id,Name', '9AC2,x', '7.00E+10,y'))).rejected).toHaveLength(1);
  });

  it('16-ids-in-scientific-notation: IDs that end in .0 are read without it and reported, or refused among others', async () => {
    const all = await read(lines('Source_id,Name', '101.0,Ann', '102.0,Bo'));
    expect(all.ids).toEqual(['101', '102']);
    expect(all.bodies[0]!['Source_id']).toBe('101');
    expect(all.notes).toMatchObject([{ code: 'csv_float_ids', count: 2 }]);
    const mixed = await read(lines('Source_id,Name', '101,Ann', '101.0,Bo', '102,Cy'));
    expect(mixed.ids).toEqual(['101', '102']);
    expect(mixed.rejected[0]!.reason).toMatch(/ends in "\.0" while other IDs/);
    const inexact = await read(lines('Source_id,Name', '12345678901234568.0,Ann', '102.0,Bo'));
    expect(inexact.ids).toEqual(['102']);
    expect((await read(lines('Source_id,Name', 'v1.0,Ann', '1.0,Bo'))).ids).toEqual(['v1.0', '1.0']);
  });

  it('16-ids-in-scientific-notation: one ID on rows of different people is reported', async () => {
    const { notes } = await read(
      lines(
        'Source_id,Name,Email',
        'x,Ann,ann@example.test',
        'x,Bo,bo@example.test',
        'y,Cy,cy@example.test',
        'y,Cy,cy@example.test',
      ),
    );
    expect(notes).toMatchObject([{ code: 'csv_same_id', count: 1 }]);
    const rounded = await read(
      lines('Source_id,Name', '1234567890123450000,A', '1234567890999990000,B', '1234567890777770000,C'),
    );
    expect(rounded.notes).toMatchObject([{ code: 'csv_rounded_ids' }]);
  });
});

describe.each(behaviour)('files from end to end on $name', ({ open }) => {
  let database: TestDatabase;
  let world: SyncWorld;
  let path: string;
  let clocked: string;

  beforeEach(async () => {
    database = await open();
    path = await files.write('nightly.csv', lines('Source_id,Name', 'n1,Ann', 'n2,Bo', 'n3,Cy'));
    clocked = await files.write('clocked.csv', '');
    world = await openSyncWorld(database, {
      config: { onOrphaned: 'delete', breaker: { deleted: { share: 0.5, count: 100 } } },
      sources: {
        nightly: { connector: 'csv', path, complete: true },
        partial: { connector: 'csv', path },
        clocked: { connector: 'csv', path: clocked, complete: true, changedAt: 'At' },
        files: { connector: 'csv' },
      },
    });
    await world.tributary.start();
  });
  afterEach(async () => {
    await world?.close();
    await database?.close();
  });

  /** The file again, one second younger. */
  let age = 0;
  const rewrite = async (content: string) => {
    age += 1000;
    await files.write('nightly.csv', content, Date.now() + age);
  };
  const rewriteClocked = async (content: string) => {
    age += 1000;
    await files.write('clocked.csv', content, Date.now() + age);
  };
  const there = () => [...world.voucherify.customers()].map((customer) => customer.source_id).toSorted();
  const imported = async (content: string | Uint8Array, settings: object = {}): Promise<Run> => {
    const file = await files.write(`import-${age++}.csv`, content);
    const run = await world.tributary.request({
      source: 'files',
      mode: 'import',
      trigger: 'manual',
      lane: 'backfill',
      request: { path: file, host: world.tributary.host, settings: settings as never },
    });
    await world.rest();
    return (await runById(database, run!.id))!;
  };

  it('07-nul-in-the-header: the run fails at once, and the next file is read', async () => {
    for (const content of [
      'Source_id\u0000,Name\r\nx,y\r\n',
      Buffer.from('Source_id,Name\r\nu9,Ann\r\n', 'utf16le'),
    ])
      expect(await imported(content)).toMatchObject({
        state: 'failed',
        error: expect.stringMatching(/NUL|UTF-16/),
      });
    expect(await imported(lines('Source_id,Name', 'good1,Ann'))).toMatchObject({
      state: 'finished',
      changed: 1,
    });
    expect(there()).toEqual(['good1']);
  });

  it('19-row-left-the-file: a row that left a complete file is a deletion, by a sync as by a full one', async () => {
    await world.sync('incremental', 'nightly');
    expect(there()).toEqual(['n1', 'n2', 'n3']);
    await rewrite(lines('Source_id,Name', 'n1,Ann', 'n3,Cy'));
    expect(await world.sync('incremental', 'nightly')).toMatchObject({
      state: 'finished',
      received: 3,
      changed: 1,
    });
    expect(there()).toEqual(['n1', 'n3']);
    await rewrite(lines('Source_id,Name', 'n1,Ann', 'n2,Bo', 'n3,Cy'));
    await world.sync('incremental', 'nightly');
    expect(there()).toEqual(['n1', 'n2', 'n3']);
    await rewrite(lines('Source_id,Name', 'n2,Bo', 'n3,Cy'));
    await world.sync('full', 'nightly');
    expect(there()).toEqual(['n2', 'n3']);
    expect(await database.rows(sql`select 1 from swept_records`)).toEqual([]);
  });

  it('19-row-left-the-file: more rows that left than the breaker lets go are held', async () => {
    const everyone = Array.from({ length: 30 }, (_, index) => `h${index},Ann`);
    await rewrite(lines('Source_id,Name', ...everyone));
    await world.sync('incremental', 'nightly');
    await rewrite(lines('Source_id,Name', ...everyone.slice(0, 5)));
    await world.sync('incremental', 'nightly');
    expect(there()).toHaveLength(15);
    expect(await database.rows(sql`select 1 from deliveries where state = 'held'`)).toHaveLength(10);
  });

  it('19-row-left-the-file: a file that is not declared complete deletes nobody', async () => {
    await world.sync('incremental', 'partial');
    await rewrite(lines('Source_id,Name', 'n1,Ann'));
    await world.sync('incremental', 'partial');
    await world.sync('full', 'partial');
    expect(there()).toEqual(['n1', 'n2', 'n3']);
  });

  it('19-row-left-the-file: a reading with a rejected row or without rows deletes nobody, and says so', async () => {
    await world.sync('incremental', 'nightly');
    await rewrite(lines('Source_id,Name', 'n1,Ann', 'n3,Cy', 'n4,"open'));
    const refused = await world.sync('incremental', 'nightly');
    expect(refused.notes).toMatchObject([
      { code: 'no_deletions', message: expect.stringContaining('1 row was rejected') },
    ]);
    await rewrite(lines('Source_id,Name'));
    const empty = await world.sync('incremental', 'nightly');
    expect(empty.notes.map(({ code }) => code)).toEqual(['csv_no_rows', 'no_deletions']);
    expect(there()).toEqual(['n1', 'n2', 'n3']);
  });

  it('19-row-left-the-file: an import deletes only where it is declared complete itself', async () => {
    await imported(lines('Source_id,Name', 'i1,Ann', 'i2,Bo', 'i3,Cy'));
    await imported(lines('Source_id,Name', 'i1,Ann'));
    expect(there()).toEqual(['i1', 'i2', 'i3']);
    await imported(lines('Source_id,Name', 'i1,Ann', 'i3,Cy'), { complete: true });
    expect(there()).toEqual(['i1', 'i3']);
  });

  it('19-row-left-the-file: a row with its own clock that left the file and came back is there again', async () => {
    const both = lines('Source_id,Name,At', 'o1,Ann,2026-01-01', 'o2,Bo,2026-01-01', 'o3,Cy,2026-01-01');
    for (const content of [both, lines('Source_id,Name,At', 'o1,Ann,2026-01-01', 'o3,Cy,2026-01-01'), both]) {
      await rewriteClocked(content);
      await world.sync('incremental', 'clocked');
      const names = /o\d/g;
      expect(there()).toEqual(content.match(names));
    }
  });

  it('too large a share of rejected rows stops the reading before any of the page is ingested', async () => {
    const rows = Array.from({ length: 40 }, (_, index) =>
      index % 4 === 0 ? `b-${index},Ann,Gdynia` : `b-${index},Ann,Gdynia,x,y`,
    );
    const run = await imported(lines('Source_id,Name,City', ...rows));
    expect(run).toMatchObject({ state: 'failed', received: 0 });
    expect(run.error).toMatch(
      /^30 of the 40 rows read so far were rejected, more than "maxBadShare" allows \(50 %\).* This row has 5 columns, the header has 3 \(first in row 3 of import-\d+\.csv, 30 in all\)/,
    );
    expect(there()).toEqual([]);
    expect(await imported(lines('Source_id,Name,City', ...rows), { maxBadShare: 1 })).toMatchObject({
      state: 'finished',
      changed: 10,
      rejected: 30,
    });
  });

  it('a file that changed while it was read is read from the beginning by the next run', async () => {
    await world.sync('incremental', 'partial');
    await database.rows(sql`
      update checkpoints set cursor = jsonb_set(jsonb_set(cursor, '{bytes}', '20'), '{row}', '2') where source = 'partial'`);
    await rewrite(lines('Source_id,Name', 'm1,Ann', 'm2,Bo'));
    expect(await world.sync('incremental', 'partial')).toMatchObject({ state: 'finished', received: 2 });
  });
});

// The rows of an export's file: what is read, what is rejected, and what shows that the file is not whole or not the vendor's.
import { describe, expect, it } from 'vitest';
import { listRows } from '../../src/sync/pull/export-list.ts';
import { csvRows, type ExportRow, jsonRows } from '../../src/sync/pull/export-rows.ts';

/** The bytes in pieces of `size`, so that every row is cut somewhere. */
async function* inPieces(text: string, size = 3): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function all(rows: AsyncIterable<ExportRow>): Promise<ExportRow[]> {
  const found: ExportRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

const csv = (text: string, columns = ['Id'], delimiter = '^') =>
  all(csvRows(inPieces(text), { delimiter, columns, of: 'Acme' }));
const json = (text: string) => all(jsonRows(inPieces(text), { of: 'Acme' }));

describe('the rows of a CSV file', () => {
  it('are named by the header, with line ends and delimiters within quotes', async () => {
    expect(await csv('\ufeff"Id"^"Name"\n"1"^"Zoë ^ ""Z""\nNowak"\n\n"2"^""\n')).toEqual([
      { row: { Id: '1', Name: 'Zoë ^ "Z"\nNowak' } },
      { row: { Id: '2', Name: '' } },
    ]);
  });

  it('are rejected one by one where they do not fit the header', async () => {
    const rows = await csv('Id^Name\n1\n2^b\n');
    expect(rows).toEqual([
      { reason: 'it has 1 columns, and the header 2', raw: '1\n' },
      { row: { Id: '2', Name: 'b' } },
    ]);
  });

  it('may have a last one without a line end, but not half of one', async () => {
    expect(await csv('Id^Name\n1^a')).toEqual([{ row: { Id: '1', Name: 'a' } }]);
    await expect(csv('Id^Name\n1^a\n2')).rejects.toMatchObject({ code: 'export_incomplete' });
    await expect(csv('Id^Name\n1^a\n2^"b')).rejects.toMatchObject({ code: 'export_incomplete' });
  });

  it('are not those of a file without the columns that were asked for', async () => {
    for (const text of ['', '<html>\nSign in\n</html>', 'Name\na\n'])
      await expect(csv(text)).rejects.toMatchObject({ foreign: true });
  });
});

describe('the rows of a file of JSON lines', () => {
  it('are objects, of which no digit is lost', async () => {
    expect(await json('{"id":12345678901234567890}\r\n\n{"name":"Zoë\\n"}')).toEqual([
      { row: { id: '12345678901234567890' } },
      { row: { name: 'Zoë\n' } },
    ]);
  });

  it('are rejected one by one where they are none', async () => {
    expect(await json('{"id":1}\n[2]\n{"id":3}\n')).toEqual([
      { row: { id: 1 } },
      { reason: 'the line is not a JSON object', raw: '[2]' },
      { row: { id: 3 } },
    ]);
  });

  it('are too long beyond eight megabytes, and the next one is read', async () => {
    const long = `{"id":"${'x'.repeat(8 * 1024 * 1024)}"}`;
    const rows = await all(jsonRows(inPieces(`{"id":1}\n${long}\n{"id":3}\n`, 1_000_003), { of: 'Acme' }));
    expect(rows).toEqual([
      { row: { id: 1 } },
      { reason: 'the line is longer than 8388608 bytes', raw: null },
      { row: { id: 3 } },
    ]);
  });

  it('are not all there where the last one is cut off', async () => {
    await expect(json('{"id":1}\n{"id":')).rejects.toMatchObject({ code: 'export_incomplete' });
  });

  it('are not those of a web page', async () => {
    await expect(json('<html>\n</html>')).rejects.toMatchObject({ foreign: true });
    expect(await json('')).toEqual([]);
  });
});

describe('the rows of a JSON list', () => {
  const list = (text: string, key = 'data', size = 3) =>
    all(
      listRows(inPieces(text, size), {
        list: key,
        names: ({ fields }) => ((fields ?? []) as { id: string }[]).map(({ id }) => id),
        of: 'Acme',
      }),
    );
  const head = String.raw`{"success": true, "fields": [{"id": "ä"}, {"id": "data"}], "note": "\"data\": [", "data"`;

  it('are lists, named by what stands before them, wherever the text is cut', async () => {
    const rows = String.raw`[1, "x, ]}\"\\"], ["12345678901234567890" , [{"b": []}]], [12345678901234567890, null]`;
    const text = `${head} : [ ${rows} ], "more": [1]}`;
    for (const size of [1, 2, 3, 7, 1000])
      expect(await list(text, 'data', size)).toEqual([
        { row: { ä: 1, data: 'x, ]}"\\' } },
        { row: { ä: '12345678901234567890', data: [{ b: [] }] } },
        { row: { ä: '12345678901234567890', data: null } },
      ]);
  });

  it('may be objects, or the whole text', async () => {
    expect(await list('[{"a": "Zoë"}, 7, {"b": {}}]', '')).toEqual([
      { row: { a: 'Zoë' } },
      { reason: 'the row is not a JSON object', raw: '7' },
      { row: { b: {} } },
    ]);
    expect(await list(`${head}: []}`)).toEqual([]);
  });

  it('are rejected where values and names do not match', async () => {
    expect(await list(`${head}: [[1], [1, 2]]}`)).toEqual([
      { reason: 'it has 1 values, and there are 2 names', raw: [1] },
      { row: { ä: 1, data: 2 } },
    ]);
  });

  it('show that the text is cut off, or is not the vendor’s', async () => {
    for (const end of [': [[1, 2], [3', ': [[1, 2]', ': [[1, 2]]'])
      await expect(list(head + end)).rejects.toMatchObject({ code: 'export_incomplete' });
    for (const text of ['', '<html>', '{"success": false}', '{"inner": {"data": [[1, 2]]}}'])
      await expect(list(text)).rejects.toMatchObject({ foreign: true });
    await expect(list('[]', '')).rejects.toMatchObject({ foreign: true });
  });
});

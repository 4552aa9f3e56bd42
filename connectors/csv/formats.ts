// Recognises files that are not CSV by their first bytes.
import { RejectedError } from '#connector';

const asCsv = 'save it as CSV in UTF-8';

/** First bytes, and what begins with them. */
const signatures: readonly [string, string][] = [
  ['PK\u0003\u0004', `a workbook or another zipped file: ${asCsv}`],
  ['PK\u0005\u0006', 'an empty zip archive'],
  ['\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1', `an Excel workbook (.xls): ${asCsv}`],
  ['\u001f\u008b', 'compressed with gzip: unpack it first'],
  ['BZh', 'compressed with bzip2: unpack it first'],
  ['\u0028\u00b5\u002f\u00fd', 'compressed with Zstandard: unpack it first'],
  ["7z\u00bc\u00af'\u001c", 'a 7z archive: unpack it first'],
  ['Rar!\u001a\u0007', 'a RAR archive: unpack it first'],
  ['\u00fd7zXZ\u0000', 'compressed with xz: unpack it first'],
  ['%PDF-', 'a PDF document: export the table as CSV'],
  ['{\\rtf', `an RTF document: ${asCsv}`],
  ['SQLite format 3\u0000', 'an SQLite database: export the table as CSV'],
  ['PAR1', 'a Parquet file: export it as CSV'],
  ['\u00ff\u00fe\u0000\u0000', `UTF-32 text: ${asCsv}`],
  ['\u0000\u0000\u00fe\u00ff', `UTF-32 text: ${asCsv}`],
  ['BEGIN:VCARD', 'a vCard file: export the contacts as CSV'],
  ['bplist0', `a property list or a Numbers document: ${asCsv}`],
  ['version https://git-lfs', 'a pointer of Git LFS and not the file itself: fetch it with "git lfs pull"'],
];

const html =
  /^<(?:!doctype\s+html|!--|html|head|body|table|meta|style|script|title|div|p|br|center|h\d)[\s>/-]?/i;
/** An object or a list; a header may begin with a bracket, though hardly with what JSON has after it. */
const json = /^(?:\{\s*(?:"|\})|\[\s*(?:[{["\]]|-?\d|true|false|null))/;

/** With its declaration, or an element right within another, as storage services report errors. */
const xml = /^<(?:\?xml|[a-z][\w:.-]*(?:\s[^<>]*)?>\s*<)/i;

/** Throws where these first bytes are those of another format. `name`: of the file. */
export function refuseOtherFormats(bytes: Buffer, name: string): void {
  const begins = bytes.toString('latin1', 0, 64);
  const known = signatures.find(([signature]) => begins.startsWith(signature));
  if (known) throw new RejectedError(`${name} is ${known[1]}.`, { code: 'csv_format' });
}

/** Throws where this text, the beginning of the file, is HTML, XML or JSON. */
export function refuseOtherTexts(text: string, name: string): void {
  const start = text.trimStart();
  const what = html.test(start)
    ? 'an HTML page, which servers often return when a login or an address is wrong: download the CSV file itself, or save the table as CSV'
    : xml.test(start)
      ? `an XML document: ${asCsv}`
      : json.test(start)
        ? 'JSON, not CSV: convert it to a table whose first row names the columns'
        : null;
  if (what !== null) throw new RejectedError(`${name} is ${what}.`, { code: 'csv_format' });
}

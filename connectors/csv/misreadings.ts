// Signs that a file is written otherwise than it is read: with other quotes, or with two delimiters.
import { RejectedError } from '#connector';
import { delimiters, labelsIn, signIn } from '#connector/csv-described-columns';

interface Beginning {
  columns: readonly string[];
  delimiter: string;
  /** What has named it; null where it was detected. */
  namedBy: string | null;
  sample: readonly (readonly string[])[];
}

const foreignQuotes = /^(?:'.*'|“.*”|„.*[”“]|”.*”|‘.*’|«.*»|`.*`)$/su;

/** Throws where one of them shows. `name`: of the file. */
export function refuseMisread({ columns, delimiter, namedBy, sample }: Beginning, name: string): void {
  const named = columns.filter((column) => column !== '');
  if (named.every((column) => foreignQuotes.test(column)))
    throw misread(
      `The cells of ${name} are quoted with ${named[0]!.at(0)}, which is read as a part of them: export the file with " as the quote, or without quotes.`,
    );
  const [only = ''] = columns;
  const sign = signIn(only);
  if (columns.length === 1 && labelsIn(only, sign) > 1)
    throw misread(
      namedBy !== null && !only.includes(delimiter)
        ? `The first row of ${name} is separated by ${JSON.stringify(sign)}, and was read as separated by ${JSON.stringify(delimiter)}: correct ${namedBy}.`
        : wrapped(`The first row of ${name} is`),
    );
  if (columns.length === 1 || sample.length === 0 || sample.some((row) => row.length > 1)) return;
  const holds = (sign: string) => sample.every(([cell = '']) => cell.includes(sign));
  if (holds(delimiter)) throw misread(wrapped(`Every row of ${name} is`));
  const other = delimiters.find((sign) => sign !== delimiter && holds(sign));
  if (other !== undefined)
    throw misread(
      `The first row of ${name} is separated by ${JSON.stringify(delimiter)}, and the rows below it by ${JSON.stringify(other)}: write all of them alike.`,
    );
}

function wrapped(what: string): string {
  return `${what} quoted as a whole, so it is one cell: remove the quotes around it, or export the file again.`;
}

function misread(message: string): RejectedError {
  return new RejectedError(message, { code: 'csv_header' });
}

// A customers CSV file as importCSV reads it: one body per row. It does not know how rows are written.
import { parse } from 'csv-parse/sync';
import { type ErrorResponse, invalidPayload } from './error-response.ts';
import type { MetadataDefinition, MetadataSchema } from './metadata-schema.ts';

const COLUMNS: Record<string, string> = {
  Id: 'id',
  Source_id: 'source_id',
  Name: 'name',
  Email: 'email',
  Phone: 'phone',
  Birthdate: 'birthdate',
  Description: 'description',
};
const ADDRESS_COLUMNS: Record<string, string> = {
  Address_line_1: 'line_1',
  Address_line_2: 'line_2',
  Address_Postal_Code: 'postal_code',
  Address_City: 'city',
  Address_State: 'state',
  Address_Country: 'country',
};

/** Every column without a meaning of its own is metadata, typed where the schema defines it. Empty cells say nothing. */
export function csvRecords(text: string, schema: MetadataSchema | undefined): unknown[] | ErrorResponse {
  let rows: Record<string, string>[];
  try {
    rows = parse(text, { columns: true, bom: true, skip_empty_lines: true });
  } catch (cause) {
    return invalidPayload(`The file cannot be read as CSV: ${(cause as Error).message}`);
  }
  return rows.map((row) => {
    const body: Record<string, unknown> = {};
    const address: Record<string, string> = {};
    const metadata: Record<string, unknown> = {};
    for (const [column, cell] of Object.entries(row)) {
      const definition = schema && Object.hasOwn(schema.properties, column) && schema.properties[column];
      // An empty cell of a boolean column is wrong (support article 574).
      if (cell === '' && !(definition && definition.type === 'boolean')) continue;
      if (COLUMNS[column]) body[COLUMNS[column]] = cell;
      else if (ADDRESS_COLUMNS[column]) address[ADDRESS_COLUMNS[column]] = cell;
      else metadata[column] = definition ? typed(cell, definition) : cell;
    }
    if (Object.keys(address).length > 0) body['address'] = address;
    if (Object.keys(metadata).length > 0) body['metadata'] = metadata;
    return body;
  });
}

/** What cannot be converted stays a string, which the schema then refuses. */
function typed(cell: string, definition: MetadataDefinition): unknown {
  const one = (text: string): unknown => {
    if (definition.type === 'number') return Number.isNaN(Number(text)) ? text : Number(text);
    if (definition.type !== 'boolean') return text;
    return text === 'null' ? null : text === 'true' || (text === 'false' ? false : text);
  };
  return definition.array ? cell.split(',').map(one) : one(cell);
}

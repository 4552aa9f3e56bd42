// Exports of customers to CSV: ordered, made later, fetched with a token. It does not know HTTP.

import { type Customer, responseOf } from './customer.ts';
import { isObject } from './customer-body.ts';
import { ErrorResponse, invalidPayload, invalidQuery, notFound } from './error-response.ts';
import { exportFilter } from './export-filters.ts';
import { type ExportedRow, exportedObjects } from './exported-objects.ts';
import { wholeNumber } from './listing.ts';
import type { MetadataSchema } from './metadata-schema.ts';
import type { VoucherifyOptions } from './options.ts';
import type { Truth } from './truth.ts';

type Whole = ReturnType<typeof responseOf>;

const address = (key: string) => (customer: Whole) => customer.address?.[key];

const redemptions =
  (key: Exclude<keyof Whole['summary']['redemptions'], 'gift' | 'loyalty_card'>) => (customer: Whole) =>
    customer.summary.redemptions[key];

const orders = (key: keyof Whole['summary']['orders']) => (customer: Whole) => customer.summary.orders[key];

/** All fields of the documents but `metadata`, in their order, and where each is found. */
const FIELDS: Record<string, (customer: Whole) => unknown> = {
  name: (customer) => customer.name,
  id: (customer) => customer.id,
  description: (customer) => customer.description,
  email: (customer) => customer.email,
  source_id: (customer) => customer.source_id,
  created_at: (customer) => customer.created_at,
  address_city: address('city'),
  address_state: address('state'),
  address_line_1: address('line_1'),
  address_line_2: address('line_2'),
  address_country: address('country'),
  address_postal_code: address('postal_code'),
  redemptions_total_redeemed: redemptions('total_redeemed'),
  redemptions_total_failed: redemptions('total_failed'),
  redemptions_total_succeeded: redemptions('total_succeeded'),
  redemptions_total_rolled_back: redemptions('total_rolled_back'),
  redemptions_total_rollback_failed: redemptions('total_rollback_failed'),
  redemptions_total_rollback_succeeded: redemptions('total_rollback_succeeded'),
  orders_total_amount: orders('total_amount'),
  orders_total_count: orders('total_count'),
  orders_average_amount: orders('average_amount'),
  orders_last_order_amount: orders('last_order_amount'),
  orders_last_order_date: () => undefined, // nobody orders here
  loyalty_points: (customer) => customer.loyalty.points,
  loyalty_referred_customers: (customer) => customer.loyalty.referred_customers,
  updated_at: (customer) => customer.updated_at,
  phone: (customer) => customer.phone,
  birthday: (customer) => customer.birthday,
  birthdate: (customer) => customer.birthdate,
};

const ORDERS = ['name', 'id', 'email', 'source_id', 'created_at', 'updated_at'].flatMap((name) => [
  name,
  `-${name}`,
]);

const LIST_ORDERS = ['created_at', '-created_at', 'status', '-status'];

const EXPORTED_OBJECTS = 'voucher, redemption, customer, publication, order, points_expiration';

const ROWS_PER_CHUNK = 1000;

type Parameters = { order?: string; fields?: string[]; filters?: Record<string, unknown> };

/** Plain JSON; the file is not part of it and is made again from what is held when a snapshot is restored. */
export type StoredExport = {
  id: string;
  token: string;
  createdAtMs: number;
  doneAtMs: number;
  /** Default `customer`. */
  object?: string;
  parameters: Parameters;
};

export class Exports {
  readonly #truth: Truth;
  readonly #options: VoucherifyOptions;
  readonly #schema: () => MetadataSchema | undefined;
  #exports = new Map<string, StoredExport>();
  #files = new Map<string, string[]>();
  #idsGiven = 0;

  constructor(truth: Truth, options: VoucherifyOptions, schema: () => MetadataSchema | undefined) {
    this.#truth = truth;
    this.#options = options;
    this.#schema = schema;
  }

  /** `POST /v1/exports`: always SCHEDULED at first. */
  create(body: unknown, nowMs: number): Record<string, unknown> | ErrorResponse {
    const checked = checkOrder(body);
    if (checked instanceof ErrorResponse) return checked;
    this.#idsGiven += 1;
    const made: StoredExport = {
      id: `exp_${this.#idsGiven.toString(36).padStart(24, '0')}`,
      token: `export-token-${this.#idsGiven}`,
      createdAtMs: nowMs,
      doneAtMs: nowMs + (this.#options.exportMs ?? 0),
      ...checked,
    };
    this.#exports.set(made.id, made);
    return { ...shown(made), status: 'SCHEDULED', result: null, user_id: '' };
  }

  /** Writes the files that are due, from what is held at that moment. */
  settle(nowMs: number): void {
    for (const made of this.#exports.values())
      if (made.doneAtMs <= nowMs && !this.#files.has(made.id)) this.#files.set(made.id, this.#file(made));
  }

  /** `GET /v1/exports/{id}`; `origin` is the host the file is fetched from. */
  show(id: string, origin: string): Record<string, unknown> | ErrorResponse {
    const made = this.#exports.get(id);
    return made ? this.#state(made, origin) : notFound('export', id);
  }

  list(query: Record<string, string>, origin: string): Record<string, unknown> | ErrorResponse {
    const limit = wholeNumber(query, 'limit', 10, 100);
    const page = wholeNumber(query, 'page', 1, 99);
    if (limit instanceof ErrorResponse) return limit;
    if (page instanceof ErrorResponse) return page;
    const order = query['order'] ?? '-created_at';
    if (!LIST_ORDERS.includes(order))
      return invalidQuery(
        `Property .order should be equal to one of the allowed values [ ${LIST_ORDERS.join(', ')} ]`,
      );
    const all = [...this.#exports.values()].map((made) => this.#state(made, origin));
    if (order.endsWith('status'))
      all.sort((a, b) =>
        String(a['status']) < String(b['status']) ? -1 : Number(a['status'] !== b['status']),
      );
    if (order.startsWith('-')) all.reverse();
    const exports = all.slice((page - 1) * limit, page * limit);
    return { object: 'list', data_ref: 'exports', exports, total: all.length };
  }

  remove(id: string): ErrorResponse | undefined {
    if (!this.#exports.delete(id)) return notFound('export', id);
    this.#files.delete(id);
    return undefined;
  }

  /** The file in chunks, for who has the token. */
  file(id: string, token: string): string[] | ErrorResponse {
    const made = this.#exports.get(id);
    if (!made) return notFound('export', id);
    if (made.token !== token)
      return new ErrorResponse(
        401,
        'unauthorized',
        'Unauthorized',
        'Cannot find export with the given token',
      );
    return this.#files.get(id) ?? notFound('export', id);
  }

  snapshot(): StoredExport[] {
    return structuredClone([...this.#exports.values()]);
  }

  restore(stored: StoredExport[]): void {
    this.#exports = new Map(structuredClone(stored).map((made) => [made.id, made]));
    this.#files.clear();
    this.#idsGiven = Math.max(0, ...stored.map((made) => Number.parseInt(made.id.slice(4), 36)));
  }

  #state(made: StoredExport, origin: string): Record<string, unknown> {
    const done = this.#files.has(made.id);
    return {
      ...shown(made),
      status: done ? 'DONE' : 'IN_PROGRESS',
      result: done ? { url: `${origin}/v1/exports/${made.id}?token=${made.token}` } : null,
      user_id: null,
    };
  }

  #file(made: StoredExport): string[] {
    const { object = 'customer', parameters } = made;
    if (object !== 'customer') return this.#fileOf(object, parameters);
    const passes = exportFilter(parameters.filters);
    if (passes instanceof ErrorResponse)
      throw new Error(`an accepted export has bad filters: ${passes.details}`);
    const columns = (parameters.fields ?? ['name', 'source_id']).flatMap((field) => this.#columns(field));
    const chunks: string[] = [];
    let rows = `${columns.map(({ header }) => cell(header)).join(',')}\n`;
    let count = 0;
    for (const customer of this.#sorted(parameters.order ?? '-created_at')) {
      if (!passes(customer)) continue;
      const whole = responseOf(customer);
      rows += `${columns.map(({ value }) => cell(value(whole))).join(',')}\n`;
      count += 1;
      if (count % ROWS_PER_CHUNK > 0) continue;
      chunks.push(rows);
      rows = '';
    }
    chunks.push(rows);
    return chunks;
  }

  /** Of another object: as many rows as there may be. */
  #fileOf(object: string, { order, fields = [] }: Parameters): string[] {
    const { rows, defaultOrder } = exportedObjects[object]!;
    const sorted = sortedRows([...rows(this.#truth)], order ?? defaultOrder);
    const header = fields.map((field) => (this.#options.exportHeaders === 'names' ? field : labelOf(field)));
    const lines = [header, ...sorted.slice(0, this.#options.exportMaxRows)].map((row) =>
      (Array.isArray(row) ? row : fields.map((field) => row[field])).map(cell).join(','),
    );
    return [`${lines.join('\n')}\n`];
  }

  /** `metadata` stands for the keys that the schema defines, and no others. */
  #columns(field: string): { header: string; value: (customer: Whole) => unknown }[] {
    if (field !== 'metadata') {
      const header = this.#options.exportHeaders === 'names' ? field : labelOf(field);
      return [{ header, value: FIELDS[field]! }];
    }
    const keys = Object.keys(this.#schema()?.properties ?? {});
    if (this.#options.exportMetadata !== 'json')
      return keys.map((key) => ({
        header: this.#options.exportMetadata === 'prefixed-columns' ? `metadata.${key}` : key,
        value: (customer) => customer.metadata?.[key],
      }));
    const defined = (customer: Whole) =>
      Object.fromEntries(
        keys.flatMap((key) =>
          customer.metadata && key in customer.metadata ? [[key, customer.metadata[key]]] : [],
        ),
      );
    return [{ header: 'metadata', value: defined }];
  }

  #sorted(order: string): Iterable<Customer> {
    const field = order.replace('-', '');
    if (field === 'created_at')
      return this.#truth.created.walk(order.startsWith('-') ? 'descending' : 'ascending');
    const key = (customer: Customer) => {
      if (field === 'updated_at') return customer.updatedAtMs ?? 0;
      if (field === 'source_id') return customer.sourceId ?? '';
      return customer[field as 'name' | 'id' | 'email'] ?? '';
    };
    const sorted = [...this.#truth.all()].sort((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))));
    return order.startsWith('-') ? sorted.reverse() : sorted;
  }
}

function sortedRows(rows: ExportedRow[], order: string): ExportedRow[] {
  const field = order.replace('-', '');
  const key = (row: ExportedRow) => String(row[field] ?? '');
  const sorted = rows.toSorted((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))));
  return order.startsWith('-') ? sorted.reverse() : sorted;
}

function shown({ id, createdAtMs, object = 'customer', parameters }: StoredExport) {
  return {
    id,
    object: 'export',
    created_at: new Date(createdAtMs).toISOString(),
    channel: 'API',
    exported_object: object,
    parameters,
  };
}

function checkOrder(body: unknown): Pick<StoredExport, 'object' | 'parameters'> | ErrorResponse {
  const object = isObject(body) ? String(body['exported_object']) : '';
  if (!isObject(body) || !(object === 'customer' || Object.hasOwn(exportedObjects, object)))
    return invalidPayload(
      `Property .exported_object should be equal to one of the allowed values [ ${EXPORTED_OBJECTS} ]`,
    );
  const { order, fields, filters } = (isObject(body['parameters']) ? body['parameters'] : {}) as Parameters;
  const described = exportedObjects[object];
  const orders = described?.orders ?? ORDERS;
  if (order !== undefined && order !== '' && !orders.includes(order))
    return invalidPayload(
      `Property .parameters.order should be equal to one of the allowed values [ ${orders.join(', ')} ]`,
    );
  const allowed = described?.fields ?? [...Object.keys(FIELDS), 'metadata'];
  if (fields !== undefined && !(Array.isArray(fields) && fields.every((field) => allowed.includes(field))))
    return new ErrorResponse(
      400,
      'invalid_export_fields',
      'Invalid Export',
      `Unsupported field used. Allowed fields: ${allowed.join(', ')}`,
    );
  const filter = exportFilter(filters);
  if (filter instanceof ErrorResponse) return filter;
  // Filters of other objects are not played.
  if (described && filters !== undefined) return invalidPayload('Property .filters is not played');
  return {
    object,
    parameters: {
      ...(order && { order }),
      fields: fields ?? described?.defaults ?? ['name', 'source_id'],
      ...(filters && { filters: structuredClone(filters) }),
    },
  };
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `source_id` is labelled `Source ID`, as `voucher_type` is `Voucher Type` in the documents' example of a file. */
function labelOf(field: string): string {
  return field
    .split('_')
    .map((word) => (word === 'id' ? 'ID' : word.charAt(0).toUpperCase() + word.slice(1)))
    .join(' ');
}

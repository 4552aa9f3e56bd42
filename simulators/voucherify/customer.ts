// One customer as Voucherify holds it, and what a write does to it. It does not know which other customers there are.
import {
  type Address,
  type CustomerBody,
  isObject,
  type Metadata,
  type TruthCustomer,
} from './customer-body.ts';
import { type CustomerFacts, factParts } from './customer-facts.ts';
import { type ErrorResponse, invalidPayload } from './error-response.ts';
import type { WriteOptions } from './write-options.ts';

const ATTRIBUTES = ['name', 'description', 'email', 'phone', 'birthdate', 'birthday'] as const;

const ADDRESS_KEYS = ['city', 'state', 'line_1', 'line_2', 'country', 'postal_code'] as const;

type Text = string | null | undefined;

/** A class, not a literal: half a million of one shape. Its objects are replaced, never changed, so readers may keep them. */
export class Customer {
  readonly id: string;
  sourceId: string | undefined;
  name: Text;
  description: Text;
  email: Text;
  phone: Text;
  birthdate: Text;
  birthday: Text;
  address: Address | null = null;
  metadata: Metadata | undefined;
  readonly createdAtMs: number;
  updatedAtMs: number | undefined;
  /** How often it was written, its creation included. */
  writes = 0;
  /** Points, vouchers, segments: no write of a customer touches them. */
  facts: CustomerFacts = {};
  /** No longer held under its ID; lists that still point here pass it over. */
  gone = false;

  constructor(id: string, sourceId: string | undefined, createdAtMs: number) {
    this.id = id;
    this.sourceId = sourceId;
    this.createdAtMs = createdAtMs;
  }
}

export type WriteRules = Omit<WriteOptions, 'bulkWrites'>;

/** The rules of a record in a bulk body. */
export function bulkRules(options: WriteOptions): WriteRules {
  const { bulkWrites, metadataWrites = 'merge', addressWrites = metadataWrites } = options;
  return {
    ...options,
    metadataWrites: bulkWrites?.metadata ?? metadataWrites,
    addressWrites: bulkWrites?.address ?? addressWrites,
  };
}

/** Checks the types of a body's known parts; metadata values are the schema's business. */
export function checkBody(body: unknown, rules: WriteRules): ErrorResponse | undefined {
  if (!isObject(body)) return invalidPayload('Payload should be object');
  for (const name of ['id', 'source_id'] as const) {
    const value = body[name];
    if (value === undefined || (value === null && rules.nullWrites !== 'reject')) continue;
    if (typeof value !== 'string' || value === '')
      return invalidPayload(`Property .${name} should be non-empty string`);
  }
  for (const name of ATTRIBUTES) {
    const value = body[name];
    if (value === undefined || (value === null && rules.nullWrites !== 'reject')) continue;
    if (typeof value !== 'string') return invalidPayload(`Property .${name} should be string`);
    if ((name === 'birthdate' || name === 'birthday') && !isDate(value))
      return invalidPayload(`Property .${name} cannot be recognized as a ISO-8601 compliant date`);
  }
  const { address, metadata } = body;
  if (address !== undefined && address !== null) {
    if (!isObject(address)) return invalidPayload('Property .address should be object');
    for (const key of ADDRESS_KEYS) {
      const value = address[key];
      if (value !== undefined && value !== null && typeof value !== 'string')
        return invalidPayload(`Property .address.${key} should be string`);
    }
  }
  if (metadata !== undefined && !isObject(metadata) && (metadata !== null || rules.nullWrites === 'reject'))
    return invalidPayload('Property .metadata should be object');
  return undefined;
}

/** Writes the sent parts and leaves the rest; `body` has passed `checkBody`. */
export function applyBody(customer: Customer, body: CustomerBody, rules: WriteRules): void {
  for (const name of ATTRIBUTES) {
    const value = body[name];
    if (value === undefined) continue;
    if (value !== null) customer[name] = stored(name, value, rules);
    else if (rules.nullWrites === 'keep-null') customer[name] = null;
    else if (rules.nullWrites !== 'ignore') customer[name] = undefined;
  }
  if (body.address === null && rules.nullWrites !== 'ignore') customer.address = null;
  else if (body.address) {
    const sent: Address = {};
    for (const key of ADDRESS_KEYS) if (body.address[key] !== undefined) sent[key] = body.address[key]!;
    customer.address = written(customer.address, sent, rules.addressWrites ?? rules.metadataWrites, rules);
  }
  if (body.metadata) customer.metadata = resultingMetadata(customer.metadata, body.metadata, rules);
  else if (body.metadata === null && rules.metadataWrites === 'replace' && rules.nullWrites !== 'ignore')
    customer.metadata = undefined;
}

/** The metadata a customer would hold after `sent`. */
export function resultingMetadata(held: Metadata | undefined, sent: Metadata, rules: WriteRules): Metadata {
  return written(held, sent, rules.metadataWrites, rules);
}

/** Forgets everything that can be written, as a CSV import that overwrites does. */
export function blank(customer: Customer): void {
  for (const name of ATTRIBUTES) customer[name] = undefined;
  customer.address = null;
  customer.metadata = undefined;
}

export function truthOf(customer: Customer): TruthCustomer {
  const truth: TruthCustomer = { id: customer.id, address: customer.address, created_at: '' };
  if (customer.sourceId !== undefined) truth.source_id = customer.sourceId;
  for (const name of ATTRIBUTES) if (customer[name] !== undefined) truth[name] = customer[name];
  if (customer.metadata) truth.metadata = customer.metadata;
  truth.created_at = new Date(customer.createdAtMs).toISOString();
  if (customer.updatedAtMs !== undefined) truth.updated_at = new Date(customer.updatedAtMs).toISOString();
  return truth;
}

/** The whole customer object of the API. */
export function responseOf(customer: Customer) {
  const { created_at, updated_at, metadata, ...attributes } = truthOf(customer);
  return {
    ...attributes,
    ...factParts(customer.facts),
    ...(metadata && { metadata }),
    system_metadata: {},
    created_at,
    ...(updated_at !== undefined && { updated_at }),
    assets: {},
    object: 'customer' as const,
  };
}

function stored(name: (typeof ATTRIBUTES)[number], value: string, rules: WriteRules): string {
  if (name === 'birthdate' || name === 'birthday') return value.slice(0, 10); // a datetime is accepted, a date is held
  if (name === 'phone' && rules.dialingPrefix && value !== '' && !value.startsWith('+'))
    return rules.dialingPrefix + value;
  return value;
}

function written<T>(
  held: Record<string, T> | null | undefined,
  sent: Record<string, T>,
  how: WriteRules['metadataWrites'],
  rules: WriteRules,
) {
  const result = held && how !== 'replace' ? { ...held, ...sent } : sent;
  if (rules.nestedNulls !== 'clear') return result;
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== null));
}

function isDate(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}($|T)/.test(value) && !Number.isNaN(Date.parse(value));
}

// Every way a customer is written or removed, with the rules that admit it. It does not know whether one call or a bulk
// action asks, and sends no webhook.

import {
  applyBody,
  blank,
  bulkRules,
  type Customer,
  checkBody,
  resultingMetadata,
  truthOf,
  type WriteRules,
} from './customer.ts';
import type { CustomerBody } from './customer-body.ts';
import { ErrorResponse, invalidPayload, notFound } from './error-response.ts';
import { checkMetadata, type MetadataSchema } from './metadata-schema.ts';
import type { VoucherifyOptions } from './options.ts';
import type { Truth } from './truth.ts';

export type Written = { customer: Customer; kind: 'created' | 'updated' };

/** What POST, a record of a bulk body, or a row of a CSV file names: nobody (so it makes one), somebody, or a error. */
type Target = Customer | undefined | ErrorResponse;

export class CustomerWrites {
  readonly #truth: Truth;
  readonly #options: VoucherifyOptions;
  schema: MetadataSchema | undefined;

  constructor(truth: Truth, options: VoucherifyOptions) {
    this.#truth = truth;
    this.#options = options;
    this.schema = options.metadataSchema;
  }

  /** POST: an upsert by `id`, which wins, or by `source_id`; without either always somebody new. */
  upsert(body: unknown, nowMs: number, overwrite = false): Written | ErrorResponse {
    const error = checkBody(body, this.#options);
    if (error) return error;
    const sent = body as CustomerBody;
    const target = this.#target(sent);
    if (target instanceof ErrorResponse) return target;
    return this.#checkRules(target, sent, overwrite) ?? this.#write(target, sent, nowMs, { overwrite });
  }

  /** PUT: somebody who exists. The source ID is written once. */
  update(idOrSourceId: string, body: unknown, nowMs: number): Written | ErrorResponse {
    const customer = this.#truth.find(idOrSourceId);
    if (!customer) return notFound('customer', idOrSourceId);
    const error = checkBody(body, this.#options);
    if (error) return error;
    const sent = body as CustomerBody;
    const late =
      customer.sourceId === undefined && this.#options.lateSourceId === 'adopted' && sent.source_id;
    if (late && this.#truth.bySourceId(late))
      return new ErrorResponse(
        409,
        'duplicate_found',
        'Duplicate found',
        `Customer with source_id ${late} already exists`,
      );
    const broken = this.#checkRules(customer, sent, false);
    if (broken) return broken;
    if (late) this.#truth.adopt(customer, late);
    return this.#write(customer, sent, nowMs);
  }

  /** One record of a bulk body: an upsert by `source_id`, which it must have. */
  upsertBySourceId(body: unknown, nowMs: number): Written | ErrorResponse {
    return this.checkRecord(body) ?? this.#writeRecord(body as CustomerBody, nowMs);
  }

  /** What would be wrong with one record of a bulk body if it were written now. */
  checkRecord(body: unknown): ErrorResponse | undefined {
    const error = checkBody(body, this.#options);
    if (error) return error;
    const sent = body as CustomerBody;
    if (typeof sent.source_id !== 'string') return invalidPayload('Property .source_id is required');
    return this.#checkRules(this.#truth.bySourceId(sent.source_id), sent, false, bulkRules(this.#options));
  }

  /** Answers the customer as it was when it went, which is how `customer.deleted` shows it. */
  remove(idOrSourceId: string, nowMs: number, soft: boolean): Customer | ErrorResponse {
    const customer = this.#truth.find(idOrSourceId);
    if (!customer) return notFound('customer', idOrSourceId);
    this.#truth.remove(customer, nowMs, soft);
    this.#options.onWrite?.(truthOf(customer), 'deleted');
    return customer;
  }

  #target(sent: CustomerBody): Target {
    if (sent.id) {
      const customer = this.#truth.byId(sent.id);
      if (customer || this.#options.unknownId === 'create') return customer;
      return notFound('customer', sent.id);
    }
    return sent.source_id ? this.#truth.bySourceId(sent.source_id) : undefined;
  }

  #checkRules(
    target: Customer | undefined,
    sent: CustomerBody,
    overwrite: boolean,
    rules: WriteRules = this.#options,
  ): ErrorResponse | undefined {
    if (!this.schema || (target && !sent.metadata && !overwrite)) return undefined;
    const payload = sent.metadata ?? {};
    const mode = this.#options.requiredMetadata ?? 'result';
    if (!target || overwrite || mode === 'payload') return checkMetadata(payload, this.schema, true);
    const wrong = checkMetadata(payload, this.schema, false);
    if (wrong || mode === 'creation-only') return wrong;
    // Only required keys are looked for in what is held: values that an older schema let in stay where they are.
    const result = resultingMetadata(target.metadata, payload, rules);
    const properties = Object.entries(this.schema.properties);
    const missing = properties.filter(
      ([key, definition]) => definition.optional === false && (result[key] ?? null) === null,
    );
    return checkMetadata({}, { properties: Object.fromEntries(missing) }, true);
  }

  #writeRecord(sent: CustomerBody, nowMs: number): Written {
    return this.#write(this.#truth.bySourceId(sent.source_id!), sent, nowMs, {
      rules: bulkRules(this.#options),
    });
  }

  #write(
    target: Customer | undefined,
    sent: CustomerBody,
    nowMs: number,
    { overwrite = false, rules = this.#options }: { overwrite?: boolean; rules?: WriteRules } = {},
  ): Written {
    const kind = target ? 'updated' : 'created';
    if (target) this.#truth.touch(target, nowMs);
    // An unknown `id` with the source ID of somebody else makes a customer without one.
    const free = sent.source_id && !this.#truth.bySourceId(sent.source_id) ? sent.source_id : undefined;
    const customer = target ?? this.#truth.create(free, nowMs);
    if (overwrite) blank(customer);
    applyBody(customer, sent, rules);
    customer.writes += 1;
    this.#options.onWrite?.(truthOf(customer), kind);
    return { customer, kind };
  }
}

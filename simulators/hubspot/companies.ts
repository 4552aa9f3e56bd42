// The companies of a HubSpot account, as far as contacts refer to them: read by ID, archived, merged. They are told of by no
// contact: `lastmodifieddate` of one stays as it was when its company changes.
import type { Context } from 'hono';
import { type ErrorBody, invalid } from './errors.ts';
import { parseJson } from './filters.ts';
import { Properties } from './properties.ts';

type Company = { id: string; properties: Record<string, string | null>; archived: boolean };

const maxBatch = 100;

export class Companies {
  readonly #companies = new Map<string, Company>();
  readonly #mergedInto = new Map<string, string>();
  readonly #properties = new Properties([
    { name: 'name', label: 'Company name' },
    { name: 'domain', label: 'Company Domain Name' },
    { name: 'industry', label: 'Industry' },
    { name: 'hs_merged_object_ids', label: 'Merged record IDs', readOnly: true },
  ]);
  /** What a read by the ID of a merged company gives (unverified): the survivor, or nothing. */
  readMerged: 'survivor' | 'notFound' = 'survivor';
  #nextId = 442_222_359_747;

  create(properties: Record<string, string | null>): string {
    const id = String(this.#nextId);
    this.#nextId += 50;
    this.#companies.set(id, { id, properties, archived: false });
    return id;
  }

  update(id: string, properties: Record<string, string | null>): void {
    Object.assign(this.#companies.get(id)!.properties, properties);
  }

  archive(id: string): void {
    this.#companies.get(id)!.archived = true;
  }

  /** Contacts keep the old ID here: whether and when HubSpot changes it is unverified. */
  merge(primaryId: string, otherId: string): void {
    this.#companies.delete(otherId);
    this.#mergedInto.set(otherId, primaryId);
    this.update(primaryId, { hs_merged_object_ids: otherId });
  }

  async batchRead(c: Context): Promise<Response> {
    const { inputs, properties } = parseJson(await c.req.text()) as {
      inputs?: { id: string }[];
      properties?: string[];
    };
    if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > maxBatch)
      throw invalid(`inputs must hold 1 to ${maxBatch} IDs`);
    const found = new Map<string, Company>();
    const missing: string[] = [];
    for (const { id } of inputs) {
      const merged = this.readMerged === 'survivor' ? this.#mergedInto.get(id) : undefined;
      const company = this.#companies.get(merged ?? id);
      if (company && !company.archived) found.set(company.id, company);
      else missing.push(id);
    }
    const results = [...found.values()]
      .reverse()
      .map((company) => this.#show(company, properties ?? ['name']));
    if (missing.length === 0) return c.json({ status: 'COMPLETE', results });
    const error: Omit<ErrorBody, 'correlationId'> = {
      status: 'error',
      category: 'OBJECT_NOT_FOUND',
      message: 'Could not get some COMPANY objects, they may be deleted or not exist.',
      context: { ids: missing },
    };
    return c.json({ status: 'COMPLETE', results, numErrors: 1, errors: [error] }, 207);
  }

  listProperties(c: Context): Response {
    return c.json({ results: this.#properties.list() });
  }

  /** Names that are not defined are left out; what has no value is null. */
  #show({ id, properties }: Company, names: readonly string[]) {
    const known = names.filter((name) => this.#properties.get(name));
    const values = known.map((name) => [name, properties[name] ?? null]);
    return { id, properties: { ...Object.fromEntries(values), hs_object_id: id }, archived: false };
  }
}

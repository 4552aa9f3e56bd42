// The contacts of the simulated environment: versions of rows, whole seconds, tombstones, merges that leave the row. It knows no
// requests.

export type Row = { contactid: string; modifiedon: string; [column: string]: unknown };

export interface EnvironmentOptions {
  now: () => number;
}

/** Columns and their types. */
export const columns: { readonly [name: string]: string } = {
  contactid: 'Uniqueidentifier',
  modifiedon: 'DateTime',
  createdon: 'DateTime',
  statecode: 'State',
  statuscode: 'Status',
  merged: 'Boolean',
  masterid: 'Lookup',
  parentcustomerid: 'Customer',
  ownerid: 'Owner',
  firstname: 'String',
  lastname: 'String',
  fullname: 'String',
  emailaddress1: 'String',
  mobilephone: 'String',
  telephone1: 'String',
  address1_line1: 'String',
  address1_city: 'String',
  address1_country: 'String',
  birthdate: 'DateTime',
  description: 'Memo',
  gendercode: 'Picklist',
  new_tier: 'String',
};

export const isLookup = (type: string | undefined): boolean =>
  ['Lookup', 'Customer', 'Owner'].includes(type ?? '');

export class Environment {
  readonly rows = new Map<string, Row>();
  readonly versions = new Map<string, number>();
  readonly tombstones = new Map<string, number>();
  /** IDs of contacts that the role of the user does not reach. */
  readonly hidden = new Set<string>();
  /** Columns whose values the user may not see. */
  readonly secured = new Set<string>();
  readonly #options: EnvironmentOptions;
  version = 4_372_000;
  #serial = 0;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
  }

  create(values: { [column: string]: unknown } = {}): string {
    this.#serial += 1;
    const id = `abcdef00-0000-4000-8000-${this.#serial.toString(16).padStart(12, '0')}`;
    const empty = Object.entries(columns).map(([name, type]) => [
      isLookup(type) ? `_${name}_value` : name,
      null,
    ]);
    const named = { firstname: 'Ada', lastname: `Nowak ${this.#serial}` };
    this.rows.set(id, {
      ...Object.fromEntries(empty),
      ...named,
      statecode: 0,
      statuscode: 1,
      merged: false,
      createdon: this.#stamp(),
      ...values,
      contactid: id,
      modifiedon: this.#stamp(),
    });
    this.#touch(id);
    return id;
  }

  seed(count: number): string[] {
    return Array.from({ length: count }, (_, at) => this.create({ emailaddress1: `c${at}@example.com` }));
  }

  /** `lateMs`: how long before its commit the transaction wrote. */
  change(id: string, values: { [column: string]: unknown }, lateMs = 0): void {
    Object.assign(this.rows.get(id)!, values, { modifiedon: this.#stamp(lateMs) });
    this.#touch(id);
  }

  /** The system writes: the version grows, and the time of last change stays. */
  changeSilently(id: string, values: { [column: string]: unknown }): void {
    Object.assign(this.rows.get(id)!, values);
    this.#touch(id);
  }

  remove(id: string): void {
    this.rows.delete(id);
    this.#touch(id);
    this.tombstones.set(id, this.version);
  }

  merge(target: string, subordinate: string): void {
    this.change(subordinate, { statecode: 1, statuscode: 2, merged: true, _masterid_value: target });
    this.change(target, {});
  }

  /** Those that the user sees. */
  visible(): Row[] {
    return [...this.rows.values()].filter(({ contactid }) => !this.hidden.has(contactid));
  }

  /** Contacts that live, which those that were merged into another do not. */
  ids(): string[] {
    return this.visible()
      .filter(({ merged }) => merged !== true)
      .map(({ contactid }) => contactid);
  }

  #touch(id: string): void {
    this.version += 1;
    this.versions.set(id, this.version);
  }

  #stamp(agoMs = 0): string {
    return `${new Date(this.#options.now() - agoMs).toISOString().slice(0, 19)}Z`;
  }
}

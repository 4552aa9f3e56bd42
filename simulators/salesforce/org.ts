// The rows of the simulated org: contacts, leads and accounts, stamped by whole seconds, deleted softly, merged and undeleted.
// It knows no requests.
import type { Row } from './soql.ts';

const address = (prefix: string) =>
  ['Street', 'City', 'State', 'PostalCode', 'Country'].map((part) => [`${prefix}${part}`, 'string'] as const);
const system = [
  ['Id', 'id'],
  ['IsDeleted', 'boolean'],
  ['MasterRecordId', 'reference'],
  ['CreatedDate', 'datetime'],
  ['LastModifiedDate', 'datetime'],
  ['SystemModstamp', 'datetime'],
] as const;
const person = [
  ['FirstName', 'string'],
  ['LastName', 'string'],
  ['Name', 'string'],
  ['Phone', 'phone'],
  ['Description', 'textarea'],
] as const;

const fieldsOf: { readonly [object: string]: readonly (readonly [string, string])[] } = {
  Contact: [
    ...system,
    ...person,
    ['Email', 'email'],
    ['MobilePhone', 'phone'],
    ...address('Mailing'),
    ['MailingAddress', 'address'],
    ['Birthdate', 'date'],
    ['Title', 'string'],
    ['Tier__c', 'picklist'],
    ['Points__c', 'double'],
    ['IsPersonAccount', 'boolean'],
  ],
  Lead: [
    ...system,
    ...person,
    ['Email', 'email'],
    ['MobilePhone', 'phone'],
    ...address(''),
    ['Company', 'string'],
  ],
  Account: [
    ...system,
    ...person,
    ['IsPersonAccount', 'boolean'],
    ['PersonContactId', 'reference'],
    ['PersonEmail', 'email'],
    ['PersonMobilePhone', 'phone'],
    ...address('PersonMailing'),
    ['PersonBirthdate', 'date'],
    ['Tier__pc', 'picklist'],
  ],
};

const prefixes: { readonly [object: string]: string } = { Contact: '003', Lead: '00Q', Account: '001' };
const binMs = 15 * 86_400_000;
const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export interface OrgOptions {
  now: () => number;
  /** Default: the org has no person accounts, and no object has `IsPersonAccount`. */
  personAccounts?: boolean;
  /** Country and state are picklists, so that there are codes beside the names. */
  codes?: boolean;
  /** Custom fields of contacts beyond the usual ones. */
  extraFields?: number;
}

export class Org {
  readonly rows = new Map<string, Row>();
  /** `Contact.Tier__c`: fields that the user may not see; `Contact`: an object that they may not see. */
  readonly hidden = new Set<string>();
  /** IDs of records that sharing hides from the user. */
  readonly unshared = new Set<string>();
  readonly #options: OrgOptions;
  #serial = 0;

  constructor(options: OrgOptions) {
    this.#options = options;
  }

  /** The fields that the user may see with their types; null where there is no such object for them. */
  typesOf(object: string): Map<string, string> | null {
    if (!fieldsOf[object] || this.hidden.has(object)) return null;
    const { personAccounts = false, codes = false, extraFields = 0 } = this.#options;
    const extra = object === 'Contact' ? Array.from({ length: extraFields }, (_, at) => extraField(at)) : [];
    const coded = ['MailingStateCode', 'MailingCountryCode', 'StateCode', 'CountryCode'];
    const all = [
      ...fieldsOf[object],
      ...extra.map((name) => [name, 'string'] as const),
      ...(codes ? coded.map((name) => [name, 'picklist'] as const) : []),
    ].filter(([name]) => !coded.includes(name) || name.startsWith('Mailing') === (object === 'Contact'));
    const isThere = (name: string) => personAccounts || !/^Person|^IsPerson|__pc$/.test(name);
    return new Map(all.filter(([name]) => isThere(name) && !this.hidden.has(`${object}.${name}`)));
  }

  /** What the user sees of an object, with what is in the bin or without. It is purged after 15 days. */
  visible(object: string, withDeleted: boolean): Row[] {
    const prefix = prefixes[object] ?? '-';
    const isPurged = (row: Row) =>
      row['IsDeleted'] === true && this.#options.now() - Date.parse(String(row['SystemModstamp'])) > binMs;
    return [...this.rows.values()].filter(
      (row) =>
        row.Id.startsWith(prefix) &&
        !this.unshared.has(row.Id) &&
        !isPurged(row) &&
        (withDeleted || row['IsDeleted'] !== true),
    );
  }

  /** IDs of one moment are in no order of creation: there is more than one range of them. */
  create(values: { [field: string]: unknown } = {}, object = 'Contact'): string {
    const serial = this.#serial++;
    const digits = [3_844, 62, 1].map((unit) => letters[Math.floor(serial / unit) % 62]).join('');
    const Id = longId(`${prefixes[object]}5g0000${serial % 2 ? 'a' : 'A'}${'0'}${digits}A`);
    const stamp = this.#stamp(0);
    const empty = Object.fromEntries((fieldsOf[object] ?? []).map(([name]) => [name, null]));
    this.rows.set(Id, {
      ...empty,
      LastName: `Person ${serial}`,
      IsPersonAccount: false,
      ...values,
      Id,
      IsDeleted: false,
      MasterRecordId: null,
      CreatedDate: stamp,
      LastModifiedDate: stamp,
      SystemModstamp: stamp,
    });
    return Id;
  }

  /** `stampedMsAgo`: a transaction that began so long ago is committed only now. */
  change(id: string, values: { [field: string]: unknown }, stampedMsAgo = 0): void {
    const SystemModstamp = this.#stamp(stampedMsAgo);
    Object.assign(this.rows.get(id)!, values, { SystemModstamp, LastModifiedDate: SystemModstamp });
  }

  remove(id: string): void {
    this.change(id, { IsDeleted: true });
  }

  undelete(id: string): void {
    this.change(id, { IsDeleted: false, MasterRecordId: null });
  }

  /** The winner keeps its ID and is stamped; the losers are in the bin and name it. */
  merge(winner: string, ...losers: string[]): void {
    for (const loser of losers) this.change(loser, { IsDeleted: true, MasterRecordId: winner });
    this.change(winner, {});
  }

  /** Emptied from the bin, or deleted without it. */
  purge(id: string): void {
    this.rows.delete(id);
  }

  /** Twenty of each second, the last ones of now. */
  seed(count: number, object = 'Contact'): string[] {
    return Array.from({ length: count }, (_, at) => {
      const email = object === 'Account' ? 'PersonEmail' : 'Email';
      const id = this.create({ FirstName: at % 10 ? null : 'Ada', [email]: `p${at}@example.com` }, object);
      this.change(id, {}, Math.floor((count - 1 - at) / 20) * 1000);
      return id;
    });
  }

  ids(object = 'Contact'): string[] {
    return this.visible(object, false).map(({ Id }) => Id);
  }

  #stamp(agoMs: number): string {
    return stampOf(this.#options.now() - agoMs);
  }
}

/** The name of one of the extra fields. */
export function extraField(at: number): string {
  return `A_rather_long_name_of_a_custom_field_${at}__c`;
}

/** Milliseconds are always 000, and the offset has no colon. */
export function stampOf(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}.000+0000`;
}

/** The ID with the three characters that make up for lost letter case. */
export function longId(short: string): string {
  const groups = [short.slice(0, 5), short.slice(5, 10), short.slice(10, 15)];
  const suffix = groups.map((group) => {
    const bits = [...group].toReversed().map((letter) => (letter >= 'A' && letter <= 'Z' ? '1' : '0'));
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'[Number.parseInt(bits.join(''), 2)];
  });
  return short.slice(0, 15) + suffix.join('');
}

// The contact properties an account defines: their types, and what value fits them. It does not know any contact.
import type { ErrorDetail } from './errors.ts';

export type PropertyType =
  | 'string'
  | 'number'
  | 'bool'
  | 'enumeration'
  | 'date'
  | 'datetime'
  | 'phone_number';

export type PropertyDefinition = {
  name: string;
  label: string;
  type: PropertyType;
  fieldType: string;
  groupName: string;
  description: string;
  options: { label: string; value: string; hidden: boolean; displayOrder: number }[];
  calculated: boolean;
  hidden: boolean;
  hasUniqueValue: boolean;
  archived: boolean;
  modificationMetadata: { archivable: boolean; readOnlyDefinition: boolean; readOnlyValue: boolean };
};

/** What `define` needs; the rest gets HubSpot's usual values. `options`: the values of an enumeration. */
export type PropertyDraft = {
  name: string;
  label?: string;
  type?: PropertyType;
  fieldType?: string;
  groupName?: string;
  description?: string;
  options?: string[];
  calculated?: boolean;
  hasUniqueValue?: boolean;
  archived?: boolean;
  readOnly?: boolean;
};

const fieldTypes: Record<PropertyType, string> = {
  string: 'text',
  number: 'number',
  bool: 'booleancheckbox',
  enumeration: 'select',
  date: 'date',
  datetime: 'date',
  phone_number: 'phonenumber',
};

export const defaultProperties = [
  'createdate',
  'email',
  'firstname',
  'hs_object_id',
  'lastmodifieddate',
  'lastname',
];

const standard: PropertyDraft[] = [
  { name: 'hs_object_id', label: 'Record ID', type: 'number', readOnly: true, hasUniqueValue: true },
  { name: 'createdate', label: 'Create Date', type: 'datetime', readOnly: true },
  { name: 'lastmodifieddate', label: 'Last Modified Date', type: 'datetime', readOnly: true },
  { name: 'email', label: 'Email', hasUniqueValue: true },
  { name: 'firstname', label: 'First Name' },
  { name: 'lastname', label: 'Last Name' },
  { name: 'phone', label: 'Phone Number', fieldType: 'phonenumber' },
  { name: 'mobilephone', label: 'Mobile Phone Number', fieldType: 'phonenumber' },
  { name: 'address', label: 'Street Address' },
  { name: 'city', label: 'City' },
  { name: 'state', label: 'State/Region' },
  { name: 'zip', label: 'Postal Code' },
  { name: 'country', label: 'Country/Region' },
  { name: 'company', label: 'Company Name' },
  { name: 'jobtitle', label: 'Job Title' },
  { name: 'website', label: 'Website URL' },
  // Free text by default, whatever its name says (reference §7).
  { name: 'date_of_birth', label: 'Date of birth' },
  { name: 'message', label: 'Message', fieldType: 'textarea' },
  {
    name: 'lifecyclestage',
    label: 'Lifecycle Stage',
    type: 'enumeration',
    fieldType: 'radio',
    options: [
      'subscriber',
      'lead',
      'marketingqualifiedlead',
      'salesqualifiedlead',
      'opportunity',
      'customer',
      'evangelist',
      'other',
    ],
  },
  {
    name: 'hs_lead_status',
    label: 'Lead Status',
    type: 'enumeration',
    fieldType: 'radio',
    options: ['NEW', 'OPEN', 'IN_PROGRESS', 'OPEN_DEAL', 'UNQUALIFIED', 'CONNECTED', 'BAD_TIMING'],
  },
  { name: 'hubspot_owner_id', label: 'Contact owner' },
  { name: 'associatedcompanyid', label: 'Primary Associated Company ID', type: 'number' },
  {
    name: 'hs_additional_emails',
    label: 'Additional email addresses',
    type: 'enumeration',
    fieldType: 'checkbox',
  },
  {
    name: 'hs_merged_object_ids',
    label: 'Merged record IDs',
    type: 'enumeration',
    fieldType: 'checkbox',
    readOnly: true,
  },
  {
    name: 'hs_calculated_merged_vids',
    label: 'Merged vids with timestamps',
    readOnly: true,
    calculated: true,
  },
];

export class Properties {
  readonly #definitions = new Map<string, PropertyDefinition>();
  /** The place of a property in a contact's list of values; given out when it is first written, so lists stay short. */
  readonly #columns = new Map<string, number>();

  /** Of contacts, unless other ones are given. */
  constructor(drafts: readonly PropertyDraft[] = standard) {
    for (const draft of drafts) this.define(draft);
  }

  define(draft: PropertyDraft): PropertyDefinition {
    const type = draft.type ?? 'string';
    const definition: PropertyDefinition = {
      name: draft.name,
      label: draft.label ?? draft.name,
      type,
      fieldType: draft.fieldType ?? fieldTypes[type],
      groupName: draft.groupName ?? 'contactinformation',
      description: draft.description ?? '',
      options: (draft.options ?? []).map((value, displayOrder) => ({
        label: value,
        value,
        hidden: false,
        displayOrder,
      })),
      calculated: draft.calculated ?? false,
      hidden: false,
      hasUniqueValue: draft.hasUniqueValue ?? false,
      archived: draft.archived ?? false,
      modificationMetadata: {
        archivable: true,
        readOnlyDefinition: false,
        readOnlyValue: draft.readOnly ?? draft.calculated ?? false,
      },
    };
    this.#definitions.set(definition.name, definition);
    return definition;
  }

  /** Puts definitions back as `list` gave them. */
  load(definitions: Iterable<PropertyDefinition>): void {
    for (const definition of definitions) this.#definitions.set(definition.name, structuredClone(definition));
  }

  get(name: string): PropertyDefinition | undefined {
    return this.#definitions.get(name);
  }

  list(): PropertyDefinition[] {
    return [...this.#definitions.values()];
  }

  unique(): PropertyDefinition[] {
    return this.list().filter(
      (definition) => definition.hasUniqueValue && definition.name !== 'hs_object_id',
    );
  }

  columnOf(name: string): number | undefined {
    return this.#columns.get(name);
  }

  columnFor(name: string): number {
    const column = this.#columns.get(name) ?? this.#columns.size;
    this.#columns.set(name, column);
    return column;
  }

  columns(): Iterable<[name: string, column: number]> {
    return this.#columns;
  }

  /** Why `value` may not be written to `name` through the API, or nothing. */
  problem(name: string, value: string): ErrorDetail | undefined {
    const definition = this.#definitions.get(name);
    const refused = (code: string, why: string): ErrorDetail => ({
      message: `${name}: ${why}`,
      code,
      context: { propertyName: [name] },
    });
    if (!definition || definition.archived)
      return refused('PROPERTY_DOESNT_EXIST', 'property does not exist');
    if (definition.modificationMetadata.readOnlyValue)
      return refused('READ_ONLY_VALUE', 'property is read only');
    if (value === '') return undefined;
    if (name === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))
      return refused('INVALID_EMAIL', 'not an email address');
    switch (definition.type) {
      case 'number':
        return Number.isFinite(Number(value)) ? undefined : refused('INVALID_NUMBER', 'not a number');
      case 'bool':
        return value === 'true' || value === 'false'
          ? undefined
          : refused('INVALID_BOOLEAN', 'not true or false');
      case 'date':
      case 'datetime':
        return Number.isNaN(toEpochMs(value)) ? refused('INVALID_DATE', 'not a date') : undefined;
      case 'enumeration': {
        const allowed = definition.options.map((option) => option.value);
        if (allowed.length === 0) return undefined;
        const unknown = value.split(';').find((part) => !allowed.includes(part));
        return unknown === undefined
          ? undefined
          : refused('INVALID_OPTION', 'not one of the allowed options');
      }
      default:
        return undefined;
    }
  }
}

/** Epoch milliseconds from the two forms HubSpot takes, digits or ISO 8601; NaN when it is neither. */
export function toEpochMs(value: string): number {
  return /^-?\d+$/.test(value) ? Number(value) : Date.parse(value);
}

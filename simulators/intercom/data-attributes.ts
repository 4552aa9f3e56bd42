// The custom attributes that a simulated Intercom workspace defines, and what may be written to them. Facts: reference/cep/intercom.md,
// section 7. It knows no HTTP.
import type { Values } from './contacts.ts';
import { IntercomError } from './search.ts';

export type DataType = 'string' | 'integer' | 'float' | 'boolean' | 'date';

export interface DataAttribute {
  name: string;
  data_type: DataType;
  archived?: boolean;
}

/** `unknown`: whether an attribute that is not defined refuses a write, or is left out of it without a word. */
export class DataAttributes {
  readonly #all = new Map<string, DataAttribute>();
  readonly #unknown: 'refused' | 'ignored';

  constructor(unknown: 'refused' | 'ignored') {
    this.#unknown = unknown;
  }

  define(attribute: DataAttribute): void {
    this.#all.set(attribute.name, attribute);
  }

  show(): object[] {
    return [...this.#all.values()].map(({ name, data_type, archived = false }) => ({
      type: 'data_attribute',
      name,
      full_name: `custom_attributes.${name}`,
      label: name,
      model: 'contact',
      data_type,
      custom: true,
      api_writable: true,
      archived,
    }));
  }

  /** What of a write is taken. */
  taken(written: Values): Values {
    const entries = Object.entries(written).filter(([name, value]) => {
      const attribute = this.#all.get(name);
      if (attribute && !attribute.archived) {
        if (value !== null && !isOf(attribute.data_type, value))
          throw new IntercomError(400, 'parameter_invalid', `${name} must be of type ${attribute.data_type}`);
        return true;
      }
      if (this.#unknown === 'refused')
        throw new IntercomError(400, 'parameter_invalid', `Custom attribute '${name}' does not exist`);
      return false;
    });
    return Object.fromEntries(entries);
  }
}

function isOf(type: DataType, value: unknown): boolean {
  if (type === 'integer' || type === 'date') return Number.isSafeInteger(value);
  if (type === 'float') return typeof value === 'number';
  return typeof value === type;
}

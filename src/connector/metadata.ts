// The schema that a destination has for customers' metadata.
import type { Json } from './json.ts';

export interface MetadataDefinition {
  type: 'string' | 'number' | 'boolean' | 'date' | 'datetime' | 'image_url' | 'geopoint' | 'object';
  array: boolean;
  required: boolean;
  /** Values allowed, where the list is closed. */
  oneOf?: Json[];
  notEqual?: number;
  /** Values refused. */
  noneOf?: Json[];
  lessThan?: number;
  atMost?: number;
  moreThan?: number;
  atLeast?: number;
  minLength?: number;
  maxLength?: number;
  exactLength?: number;
  /** For `object`: the definitions of its own keys, one level deep. */
  properties?: { [key: string]: MetadataDefinition };
}

export interface MetadataSchema {
  /** True: a key without a definition is refused by the vendor. */
  definedOnly: boolean;
  definitions: { [key: string]: MetadataDefinition };
}

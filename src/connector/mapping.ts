// How fields are made of a record's body.
import type { Json, JsonObject } from './json.ts';
import type { Locale } from './locale.ts';

export type Normaliser = 'text' | 'email' | 'phone' | 'date' | 'datetime' | 'number' | 'boolean' | 'list';

export type NullPolicy = 'clear' | 'ignore';

/** Which telephone numbers are taken: those in a range that is in use, or all of a possible length. */
export type PhoneRule = 'valid' | 'possible';

/** Where a field comes from: a path into the record's body, or several joined by blanks, or a function of the body. */
export type MappingEntry =
  | string
  | readonly string[]
  | (Locale & {
      readonly from: string | readonly string[];
      readonly as?: Normaliser;
      /** Default region of phone numbers without a country code, ISO 3166-1 alpha-2. */
      readonly region?: string;
      readonly onNull?: NullPolicy;
      /** What splits a text into a list, for `as: 'list'`. Default `;`. */
      readonly separator?: string;
      /** Which telephone numbers are taken. Default `valid`. */
      readonly phones?: PhoneRule;
    })
  | ((body: JsonObject) => Json | undefined);

export type Mapping = { readonly [field: string]: MappingEntry };

/** What the default mapping makes of the columns of a file. */
export interface ColumnPlan {
  mapping: Mapping;
  /** By field of the mapping, the columns it is read from. */
  uses: { [field: string]: string[] };
  /** The export that was recognised by its columns: `HubSpot contact export`. Null: each column by its own name. */
  recognised: string | null;
  /** Columns that become nothing, each with the reason in a few words. */
  leftOut: { column: string; reason: string }[];
  /**
   * True where every field is of a column with the field's own name: its values were written for us. Otherwise a value that
   * fails is left out and its row stays.
   */
  isOwn: boolean;
}

/** Of bodies whose `address` a connector has brought into the destination's names. */
export const ownAddress: Mapping = {
  'address.line_1': 'address.line_1',
  'address.line_2': 'address.line_2',
  'address.city': 'address.city',
  'address.state': 'address.state',
  'address.postal_code': 'address.postal_code',
  'address.country': 'address.country',
};

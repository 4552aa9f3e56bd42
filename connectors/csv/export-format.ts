// Describes the export format of a vendor: the names of its columns, and which of them are internal to the vendor.
import type { Meaning } from '#connector/person-columns';

/** Labels are compared without case, accents, blanks and punctuation. */
export interface ExportFormat {
  /** As a person knows it: `HubSpot contact export`. */
  name: string;
  /** Columns with the vendor's ID of a row, the best first. */
  key: readonly string[];
  /** True where that ID is the customer's key at other systems too, so that it may become the source ID unasked. */
  keyIsSourceId: boolean;
  /** True where the key must be there for the file to be this export. */
  needsKey?: true;
  /** Labels that hardly any other file has. */
  signature: readonly string[];
  /** So many of them must be there. */
  minSigns: number;
  /** The columns of a meaning, the best first, before the common names. */
  fields: { readonly [meaning in Meaning]?: readonly string[] };
  /** Columns that look like a field and are none. */
  asMetadata?: readonly string[];
  /** Columns whose values the vendor guards against spreadsheets, with an apostrophe before each. */
  guarded?: readonly string[];
  /** The vendor writes numbers with this sign whatever the account's language. */
  decimal?: '.';
  /** Columns for the vendor's own bookkeeping. */
  internal: readonly string[];
  /** Columns that say where a person was. */
  positions?: readonly string[];
}

// A customer as a destination takes it and gives it back.
import type { Json, JsonObject } from './json.ts';

/** A customer's values by field name: `name`, `email`, `address.city`, `metadata.plan`. Null means: to be cleared. */
export type Fields = { [field: string]: Json };

/** One customer to write: only the fields that are to change, plus what the vendor needs with them. */
export interface CustomerWrite {
  sourceId: string;
  /** The body as the vendor takes it, made by `Destination.payload`. */
  payload: JsonObject;
}

/** What became of one customer of a batch. `unknown`: it may have arrived; it is sent again, whole. */
export type Outcome =
  /** `customer`: as the vendor answered that it is now, where the answer says so. */
  | { sourceId: string; result: 'accepted'; customer?: DestinationCustomer }
  | { sourceId: string; result: 'rejected'; code: string; message: string; details?: Json }
  | { sourceId: string; result: 'unknown'; message: string };

/** A customer read back from the destination. */
export interface DestinationCustomer {
  sourceId: string;
  /** The vendor's own ID. */
  id: string;
  fields: Fields;
  /** When the vendor last wrote it, by the vendor's clock, epoch milliseconds; absent where it does not say. */
  writtenAt?: number;
}

/** A customer as a whole reading shows it. `sourceId` is null where it has none. */
export interface ShownCustomer {
  sourceId: string | null;
  /** The vendor's own ID. */
  id: string;
  fields: Fields;
}

// What a write does to what is held, where Voucherify's documents leave it open.
export type WriteOptions = {
  /** What a sent `metadata` or `address` object does to the one held (unverified). Default `merge`. */
  metadataWrites?: 'merge' | 'replace';
  /** The same of `address`, where it differs. Default: as `metadataWrites`. */
  addressWrites?: 'merge' | 'replace';
  /** The same of either object in a record of bulk/async, where that differs from single writes. Default: as those. */
  bulkWrites?: { metadata?: 'merge' | 'replace'; address?: 'merge' | 'replace' };
  /** What `null` does to an attribute such as `name` (unverified). `reject` answers 400. Default `clear`. */
  nullWrites?: 'clear' | 'keep-null' | 'ignore' | 'reject';
  /** What `null` does to a key of `metadata` or `address`. Default `keep-null`: read back so in the official SDK's live test. */
  nestedNulls?: 'keep-null' | 'clear';
  /** Put before a phone number that has no `+`, as the project setting does (scope unverified). Default none. */
  dialingPrefix?: string;
};

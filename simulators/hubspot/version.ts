// One state of a contact.

/** A contact as it was after one write; never changed, so the search index may keep an old one. Times in epoch ms. */
export type Version = {
  readonly id: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** 0 while the contact lives. */
  readonly archivedAtMs: number;
  /** By `Properties.columnOf`; shorter when the last ones are empty. */
  readonly values: readonly (string | null)[];
};

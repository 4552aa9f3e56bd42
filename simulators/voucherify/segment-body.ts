// A segment as someone makes it in the dashboard.

export type SegmentBody = {
  id: string;
  name: string;
  type: 'auto-update' | 'passive' | 'static';
  /** Null for a static one. */
  filter?: Record<string, unknown> | null;
  /** Of a static one: Voucherify's own IDs, or source IDs. */
  customers?: readonly string[];
};

// How the simulated Customer.io may be told to behave.
import type { QuotaWindow } from '../quota-windows.ts';
import type { ExportOptions } from './exports.ts';
import type { TrackOptions } from './track.ts';

export type CustomerIoOptions = {
  /** Epoch milliseconds. */
  now?: () => number;
  /** The only App API key accepted; without it any is. */
  appKey?: string;
  /** Signing keys of the two products. */
  reportingSecret?: string;
  journeysSecret?: string;
  /** Default: ten in a second; `false`: none. */
  quota?: QuotaWindow | false;
  /** Where it is unverified what Customer.io does. */
  withoutTimestamps?: boolean;
  /** The workspace knows people by `id` alone: neither events nor the API tell a `cio_id`. */
  withoutCioIds?: boolean;
  /** The key under which an event of preferences says its type. */
  preferencesType?: 'object_type' | 'object_type_type';
  /** Off: an event of preferences does not say what they are. */
  includesContent?: boolean;
  exports?: ExportOptions;
  track?: TrackOptions;
  /** A data-driven segment: who changed in the last hours. */
  changedSegment?: { id: number; hours: number };
  faults?: Fault;
};

/** Run before the route: a response takes its place; `Response.error()` cuts the connection. */
export type Fault = (request: Request) => Response | undefined;

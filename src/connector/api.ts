// How a vendor's API is reached, and what a connector is given with every call.
import type { Readable } from 'node:stream';
import type { Auth } from './auth.ts';
import type { RejectedError, TransientError, UnauthorizedError } from './errors.ts';
import type { Json } from './json.ts';
import type { Locale } from './locale.ts';
import type { Relation } from './relation.ts';

/** What a connector is handed with every call. */
export interface Context<Settings> {
  settings: Settings;
  api: Api;
  files: Files;
  /** The table or view that the connector describes. Absent where it describes none. */
  relation?: Relation;
  /** How the source's values are written, by its configuration and else by the connector. Absent where nothing is read. */
  locale?: Locale;
  /** Epoch milliseconds; the only clock a connector may use. */
  now: number;
}

export interface Api {
  /**
   * Sends one request, after its quotas have room. Throws `TransientError`, `RejectedError` or `UnauthorizedError` for
   * every status that is neither 2xx nor in `answers`, and for a status in `answers` that is not the vendor's own (see
   * `ApiDescription.isOwn`).
   */
  request(request: ApiRequest): Promise<ApiResponse>;
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL; each variable segment percent-encoded by the connector. */
  path: string;
  query?: Query;
  json?: Json;
  /** Added to those of the description; names in lower case, and no credentials. */
  headers?: { readonly [name: string]: string };
  /** Sent as `multipart/form-data`, in place of `json`. */
  file?: ApiFile;
  /** Draws on the quotas of this bucket and on those for `all`; absent: on those without a bucket and on those for `all`. */
  bucket?: string;
  /** Sent with the credentials of this name in `ApiDescription.otherAuths`, and with none of the account's. */
  auth?: string;
  /**
   * `path` is the absolute URL of a file that an answer of the vendor named. Only a public address is fetched, by HTTPS where the
   * API is called by HTTPS; other hosts get no credentials. A file of more bytes, or one that takes longer than
   * `timeoutSeconds`, is refused.
   */
  link?: { maxBytes: number };
  /** Statuses other than 2xx that are an answer here, not an error. */
  answers?: readonly number[];
  /**
   * Whether the body of a success is an answer to this request. One that is not came from something in between: the call
   * throws a `TransientError` that is `foreign`, and proves nothing.
   */
  isAnswer?: (json: Json | undefined) => boolean;
  /** An answer that is not the vendor's may concern this request alone, and is no outage: another request tells whether it is one. */
  mayFailAlone?: boolean;
  timeoutSeconds?: number;
}

/** A list is sent as the same parameter several times; what is undefined is not sent. */
export type Query = { [name: string]: string | number | boolean | readonly string[] | undefined };

/** A file sent as the only part of a form. */
export interface ApiFile {
  /** The name of the form's field, and of the file. */
  field: string;
  name: string;
  /** Of the file: `text/csv`. */
  contentType: string;
  content: string | Uint8Array;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case. */
  headers: { [name: string]: string };
  /** The parsed body, or undefined where it is no JSON. */
  json: Json | undefined;
  /** Of an answer that is no success: its first sentence, without credentials. */
  words?: string;
}

/** Local files, opened by the engine. */
export interface Files {
  /** Size in bytes and time of last change, epoch milliseconds. Throws where there is no such file. */
  stat(path: string): Promise<{ bytes: number; changedAt: number }>;
  open(path: string, fromByte: number): Readable;
}

export interface ApiDescription {
  baseUrl: string;
  /** Sent with every request; holds the credentials where `auth` does not. Never logged. */
  headers?: { [name: string]: string };
  auth?: Auth;
  /** Credentials for a part of the API that does not take the account's, such as those of the app: see `ApiRequest.auth`. */
  otherAuths?: { readonly [name: string]: Auth };
  /** Base URLs of the requests with credentials of `otherAuths`, by their name, where these go to another host. */
  otherBaseUrls?: { readonly [name: string]: string };
  /** Whose quotas these are: two sources of one account share them. No secret: it is stored and shown. */
  account: string;
  quotas: Quota[];
  /** What the response's headers say of the quotas. */
  readQuotas?: QuotaReader;
  /**
   * Whether an answer that is no success was given by the vendor itself. What was not (a gateway's or firewall's page) says
   * nothing of the credentials or of a record: the vendor counts as down. Default: its body is a JSON object or array, or
   * it is a 401 without a body. Temporary redirects are never the vendor's; permanent ones and 304 only where this says so.
   */
  isOwn?(response: ApiResponse, request: ApiRequest): boolean;
  /**
   * Whether JSON has the form of this vendor's errors: without `isOwn`, other JSON is then a gateway's. A 401 counts in any form: a
   * refusal of the credentials is confirmed before it pauses anything, and tried again.
   */
  isErrorBody?(json: Json): boolean;
  /**
   * Statuses with which this vendor refuses the credentials or the account, and what a person is to do about each:
   * `{403: 'Give the app the scope contacts.read.'}`. Asked after `errorFor`.
   */
  remedies?: { readonly [status: number]: string };
  /**
   * How long to wait after a 429 without `Retry-After`, milliseconds, or where such an answer says it. Default: our own delays.
   */
  busyMs?: number | ((response: ApiResponse, now: number) => number | undefined);
  /** How an error of this vendor is to be taken where its status alone misleads. Asked only of the vendor's own answers. */
  errorFor?(
    response: ApiResponse,
    request: ApiRequest,
    now: number,
  ): TransientError | RejectedError | UnauthorizedError | undefined;
  /** The error that a success holds, where this vendor refuses with status 200. Asked of every success that is JSON. */
  errorInSuccess?(
    response: ApiResponse,
    request: ApiRequest,
  ): TransientError | RejectedError | UnauthorizedError | undefined;
}

/** At most `requests` calls in any `seconds` seconds. */
export interface Quota {
  name: string;
  requests: number;
  seconds: number;
  /** Only calls of this bucket draw on it; absent: only calls without a bucket. */
  bucket?: string;
  /** Every call draws on it, whatever its bucket. */
  all?: true;
  /** Share left to others who use the same account, 0 to 1. */
  reserve?: number;
}

export type QuotaReader = (response: ApiResponse, request: ApiRequest, now: number) => QuotaReading[];

/** What a response tells about a quota. */
export interface QuotaReading {
  quota: string;
  limit?: number;
  remaining?: number;
  /** Epoch milliseconds until which nothing is left. */
  exhaustedUntil?: number;
}

/** One thing that the credentials should allow, tried by `tributary check`. */
export interface Permission {
  what: string;
  /** Null: not tried. */
  allowed: boolean | null;
  /** What was answered, and what to do where it is not allowed; or why it was not tried. */
  note: string;
}

// The door's words for what a vendor pushes: how a request is known to be the vendor's, and how its body is read. All of
// it is data and pure functions; receiving, keeping and repeating is the engine's. What is said is `Change` in #connector.
import type { Json } from './json.ts';

// ── Who is speaking ─────────────────────────────────────────────────────────────────────────────────────────────

/** One part of the bytes that a vendor signs. Parts are joined with nothing between them. */
export type Part =
  /** The request's body, byte by byte. */
  | 'body'
  | 'method'
  /** Scheme, host, path and query as the vendor called them: from `publicUrl`, never from a header. */
  | 'url'
  /** The same with these escapes decoded and no others: `['%3A', '%2F']`. */
  | { url: 'decoded'; escapes: readonly string[] }
  /** The secret itself, for plain hashes. */
  | 'secret'
  /** The timestamp as it was sent: of `SignatureScheme.timestamp`. */
  | 'timestamp'
  | { literal: string }
  /** A header as it was sent; where it is missing nothing matches. */
  | { header: string }
  /** The body as compact JSON: without the white space outside its strings. */
  | 'compact'
  /**
   * The first element of a JSON array as compact JSON; `only`: nothing matches where there are more. `unwrap`: as in
   * `Decoding`.
   */
  | { element: 'first' | 'only'; unwrap?: string };

export interface SignatureScheme {
  kind: 'signature';
  algorithm: 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha512' | 'sha1' | 'sha256' | 'sha512';
  /** Any of these fits, so that a secret can be changed without a gap. Empty: nothing matches. */
  secrets: readonly string[];
  /** How a secret's text becomes the key's bytes, after `secretPrefix` is taken off. Default `utf8`. */
  secretEncoding?: 'utf8' | 'base64' | 'hex';
  /** Taken off where it is there: `whsec_`. */
  secretPrefix?: string;
  message: readonly Part[];
  /** The header that holds the signature, in any letter case. */
  header: string;
  /**
   * How it stands there. Plain: the whole value. `prefix`: behind one, `sha256=`. `pairs`: a list such as
   * `t=1,v1=ab,v1=cd`, every value of the key counts. `tagged`: a list parted by blanks such as `v1,ab v1,cd`.
   */
  form?: 'plain' | { prefix: string } | { pairs: string; delimiter?: string } | { tagged: string };
  /** Hex in either letter case; base64 only as it is written canonically. */
  encoding: 'hex' | 'base64' | 'base64url';
  timestamp?: {
    /** Its header, or the key of a `pairs` list. */
    from: { header: string } | { pair: string };
    unit: 'seconds' | 'milliseconds' | 'iso';
    /** How far it may be from our clock, either way. Null: it is signed, and not looked at. */
    toleranceSeconds: number | null;
  };
}

/** A secret that is sent as it is. */
export interface CredentialScheme {
  kind: 'credential';
  at:
    | { header: string }
    /** `Authorization: Bearer <value>`. */
    | 'bearer'
    /** `Authorization: Basic`, the value being `user:password`. */
    | 'basic'
    | { query: string }
    /** The segment behind the source's name: `/webhooks/mailchimp/<value>`. */
    | 'path'
    /** A field of the body, by its path: `token`, `data.token`. */
    | { field: string };
  /** Any of these fits. Empty: nothing matches. */
  values: readonly string[];
}

/** One way for a request to show that it is the vendor's. */
export type Scheme =
  | SignatureScheme
  | CredentialScheme
  /** All of these together. */
  | { kind: 'all'; of: readonly Scheme[] }
  /** Anyone may speak. Only where a person has said so. */
  | { kind: 'open' };

/** What must hold besides: of a request that does not fit, nothing is taken. */
export type Check =
  /** A header says the same as a field of the body. Where either is missing it does not. */
  | { header: string; equalsField: string }
  /** A field of the body is one of these: the tenant's ID. */
  | { field: string; oneOf: readonly string[] };

// ── How it is read ───────────────────────────────────────────────────────────────────────────────────────────────

export interface Decoding {
  /** `form`: URL-encoded, with brackets. `soap`: the envelope's `Body`, without namespace prefixes. */
  form: 'json' | 'form' | 'soap';
  /**
   * Where the items are: the first of these paths that is there; `''` is the whole body. A list gives its elements,
   * anything else is one item. Default `['']`.
   */
  items?: readonly string[];
  /** An item that is an object of this key alone stands for what is there: `{"json": {…}}`. */
  unwrap?: string;
  /** Paths in an item that hold JSON written as a string: they are read. */
  stringified?: readonly string[];
}

/** A request as it was kept. */
export interface Received {
  method: string;
  /** Names in lower case; what held credentials is masked. */
  headers: { readonly [name: string]: string };
  query: { readonly [name: string]: string };
  /** Epoch milliseconds. */
  receivedAt: number;
}

/** What a person pastes into the vendor's screens where the vendor lets them write the request themselves. */
export interface Recipe {
  /** Where that is: `Canvas → Message step → Webhook`. */
  where: string;
  method: string;
  /** Besides the credentials. */
  headers: { readonly [name: string]: string };
  /** With the vendor's own template tags. */
  body: string;
}

/** `Said`: what one item says, `Change` or `DestinationChange`. */
export interface Webhook<Said> {
  /** Any of these lets a request in. Empty: nobody gets in, and `missing` says what to set. */
  authentication: readonly Scheme[];
  /** Where `authentication` is empty: the setting that is missing, in a sentence. */
  missing?: string;
  checks?: readonly Check[];
  handshake?: {
    /** GET and HEAD without credentials get 200: the vendor tries the address. */
    reachabilityCheck?: true;
    /** A GET is answered with this parameter's value, where another one holds a token that we know. */
    challenge?: { query: string; token?: { query: string; values: readonly string[] } };
    /** An authentic POST whose field has this value is answered and not kept. `echo`: with the value of that field. */
    ping?: { field: string; equals: string; echo?: string };
    /** OPTIONS are answered as "HTTP 1.1 Web Hooks for Event Delivery" of CloudEvents asks (section 4). */
    cloudEvents?: true;
  };
  decoding: Decoding;
  /** The successful answer's body. Default `{}` as JSON. */
  reply?: { contentType: string; body: string };
  /** How long the vendor may send the same again after the first time, seconds. */
  retryHorizonSeconds: number;
  /** Default 1 MiB, after unpacking. */
  maxBodyBytes?: number;
  /**
   * The status of every refusal (401, 405, 413, 415) where this vendor gives more up after a 4xx than that one request. One
   * that it tries again after. Default: the status that says what is wrong.
   */
  refuseWith?: number;
  /**
   * True of an item with what must not be stored, such as a token that opens a customer's account. A request with one is
   * answered and forgotten.
   */
  neverKept?(item: Json): boolean;
  /** Names of XML elements whose text is a secret: it is hidden before the body is stored. */
  secretElements?: readonly string[];
  /** What names this item in whatever request it comes again, or null: then a hash of the item does. */
  key?(item: Json): string | null;
  /** What the item says. Throws RejectedError where it is none of the vendor's; it is then kept to be replayed. */
  changes(item: Json, received: Received): readonly Said[];
  recipe?: Recipe;
  /** What a person should know before they set it up, in sentences. */
  notes?: readonly string[];
  /** A body that `tributary webhooks setup --send` sends to see that all is well: of a record that there is not. */
  sample?: string;
}

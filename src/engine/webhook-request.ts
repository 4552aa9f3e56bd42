// A webhook request as its credentials are looked for in it: nothing in here throws, whatever was sent. It knows no scheme.
import type { Json } from '../connector/json.ts';
import type { Decoding } from '../connector/webhook.ts';
import { parseBody } from './body.ts';
import { UndecodableError } from './undecodable.ts';

export interface WebhookRequest {
  method: string;
  /** As the vendor called it: public URL, path and query. */
  url: string;
  /** Names in lower case; values as Node gives them, a character for each byte, and `, ` between repeated ones. */
  headers: { readonly [lowerCaseName: string]: string };
  query: { readonly [name: string]: string };
  /** The path's segment behind the source's name. */
  pathToken: string | null;
  body: Uint8Array;
}

/** Whether a scheme fits. `near`: how far the request came, so that of several reasons the telling one is given. */
export type Finding = { fits: true } | { fits: false; near: number; reason: string };

/** Reads a request's body at most once in each form. */
export class RequestReading {
  readonly request: WebhookRequest;
  readonly #bodies = new Map<Decoding['form'], Json | undefined>();

  constructor(request: WebhookRequest) {
    this.request = request;
  }

  header(name: string): string | undefined {
    return own(this.request.headers, name.toLowerCase());
  }

  query(name: string): string | undefined {
    return own(this.request.query, name);
  }

  /** The whole body, or undefined where it cannot be read. */
  body(form: Decoding['form']): Json | undefined {
    if (!this.#bodies.has(form)) this.#bodies.set(form, readable(form, this.request.body));
    return this.#bodies.get(form);
  }
}

/** The bytes of a header as they came over the wire, where Node has made a character of each. */
export function wireBytes(value: string): Buffer {
  return /^[\0-\xff]*$/.test(value) ? Buffer.from(value, 'latin1') : Buffer.from(value, 'utf8');
}

function own(values: { readonly [name: string]: string }, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function readable(form: Decoding['form'], body: Uint8Array): Json | undefined {
  try {
    return parseBody(form, body);
  } catch (error) {
    if (error instanceof UndecodableError) return undefined;
    throw error;
  }
}

// A webhook request as its credentials are looked for in it: nothing in here throws, whatever was sent. It knows no scheme.
import type { Json } from '../../connector/json.ts';
import type { Decoding } from '../../connector/webhook.ts';
import { type BodyRules, compactJson, parseBody, usualBodyRules } from './body.ts';
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
  /** Unpacked, where it came with a Content-Encoding. */
  body: Uint8Array;
  /** As it came, where it was unpacked: a vendor may sign either. */
  sentBody?: Uint8Array;
}

/** Whether a scheme fits. `near`: how far the request came, so that of several reasons the telling one is given. */
export type Finding = { fits: true } | { fits: false; near: number; reason: string };

/** Reads a request's body at most once in each form. */
export class RequestReading {
  readonly request: WebhookRequest;
  readonly #rules: BodyRules;
  readonly #bodies = new Map<Decoding['form'], Json | undefined>();

  constructor(request: WebhookRequest, rules: BodyRules = usualBodyRules) {
    this.request = request;
    this.#rules = rules;
  }

  header(name: string): string | undefined {
    return own(this.request.headers, name.toLowerCase());
  }

  query(name: string): string | undefined {
    return own(this.request.query, name);
  }

  /** The whole body, or undefined where it cannot be read. */
  body(form: Decoding['form']): Json | undefined {
    if (!this.#bodies.has(form))
      this.#bodies.set(
        form,
        readable(() => parseBody(form, this.request.body, this.#how)),
      );
    return this.#bodies.get(form);
  }

  /** The body as compact JSON, or what `pick` takes of it; undefined where it cannot be read, or nothing is taken. */
  compact(pick: (body: Json) => Json | undefined): string | undefined {
    return readable(() => compactJson(this.request.body, this.#how, pick)) ?? undefined;
  }

  get #how() {
    return { contentType: this.header('content-type'), rules: this.#rules };
  }
}

/** The bytes of a header as they came over the wire, where Node has made a character of each. */
export function wireBytes(value: string): Buffer {
  return /^[\0-\xff]*$/.test(value) ? Buffer.from(value, 'latin1') : Buffer.from(value, 'utf8');
}

function own(values: { readonly [name: string]: string }, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function readable<Read>(read: () => Read): Read | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UndecodableError) return undefined;
    throw error;
  }
}

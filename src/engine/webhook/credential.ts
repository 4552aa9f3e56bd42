// Whether a request holds a secret that is sent as it is. Nothing in here throws at a request. It knows no vendor.
import { timingSafeEqual } from 'node:crypto';
import { valueAt } from '../../connector/reading.ts';
import type { CredentialScheme, Decoding } from '../../connector/webhook.ts';
import { type Finding, type RequestReading, wireBytes } from './request.ts';

export class CredentialJudge {
  readonly #at: CredentialScheme['at'];
  readonly #form: Decoding['form'];
  readonly #values: readonly Buffer[];

  constructor(scheme: CredentialScheme, form: Decoding['form']) {
    this.#at = scheme.at;
    this.#form = form;
    this.#values = scheme.values.filter((value) => value !== '').map((value) => Buffer.from(value));
  }

  judge(reading: RequestReading): Finding {
    const place = placeOf(this.#at);
    if (this.#values.length === 0)
      return { fits: false, near: 0, reason: `no secret is configured for the ${place}` };
    const given = this.#given(reading);
    if (given === undefined) return { fits: false, near: 1, reason: `the ${place} is missing` };
    // All are compared, so that the time taken does not tell which one fits.
    let fits = false;
    for (const value of this.#values) fits = same(value, given) || fits;
    return fits ? { fits } : { fits, near: 3, reason: `the ${place} does not match` };
  }

  #given(reading: RequestReading): Buffer | undefined {
    const at = this.#at;
    if (at === 'bearer' || at === 'basic') return authorization(reading.header('authorization'), at);
    if (at === 'path') return bytes(reading.request.pathToken ?? undefined);
    if ('query' in at) return bytes(reading.query(at.query));
    if ('field' in at) return bytes(fieldText(reading, this.#form, at.field));
    const value = reading.header(at.header);
    return value === undefined ? undefined : wireBytes(value);
  }
}

/** A text or a whole number in the body, as a text. */
export function fieldText(reading: RequestReading, form: Decoding['form'], path: string): string | undefined {
  const value = valueAt(reading.body(form), path);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' ? value : undefined;
}

export function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function bytes(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}

/** The scheme's word in any letter case (RFC 9110 §11.1), then the token; of `basic` what it says. */
function authorization(value: string | undefined, scheme: 'bearer' | 'basic'): Buffer | undefined {
  const parts = /^([a-z]+) +([^ ]+)$/i.exec(value ?? '');
  if (parts?.[1]?.toLowerCase() !== scheme) return undefined;
  const token = parts[2]!;
  if (scheme === 'bearer') return wireBytes(token);
  return /^[A-Za-z0-9+/]+={0,2}$/.test(token) ? Buffer.from(token, 'base64') : undefined;
}

function placeOf(at: CredentialScheme['at']): string {
  if (at === 'bearer') return 'bearer token in the header Authorization';
  if (at === 'basic') return 'user and password in the header Authorization';
  if (at === 'path') return 'token in the path';
  if ('query' in at) return `query parameter ${at.query}`;
  return 'field' in at ? `field ${at.field} in the body` : `header ${at.header}`;
}

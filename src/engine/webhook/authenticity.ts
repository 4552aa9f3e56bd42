// Whether a webhook request is the vendor's, by what the connector declares. It knows no vendor, and judges without a trace of
// what it saw: a reason holds no secret and nothing of the body.
import type { Check, Decoding, Scheme, Webhook } from '../../connector/webhook.ts';
import { type BodyRules, usualBodyRules } from './body.ts';
import { CredentialJudge, fieldText } from './credential.ts';
import { type Finding, RequestReading, type WebhookRequest, wireBytes } from './request.ts';
import { SignatureJudge } from './signature.ts';

export type { WebhookRequest };

export type Verdict = { authentic: true } | { authentic: false; reason: string };

/** `part`: what there is of the request. Of its head alone a judge finds that it fits unless no body could make it fit. */
type Judge = (reading: RequestReading, now: number, part: 'head' | 'whole') => Finding;

interface Hearing {
  reading: RequestReading;
  now: number;
  part: 'head' | 'whole';
}

export class Authenticator {
  readonly #judges: readonly Judge[];
  readonly #missing: string;
  readonly #checks: readonly Check[];
  readonly #form: Decoding['form'];
  readonly #rules: BodyRules;

  /** Keys are prepared here, once. */
  constructor(
    webhook: Pick<Webhook<unknown>, 'authentication' | 'missing' | 'checks' | 'decoding'>,
    rules: BodyRules = usualBodyRules,
  ) {
    this.#rules = rules;
    this.#form = webhook.decoding.form;
    this.#judges = webhook.authentication.map((scheme) => judgeOf(scheme, this.#form));
    this.#missing = webhook.missing ?? 'the settings configure no authentication';
    this.#checks = webhook.checks ?? [];
  }

  /** Never throws. `now`: epoch milliseconds. */
  judge(request: WebhookRequest, now: number): Verdict {
    const reading = new RequestReading(request, this.#rules);
    const finding = anyOf(this.#judges, this.#missing, { reading, now, part: 'whole' });
    if (!finding.fits) return { authentic: false, reason: finding.reason };
    const failed = this.#checks.find((check) => !this.#holds(check, reading));
    return failed ? { authentic: false, reason: sentenceOf(failed) } : { authentic: true };
  }

  /** Before the body is read: not authentic where no body could make it so. Never throws. */
  judgeHead(request: WebhookRequest, now: number): Verdict {
    const reading = new RequestReading(request, this.#rules);
    const finding = anyOf(this.#judges, this.#missing, { reading, now, part: 'head' });
    return finding.fits ? { authentic: true } : { authentic: false, reason: finding.reason };
  }

  #holds(check: Check, reading: RequestReading): boolean {
    if ('oneOf' in check) {
      const text = fieldText(reading, this.#form, check.field);
      return text !== undefined && check.oneOf.includes(text);
    }
    const header = reading.header(check.header);
    const text = fieldText(reading, this.#form, check.equalsField);
    return header !== undefined && text !== undefined && wireBytes(header).equals(Buffer.from(text));
  }
}

function sentenceOf(check: Check): string {
  return 'oneOf' in check
    ? `the field ${check.field} in the body has an unexpected value`
    : `the header ${check.header} does not match the field ${check.equalsField} in the body`;
}

function judgeOf(scheme: Scheme, form: Decoding['form']): Judge {
  if (scheme.kind === 'open') return () => ({ fits: true });
  if (scheme.kind === 'credential') {
    const credential = new CredentialJudge(scheme, form);
    const isInBody = typeof scheme.at === 'object' && 'field' in scheme.at;
    return (reading, _now, part) =>
      part === 'head' && isInBody ? { fits: true } : credential.judge(reading);
  }
  if (scheme.kind === 'signature') {
    const signature = new SignatureJudge(scheme);
    return (reading, now, part) =>
      part === 'head' ? signature.judgeHead(reading, now) : signature.judge(reading, now);
  }
  const judges = scheme.of.map((inner) => judgeOf(inner, form));
  return (reading, now, part) => allOf(judges, { reading, now, part });
}

/** Every one is asked, so that the time taken does not tell which one fits. Of no scheme, none fits. */
function anyOf(judges: readonly Judge[], missing: string, { reading, now, part }: Hearing): Finding {
  const findings = judges.map((judge) => judge(reading, now, part));
  if (findings.some(({ fits }) => fits)) return { fits: true };
  const unfit = findings.filter((finding) => !finding.fits);
  const nearest = Math.max(0, ...unfit.map(({ near }) => near));
  const reasons = unfit.filter(({ near }) => near === nearest).map(({ reason }) => reason);
  return {
    fits: false,
    near: nearest,
    reason: reasons.length === 0 ? missing : [...new Set(reasons)].join('; '),
  };
}

function allOf(judges: readonly Judge[], { reading, now, part }: Hearing): Finding {
  const findings = judges.map((judge) => judge(reading, now, part));
  const unfit = findings.find(({ fits }) => !fits);
  return (
    unfit ??
    (findings.length > 0 ? { fits: true } : { fits: false, near: 0, reason: 'no scheme is configured' })
  );
}

// ── What is kept without its credentials ────────────────────────────────────────────────────────────────────────

const hidden = '[hidden]';
const credentialHeaders = ['authorization', 'proxy-authorization', 'cookie'];

/** What hides the credentials of one webhook's requests: they say `[hidden]` where they are kept. */
export class Mask {
  readonly #headers: ReadonlySet<string>;
  readonly #query: ReadonlySet<string>;
  readonly #elements: RegExp | null;

  constructor({
    authentication,
    handshake,
    secretElements = [],
  }: Pick<Webhook<unknown>, 'authentication' | 'handshake' | 'secretElements'>) {
    const places = credentialsOf(authentication);
    const headers = places.flatMap((at) => (typeof at === 'object' && 'header' in at ? [at.header] : []));
    const query = places.flatMap((at) => (typeof at === 'object' && 'query' in at ? [at.query] : []));
    const token = handshake?.challenge?.token?.query;
    this.#headers = new Set([...credentialHeaders, ...headers.map((name) => name.toLowerCase())]);
    this.#query = new Set(token === undefined ? query : [...query, token]);
    const names = secretElements.join('|');
    this.#elements =
      names === ''
        ? null
        : new RegExp(
            `(<(?:[\\w.-]+:)?(?:${names})(?:\\s[^>]*[^/>])?>)(?:<!\\[CDATA\\[[^\\]]*\\]\\]>|[^<])+`,
            'g',
          );
  }

  /** The names are ASCII, so that the bytes of any text around them stay as they are. */
  body(bytes: Uint8Array): Uint8Array {
    if (this.#elements === null) return bytes;
    const text = Buffer.from(bytes).toString('latin1');
    const masked = text.replace(this.#elements, `$1${hidden}`);
    return masked === text ? bytes : Buffer.from(masked, 'latin1');
  }

  headers(values: { readonly [name: string]: string }): { [name: string]: string } {
    return masked(values, (name) => this.#headers.has(name.toLowerCase()));
  }

  query(values: { readonly [name: string]: string }): { [name: string]: string } {
    return masked(values, (name) => this.#query.has(name));
  }
}

function credentialsOf(schemes: readonly Scheme[]) {
  return flat(schemes).flatMap((scheme) => (scheme.kind === 'credential' ? [scheme.at] : []));
}

function flat(schemes: readonly Scheme[]): readonly Scheme[] {
  return schemes.flatMap((scheme) => (scheme.kind === 'all' ? flat(scheme.of) : [scheme]));
}

function masked(values: { readonly [name: string]: string }, hides: (name: string) => boolean) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, hides(name) ? hidden : value]),
  );
}

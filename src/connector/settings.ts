// Settings that many vendors have in common, as Zod schemas with the sentences to print. It knows no vendor.
import { z } from 'zod';
import { headerName } from './paths.ts';
import type { Window } from './quotas.ts';

/** Where the vendor's API is; another one for a sandbox. No slash at the end. */
export function baseUrl(usual: string) {
  return z
    .url({ protocol: /^https?$/, error: `must be a URL such as ${usual}` })
    .refine(isPlain, `must be a URL without a user, a query and a fragment, such as ${usual}`)
    .transform((url) => url.replace(/\/+$/, ''))
    .default(usual)
    .describe('The URL of the API; a different one for a sandbox.');
}

/** A URL that the connector knows itself unless the settings name another. `usual`: an example of it. */
export function otherUrl(usual: string, means: string) {
  return baseUrl(usual).unwrap().optional().describe(means);
}

/** The URL of a person's own site at the vendor, without a path: an origin. `what`: `the URL of the environment, such as https://…`. */
export function siteUrl(what: string) {
  return z
    .url({ protocol: /^https?$/, error: `must be ${what}` })
    .refine(
      (url) => isPlain(url) && /^\/*$/.test(URL.parse(url)?.pathname ?? ''),
      `must be ${what}, without a path`,
    )
    .transform((url) => new URL(url).origin);
}

/** Paths are appended to it, and a user or a query would be lost or end up in the wrong place. What is no URL was refused before. */
function isPlain(url: string): boolean {
  return !/[?#]/.test(url) && !URL.parse(url)?.username;
}

/** The version of the vendor's API. `usual`: the default, and the example. */
export function apiVersion(usual: string, form: RegExp, api = 'API') {
  return z
    .string()
    .regex(form, `must be a version such as "${usual}"`)
    .default(usual)
    .describe(`The version of the ${api}. Default: ${usual}.`);
}

/** A token as a header takes it: no blanks. `example`: how one begins. */
export function token(example: string) {
  return z.string().regex(/^[\x21-\x7e]+$/, `must be the token alone, without spaces: "${example}"`);
}

/** A secret, or several while one takes over from another: any of them fits. Gives a list. */
export const secrets = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], 'a secret, or a list of them')
  .transform((given) => [given].flat());

/** An optional secret of this meaning, a sentence; or several. */
export function secret(means: string) {
  return secrets.optional().describe(`${means} A list while one replaces another.`);
}

/** The secret at the end of a webhook's address. */
export const urlToken = secrets.optional().describe('A secret as the last segment of the webhook address.');

/** A header that holds a secret. */
export const secretHeader = z.strictObject({
  name: headerName.describe('The name of the header.'),
  value: secrets.describe('Its value, or a list of values of which any is accepted.'),
});

/** The user of HTTP Basic. */
export const basicUser = z
  .string()
  .regex(/^[^:]*$/, 'a user name must not contain a colon')
  .describe('The user name.');

/** A setting that is true or false. `means`: a sentence; the default is added to it. */
export function flag(usual: boolean, means: string) {
  return z.boolean().default(usual).describe(`${means} Default: ${usual}.`);
}

/** A whole number from `min` to `max`. `means`: a sentence, with its unit; the default is added to it. */
export function wholeNumber(
  { usual, min, max }: { usual: number; min: number; max?: number },
  means: string,
) {
  const number = max === undefined ? z.int().min(min) : z.int().min(min).max(max);
  return number.default(usual).describe(`${means} Default: ${usual.toLocaleString('en')}.`);
}

/** The share of a quota that is left to others. `of`: what is shared, as in `the credits`. */
export function reserve(usual: number, of: string) {
  return z
    .number()
    .min(0)
    .max(0.95)
    .default(usual)
    .describe(`The share of ${of} left to others, 0 to 0.95. Default: ${usual}.`);
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** The value, or values, by which a row or record is known to be deleted. Gives a list. `of`: `a deleted row`. */
export function deletedValues(of: string) {
  return z
    .union([scalar, z.array(scalar).min(1)], 'a value, or a list of values')
    .transform((given) => [given].flat())
    .optional()
    .describe(
      `The value, or the list of values, of ${of}. Default: any value but null, false, 0 and empty text.`,
    );
}

export const quotaWindow = z
  .strictObject({
    requests: z.int().min(1).describe('The number of calls allowed in the window.'),
    seconds: z.number().positive().describe('The length of the window, seconds.'),
    reserve: z
      .number()
      .min(0)
      .max(0.95)
      .optional()
      .describe('The share left to other users of the account, 0 to 0.95. Default: 0.'),
  })
  .describe('A sliding window: {requests, seconds, reserve?}.');

/** A window or a list of them. Gives a list. */
export const quotaWindows = z
  .union([quotaWindow, z.array(quotaWindow).min(1)])
  .transform((given) => [given].flat());

/** `quota` of an account whose vendor allows so much. `more`: what there is to say besides, a sentence. `of`: what it is a quota of. */
export function quota(usual: readonly Window[], more = '', of = 'calls') {
  const calls = usual.map(
    ({ requests, seconds }) => `${requests.toLocaleString('en')} calls in ${lengthOf(seconds)}`,
  );
  const said = `The quota of ${of}, a window or a list of windows. Default: ${calls.join(', ')}.`;
  return quotaWindows.default([...usual]).describe(more ? `${said} ${more}` : said);
}

function lengthOf(seconds: number): string {
  const words: { readonly [seconds: number]: string } = { 1: 'a second', 3600: 'an hour', 86400: 'a day' };
  return words[seconds] ?? `${seconds.toLocaleString('en')} seconds`;
}

/** For vendors that do not say whether their answers leave out what is empty. */
export const absentIsEmpty = z
  .boolean()
  .default(false)
  .describe(
    'Whether what was requested and is not in an answer has been removed. Default: false, it keeps its last value.',
  );

/** For vendors that do not document how they answer for a record that does not exist. */
export function unknownWords(usual: string) {
  return z
    .string()
    .min(1)
    .default(usual)
    .describe(`Words in the error for a record that does not exist, in any letter case. Default: ${usual}.`);
}

const written = new WeakMap<z.core.$ZodType, z.ZodType>();

/** `shape`, which shows less than may be written, as behind `z.preprocess`: the JSON schema of the configuration takes `input`. */
export function writtenAs<Shape extends z.ZodType>(input: z.ZodType, shape: Shape): Shape {
  written.set(shape, input);
  return shape;
}

/** What may be written where `writtenAs` has said so. */
export function inputOf(shape: z.core.$ZodType): z.ZodType | undefined {
  return written.get(shape);
}

/** An account's ID in digits, which people write as a number or as text. Gives text. */
export const digits = z
  .union([z.string().regex(/^\d+$/, 'must be digits'), z.int().positive()])
  .transform(String);

/**
 * The setting that names whose account it is. `noun`: `company`. `id`: the shape of an ID. `means`: what becomes of records of
 * others, in sentences.
 */
export function accountId<Id extends z.ZodType>(noun: string, id: Id, means: string) {
  return id.optional().describe(`The ID of the ${noun}. ${means} Sources with the same ID share its quotas.`);
}

/** A check for `superRefine`: exactly one of these settings is there. `message` names them and what they hold. */
export function exactlyOne<Settings extends object>(
  names: readonly [keyof Settings & string, ...(keyof Settings & string)[]],
  message: string,
): (settings: Settings, context: z.core.$RefinementCtx) => void {
  return (settings, context) => {
    if (names.filter((name) => settings[name] !== undefined).length !== 1)
      context.addIssue({ code: 'custom', path: [names[0]], message });
  };
}

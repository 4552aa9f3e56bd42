// How a connector tries what its credentials allow, and whose they are. It knows no vendor.
import type { Api, Context, Permission } from './api.ts';
import { RejectedError, TransientError, UnauthorizedError } from './errors.ts';
import { requestWord } from './reading.ts';
import type { Stream } from './source.ts';

/** Tries one thing: `means` is what its success is good for; a refusal is told in its own words. */
export async function tried(
  what: string,
  means: string,
  attempt: () => Promise<unknown>,
): Promise<Permission> {
  try {
    await attempt();
    return { what, allowed: true, note: means };
  } catch (error) {
    return { what, allowed: false, note: error instanceof Error ? error.message : String(error) };
  }
}

/** Tries to pull one record of the stream. `means`: what that is good for. */
export function triedPull<Settings>(
  context: Context<Settings>,
  { name, pull }: Stream<Settings>,
  means = `Full readings, changes and single ${name} can be read.`,
): Promise<Permission> {
  const request = { cursor: null, until: context.now, properties: ['id'], maxRecords: 1 };
  return tried(`list ${name}`, means, () => pull!(context, request));
}

/** Finds out one thing whose answer is more than yes or no. `failed`: what it means that it could not be found out. Default: refused. */
export async function found(
  what: string,
  look: () => Promise<Omit<Permission, 'what'>>,
  failed: false | null = false,
): Promise<Permission> {
  try {
    return { what, ...(await look()) };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return {
      what,
      allowed: failed,
      note: failed === null ? `This could not be determined: ${note}` : note,
    };
  }
}

/** Finds out whether the user sees all records, as an administrator does. `hidden`: the others: `persons that others keep private`. */
export function foundSight(
  name: string,
  hidden: string,
  isAdministrator: () => Promise<boolean>,
): Promise<Permission> {
  const partly = `The user is not an administrator: ${hidden} are not read, and count as deleted.`;
  return found(
    `see all ${name}`,
    async () =>
      (await isAdministrator())
        ? { allowed: true, note: 'The user is an administrator.' }
        : { allowed: null, note: partly },
    null,
  );
}

/** Whose records are read. */
export interface ReadAccount {
  /** The path of its ID in a row or an item. */
  at: string;
  /** `workspace`, whose setting is `workspaceId`. */
  noun: string;
  /** The ID in the settings. */
  id: string | undefined;
}

/**
 * Throws UnauthorizedError where one of the IDs that were answered is not the one that the settings name: records of another
 * account would replace those of this one. `noun`: `workspace`, whose setting is `workspaceId`.
 */
export function requireAccount(
  noun: string,
  expected: string | undefined,
  answered: readonly (string | undefined)[],
): void {
  const isOther = (id: string | undefined) => id !== expected;
  if (expected !== undefined && answered.some(isOther))
    throw new UnauthorizedError(
      `The credentials are of the ${noun} ${answered.find(isOther)}, not of ${noun}Id.`,
    );
}

/**
 * Requests whose account the credentials are of, and compares it with the settings, as `requireAccount`. Where the settings name none,
 * nothing is requested, unless `always`: it throws as well where the vendor does not answer. `idOf`: the form in which the settings have
 * an ID. Default: as it is answered.
 */
export async function requestAccount(
  api: Api,
  {
    path,
    at,
    noun,
    id,
    always,
    idOf = (answered) => answered,
  }: ReadAccount & {
    path: string;
    always?: true;
    idOf?: (answered: string) => string | undefined;
  },
): Promise<void> {
  if (id === undefined && !always) return;
  requireAccount(noun, id, [idOf(await requestWord(api, { path }, at))]);
}

/**
 * Tries a write that changes nothing, such as one of nobody: a vendor that rejects its content has accepted the credentials for
 * it. `means` is what that is good for.
 */
export async function triedWrite(
  what: string,
  means: string,
  attempt: () => Promise<unknown>,
): Promise<Permission> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof RejectedError)) {
      const note = error instanceof Error ? error.message : String(error);
      return { what, allowed: error instanceof TransientError ? null : false, note };
    }
  }
  return { what, allowed: true, note: means };
}

/** The check of a writer whose vendor has no request that tries a write and changes nothing. `what`: `write users`. */
export function unknownBeforeWriting(what: string): () => Promise<Permission[]> {
  const note =
    'This is not known before the first write: the vendor has no request that would try it and change nothing.';
  return async () => [{ what, allowed: null, note }];
}

/** FNV-1a, 32 bits: far too few of a token's bits to be a secret, enough to tell two accounts apart. */
export function fingerprint(token: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < token.length; i += 1) hash = Math.imul(hash ^ token.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

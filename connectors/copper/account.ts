// The account whose people are read, which the settings may name.
import { type Context, type Json, UnauthorizedError } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import type { Settings } from './settings.ts';

const idIn = (json: Json | undefined) => wordOf(objectOf(json)['id']);

/** Throws where Copper does not answer, and UnauthorizedError where the credentials are of another account. */
export async function requireAccount({
  api,
  settings: { accountId },
}: Pick<Context<Settings>, 'api' | 'settings'>): Promise<void> {
  const { json } = await api.request({ path: '/account', isAnswer: (json) => idIn(json) !== undefined });
  const id = idIn(json);
  if (accountId !== undefined && id !== accountId)
    throw new UnauthorizedError(`The credentials are of the account ${id}, not of accountId.`);
}

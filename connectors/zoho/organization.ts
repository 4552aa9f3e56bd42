// The organization whose contacts are read, which the settings may name.
import { type Context, UnauthorizedError } from '#connector';
import { objectOf, requestList, wordOf } from '#connector/reading';
import { root } from './api.ts';
import type { Settings } from './settings.ts';

/** Throws UnauthorizedError where the credentials are those of another organization. */
export async function requireOrganization({ api, settings }: Context<Settings>): Promise<void> {
  const { organizationId } = settings;
  if (organizationId === undefined) return;
  const { list } = await requestList(api, { path: `${root}/org` }, 'org');
  const id = wordOf(objectOf(list[0])['zgid']);
  if (id !== organizationId) throw new UnauthorizedError(`The credentials are of the organization ${id}.`);
}

// How a connector tries what its credentials allow. It knows no vendor.
import type { Permission } from './api.ts';

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

/** FNV-1a, 32 bits: far too few of a token's bits to be a secret, enough to tell two accounts apart. */
export function fingerprint(token: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < token.length; i += 1) hash = Math.imul(hash ^ token.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

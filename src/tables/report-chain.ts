// Reports made into a chain: each one's hash covers the hash before it, so that none can be changed, put in or taken out
// of the middle unseen. Examples are covered by hashes of their own: a person who is erased leaves the report, and the
// chain still holds. Pure; it knows no rows.
import { createHash, randomBytes } from 'node:crypto';
import type { Json, JsonObject } from '../connector.ts';
import { canonicalJson } from '../customer/json.ts';

/** One example of a report, or what is left of it once its person is erased: its hash. */
export type Example<Content extends object> = (Content & { salt: string }) | { erased: string };

/** The salt keeps the hash from telling who it was. */
export function salted<Content extends object>(content: Content): Example<Content> {
  return { ...content, salt: randomBytes(16).toString('hex') };
}

export function erased(example: JsonObject): JsonObject {
  return { erased: exampleHash(example) };
}

function exampleHash(example: JsonObject): string {
  return typeof example['erased'] === 'string' ? example['erased'] : sha256(canonicalJson(example));
}

/** The hash of a report: of the hash before it (none: nothing) and the canonical JSON, each example by its hash. */
export function chainHash(previousHash: string | null, report: JsonObject): string {
  return sha256(`${previousHash ?? ''}${canonicalJson(withHashes(report))}`);
}

/** Every list called `examples`, wherever it stands, by the hashes of what it holds. */
function withHashes(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withHashes);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'examples' && Array.isArray(inner)
        ? inner.map((example) => exampleHash(example as JsonObject))
        : withHashes(inner),
    ]),
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export interface Link {
  id: number;
  report: JsonObject;
  previousHash: string | null;
  hash: string;
}

export interface Chain {
  holds: boolean;
  /** Reports looked at. */
  length: number;
  /** The hash of the newest: kept elsewhere, it also proves that none was taken off the end. */
  head: string | null;
  broken: { id: number; why: string } | null;
}

/** Goes on from what was looked at before. */
export function follow(chain: Chain, link: Link): Chain {
  if (chain.broken) return chain;
  const why =
    link.previousHash !== chain.head
      ? 'it does not name the hash of the report before it'
      : chainHash(link.previousHash, link.report) !== link.hash
        ? 'its hash is not that of its report'
        : null;
  return {
    holds: why === null,
    length: chain.length + 1,
    head: link.hash,
    broken: why === null ? null : { id: link.id, why },
  };
}

export const emptyChain: Chain = { holds: true, length: 0, head: null, broken: null };

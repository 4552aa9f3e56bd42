// What a request says of a customer.

/** What a caller may send; anything else in it is ignored. */
export type CustomerBody = {
  id?: string;
  source_id?: string;
  name?: string | null;
  description?: string | null;
  email?: string | null;
  phone?: string | null;
  birthdate?: string | null;
  birthday?: string | null;
  address?: Address | null;
  metadata?: Metadata | null;
};

export type Address = Record<string, string | null>;

export type Metadata = Record<string, unknown>;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

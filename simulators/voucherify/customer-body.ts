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

/** A customer as held, without the parts that are always empty here (summary, loyalty, referrals). */
export type TruthCustomer = {
  id: string;
  source_id?: string;
  name?: string | null;
  description?: string | null;
  email?: string | null;
  phone?: string | null;
  birthdate?: string | null;
  birthday?: string | null;
  address: Record<string, string | null> | null;
  metadata?: Record<string, unknown>;
  created_at: string;
  updated_at?: string;
};

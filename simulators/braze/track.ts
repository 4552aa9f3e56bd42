// What `/users/track` takes: attributes of up to 75 people, judged one by one and processed after the answer. It knows users only by
// what the workspace hands it. Facts: reference/cep/braze.md, section 8, and braze.com/docs/api/endpoints/user_data/post_user_track.
import type { Context } from 'hono';

export interface TrackOptions {
  /** False: the key lacks the permission users.track. */
  mayWrite?: boolean;
  /** Why the attributes of a user are not taken. */
  writeFault?: (externalId: string) => string | undefined;
  /** Users of whom everything is answered as taken, and nothing is. */
  loses?: (externalId: string) => boolean;
  /** True during maintenance: requests are queued, and processed when it has ended, which is not simulated. */
  queues?: boolean;
}

type Values = { [name: string]: unknown };

/** The workspace, as far as writes change it. */
export interface TrackedUsers {
  /** Undefined where there is none. */
  customAttributes(externalId: string): Values | undefined;
  create(externalId: string): void;
  setCustomAttributes(externalId: string, values: Values): void;
}

interface TrackError {
  type: string;
  input_array: 'attributes';
  index: number;
}

const maxUsers = 75;
const maxBytes = 4 * 1024 * 1024;
const fatal = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";

export async function track(c: Context, users: TrackedUsers, options: TrackOptions): Promise<Response> {
  const text = await c.req.text();
  if (Buffer.byteLength(text) > maxBytes) return c.json({ message: 'Request Entity Too Large' }, 413);
  const { attributes = [] } = JSON.parse(text) as { attributes?: Values[] };
  if (attributes.length > maxUsers)
    return c.json({ message: 'Too many attributes objects', errors: [] }, 400);
  // braze-docs, `post_user_track.md`, "Queued Responses".
  if (options.queues) return c.json({ message: 'queued' }, 202);
  const errors: TrackError[] = [];
  for (const [index, given] of attributes.entries()) {
    const type = faultOf(given, options);
    if (type === undefined) apply(given, users, options);
    else errors.push({ type, input_array: 'attributes', index });
  }
  if (errors.length === attributes.length) return c.json({ message: fatal, errors }, 400);
  const processed = attributes.length - errors.length;
  return c.json(
    { attributes_processed: processed, message: 'success', ...(errors.length > 0 && { errors }) },
    201,
  );
}

function faultOf({ external_id: id }: Values, { writeFault }: TrackOptions): string | undefined {
  if (typeof id !== 'string' || id === '')
    return "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
  return writeFault?.(id);
}

function apply(
  { external_id, _update_existing_only: onlyExisting = false, ...values }: Values,
  users: TrackedUsers,
  { loses }: TrackOptions,
): void {
  const id = String(external_id);
  if (loses?.(id)) return;
  if (users.customAttributes(id) === undefined) {
    if (onlyExisting === true) return;
    users.create(id);
  }
  const now = users.customAttributes(id)!;
  const after = { ...now, ...values };
  users.setCustomAttributes(
    id,
    Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null)),
  );
}

// `POST /api/users/bulkUpdate`: makes users of strangers, drops fields that the project does not have, keeps the type of each field, and
// names failures by the value that identified the user. Facts: reference/cep/iterable.md, section 8, and Iterable's Swagger file.
import type { Context } from 'hono';

export interface BulkUpdateOptions {
  /** Why the data of this user is not taken. */
  fault?: (id: string) => boolean;
  /** False: the key is not one of a server. */
  mayWrite?: boolean;
  /** Failures are counted and not named. */
  namesNobody?: boolean;
}

type Values = { [name: string]: unknown };

interface Update {
  userId?: string;
  email?: string;
  dataFields?: Values;
}

/** The project, as far as updates change it. */
export interface UpdatedUsers {
  fieldTypes(): { [name: string]: string };
  /** The key of a user; undefined where there is none. */
  find(user: Pick<Update, 'userId' | 'email'>): string | undefined;
  create(user: Pick<Update, 'userId' | 'email'>): string;
  update(key: string, values: Values): void;
}

const maxBytes = 4 * 1024 * 1024;

export async function bulkUpdate(
  c: Context,
  users: UpdatedUsers,
  { fault, mayWrite = true, namesNobody = false }: BulkUpdateOptions,
): Promise<Response> {
  if (!mayWrite) return c.json({ msg: 'Forbidden', code: 'Forbidden', params: null }, 403);
  const text = await c.req.text();
  if (Buffer.byteLength(text) > maxBytes)
    return c.json({ msg: 'Too large', code: 'RequestEntityTooLarge', params: null }, 413);
  const body = JSON.parse(text) as { users?: Update[]; createNewFields?: boolean };
  if (!Array.isArray(body.users)) return c.json({ msg: 'No users', code: 'BadParams', params: null }, 400);
  const failed = { invalidDataUserIds: [] as string[], invalidDataEmails: [] as string[] };
  const invalidUserIds: string[] = [];
  const filteredOut = new Set<string>();
  for (const { dataFields = {}, ...who } of body.users) {
    const id = who.userId ?? who.email;
    if (id === undefined) {
      invalidUserIds.push('');
      continue;
    }
    const types = users.fieldTypes();
    const isKnown = ([name]: [string, unknown]) =>
      body.createNewFields !== false || Object.hasOwn(types, name);
    const entries = Object.entries(dataFields);
    for (const entry of entries) if (!isKnown(entry)) filteredOut.add(entry[0]);
    const taken = entries.filter(isKnown);
    if (fault?.(id) || taken.some(([name, value]) => isOfOtherType(value, types[name]))) {
      failed[who.userId === undefined ? 'invalidDataEmails' : 'invalidDataUserIds'].push(id);
      continue;
    }
    users.update(users.find(who) ?? users.create(who), Object.fromEntries(taken));
  }
  const failCount =
    failed.invalidDataUserIds.length + failed.invalidDataEmails.length + invalidUserIds.length;
  return c.json({
    successCount: body.users.length - failCount,
    failCount,
    failedUpdates: namesNobody ? {} : failed,
    filteredOutFields: [...filteredOut],
    createdFields: [],
    invalidEmails: [],
    invalidUserIds,
  });
}

/** `type`: as the first write fixed it. */
function isOfOtherType(value: unknown, type: string | undefined): boolean {
  return value !== null && type !== undefined && type !== 'date' && typeOf(value) !== type;
}

export function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? 'long' : typeof value;
}

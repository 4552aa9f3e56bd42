// What the credentials of a source may write at its vendor, as far as that can be known without changing anybody's data.
import { type Context, type Permission, TransientError, type Writer } from '../../connector.ts';

export async function writePermissions(
  writer: Writer<unknown>,
  context: Context<unknown>,
  attributes: readonly string[],
): Promise<Permission[]> {
  try {
    return await writer.check(context, attributes);
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return [
      { what: `write ${writer.stream}`, allowed: error instanceof TransientError ? null : false, note },
    ];
  }
}

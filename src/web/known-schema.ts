// Answers that would be wrong without the types of metadata: refused until they are known. It knows no route.
import type { Tributary } from '../app/app.ts';
import { Problem } from './problem.ts';

/** Asks the destination where its metadata schema is not known. Throws a Problem with the reason where it stays so. */
export async function requireSchema(tributary: Tributary): Promise<void> {
  if (!tributary.schemaIsKnown) await tributary.refreshSchema();
  const wait = tributary.schemaWait;
  if (wait !== null) throw new Problem(503, wait.sentence, { type: 'schema-unknown' });
}

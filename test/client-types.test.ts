// The types of `tributary/client` against the OpenAPI document that they are made of.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientTypes, clientTypesFile } from '../scripts/client-types.ts';

it('The types of the client are what `npm run schema` writes', async () => {
  const current = readFileSync(clientTypesFile, 'utf8') === (await clientTypes());
  expect(current, 'run `npm run schema`').toBe(true);
}, 60_000);

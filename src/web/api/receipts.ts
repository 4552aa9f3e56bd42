// The public keys by which signed receipts are checked. Anybody may ask: whoever is shown a receipt has no token.
import { createRoute } from '@hono/zod-openapi';
import { receiptKeysShape } from '../../contract/receipt.ts';
import { type Deps, newApi } from '../deps.ts';
import { jsonOf } from '../openapi.ts';

const keys = createRoute({
  method: 'get',
  path: '/.well-known/tributary-receipt-keys.json',
  operationId: 'getReceiptKeys',
  summary: 'The public keys by which signed receipts are checked',
  description:
    'Empty without TRIBUTARY_SECRET_KEY. Keep a copy elsewhere: a key that is fetched from the server that made the receipt proves only that the two fit.',
  tags: ['proof'],
  security: [],
  responses: { 200: { description: 'A JSON Web Key Set.', content: jsonOf(receiptKeysShape) } },
});

export function receiptsApi({ tributary }: Deps) {
  return newApi().openapi(keys, (c) => c.json({ keys: tributary.receiptKeys }, 200));
}

// Items of webhooks as no document describes them, at every connector that is pushed to: what cannot be read is rejected by a sentence.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Connector, type Json, RejectedError } from '#connector';
import type { Received, Webhook } from '#connector/webhook';
import { connectors } from '../../connectors/index.ts';
import { checkConfig } from '../../src/config.ts';

const strange: readonly Json[] = [
  ...[null, [], {}, '', 'x', 0, -1, 1e21, true, [null], [{}], { id: null }, '2026-13-45', 'x'.repeat(3_000)],
];

/** The item with each of its parts, and the whole, replaced by each strange value. */
function* variants(item: Json): Generator<Json> {
  yield* strange;
  if (item === null || typeof item !== 'object') return;
  for (const [key, part] of Object.entries(item))
    for (const variant of variants(part))
      yield Array.isArray(item)
        ? item.map((one, at) => (at === Number(key) ? variant : one))
        : { ...item, [key]: variant };
}

const variables = new Proxy(
  {},
  { get: (_, name) => (String(name).endsWith('URL') ? 'https://api.example.com' : 'set-us19') },
);

/** With the settings of its example. */
function webhookOf({ name, source }: Connector): Webhook<unknown> {
  const example = JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8'));
  const config = checkConfig(name, example, variables, connectors);
  const configured = config.sources.find(({ connector }) => connector.name === name);
  return source!.webhook!(configured!.settings);
}

/** The sample, and the item in it. */
function itemsOf({ sample, decoding }: Webhook<unknown>): Json[] {
  let json: Json;
  try {
    json = JSON.parse(sample ?? '{}');
  } catch {
    return [{}];
  }
  const path = 'items' in decoding ? [decoding.items ?? []].flat() : [];
  const item = path.reduce<Json | undefined>(
    (at, key) => (at !== null && typeof at === 'object' ? Object(at)[key] : undefined),
    json,
  );
  return item === undefined ? [json] : [json, item];
}

const pushed = connectors.filter(({ source, name }) => source?.webhook && name !== 'webhook');

test.each(pushed.map((connector) => ({ name: connector.name, connector })))(
  'an item of $name that is malformed is read, ignored or rejected, and breaks nothing',
  ({ connector }) => {
    const webhook = webhookOf(connector);
    const received = { receivedAt: 1, headers: {}, method: 'POST', url: 'https://example.com/' };
    for (const item of itemsOf(webhook).flatMap((sample) => [...variants(sample)]))
      for (const read of [webhook.changes, webhook.key, webhook.neverKept]) {
        try {
          (read as ((item: Json, received: Received) => unknown) | undefined)?.(
            item,
            received as unknown as Received,
          );
        } catch (error) {
          expect(error, JSON.stringify(item).slice(0, 300)).toBeInstanceOf(RejectedError);
        }
      }
  },
);

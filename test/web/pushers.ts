// Connectors that push, for the tests of what a person sees of webhooks: one that does nothing else and carries what it
// tells of, and one that names what is to be read. They know no test.
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { objectOf, wordOf } from '../../src/connector/reading.ts';
import { type Connector, defineConnector, type Json, RejectedError } from '../../src/connector.ts';
import { noon } from './seed.ts';

export const secret = 'the-secret-of-the-tests';

/** What the test may change while the world goes on. */
export interface Pushed {
  /** While false, items of the kind `odd` cannot be read. */
  knowsOdd: boolean;
  /** While true, records cannot be read by ID. */
  refusesReads: boolean;
}

/** Signed, fat, with a recipe; it cannot be read. */
export function pusher(pushed: Pushed): Connector {
  return defineConnector<{ secret?: string | undefined }>({
    name: 'pusher',
    settings: z.strictObject({ secret: z.string().optional() }),
    source: {
      sourceId: 'id',
      mapping: { name: 'name', email: 'email' },
      streams: [{ name: 'people' }],
      webhook: ({ secret }) => ({
        authentication: secret
          ? [
              {
                kind: 'signature',
                algorithm: 'hmac-sha1',
                secrets: [secret],
                message: ['body'],
                header: 'X-Signature',
                encoding: 'hex',
              },
              { kind: 'credential', at: { header: 'X-Token' }, values: [secret] },
            ]
          : [],
        ...(!secret && { missing: 'Set "secret" to the one on the page of the app.' }),
        checks: [{ field: 'tenant', oneOf: ['7'] }],
        handshake: { reachabilityCheck: true, ping: { field: 'type', equals: 'ping' } },
        decoding: { form: 'json', items: ['events'] },
        retryHorizonSeconds: 3600,
        key: (item) => wordOf(objectOf(item)['event']) ?? null,
        changes: (item, { receivedAt }) => {
          const { id, kind, ...body } = objectOf(item);
          if (kind === 'noise') return [{ kind: 'ignored', reason: 'It is noise.' }];
          if (kind === 'odd' && !pushed.knowsOdd)
            throw new RejectedError('An odd event cannot be read yet.', { code: 'odd' });
          const recordId = wordOf(id) ?? '';
          const record = { recordId, changedAt: receivedAt, body: { id: recordId, ...body } };
          return [{ kind: 'record', stream: 'people', record }];
        },
        recipe: {
          where: 'Flow → Webhook',
          method: 'POST',
          headers: { 'X-Tenant': '7' },
          body: '{"tenant":"7","events":[{"id":"{{ person.id }}"}]}',
        },
        notes: ['Choose "all events".'],
        sample: JSON.stringify({ events: [{ event: 'sample', kind: 'noise' }] }),
      }),
    },
  });
}

/** With a token in the path, thin; it can be read too. */
export function caller(pushed: Pushed): Connector {
  return defineConnector({
    name: 'caller',
    settings: z.strictObject({}),
    source: {
      sourceId: 'id',
      mapping: { name: 'name' },
      streams: [
        {
          name: 'people',
          pull: async () => ({ records: [], cursor: null, done: true }),
          read: {
            maxIds: 10,
            async records(_context, { recordIds }) {
              if (pushed.refusesReads)
                throw new RejectedError('Nobody may read that.', { code: 'forbidden' });
              return {
                records: recordIds.map((recordId) => ({
                  recordId,
                  changedAt: noon,
                  body: { id: recordId, name: 'Read' },
                })),
                missing: [],
              };
            },
          },
        },
      ],
      webhook: () => ({
        authentication: [{ kind: 'credential', at: 'path', values: [secret] }],
        decoding: { form: 'json' },
        retryHorizonSeconds: 60,
        changes: (item, { receivedAt }) => [
          { kind: 'touch', stream: 'people', recordId: wordOf(item) ?? '', changedAt: receivedAt },
        ],
      }),
    },
  });
}

export const pushSources = {
  crm: { connector: 'people' },
  shop: { connector: 'pusher', secret },
  mute: { connector: 'pusher' },
  calls: { connector: 'caller' },
};

/** A request to `shop` as its vendor would send it. */
export function signed(events: Json[], more: { [name: string]: Json } = {}): RequestInit {
  const body = JSON.stringify({ tenant: '7', ...more, events });
  return { method: 'POST', headers: { 'x-signature': signatureOf(body) }, body };
}

export function signatureOf(body: string | Uint8Array): string {
  return createHmac('sha1', secret).update(body).digest('hex');
}

// Webhooks of Segment: calls, one at a time or as a list, and which part of them is signed.
// https://segment.com/docs/connections/destinations/catalog/actions-webhook and /webhooks, "Authentication".
import type { Change, Json } from '#connector';
import { objectOf, wordOf } from '#connector/reading';
import type { CredentialScheme, Part, Scheme, Webhook } from '#connector/webhook';
import { changesOf } from './calls.ts';
import type { Settings } from './settings.ts';

/** Tried again for four hours, at random distances: an hour more is kept in mind. */
const retryHorizonSeconds = 5 * 3600;
/** 400 calls of the 32 kB that Segment allows each, with some room. */
const maxBodyBytes = 16 * 1024 * 1024;

export function webhook(settings: Settings): Webhook<Change> {
  const authentication = schemes(settings);
  return {
    authentication,
    ...(authentication.length === 0 && {
      missing:
        'Set webhookSecret to the shared secret of the webhook destination, or set urlToken, bearerToken or basicAuth if it does not sign.',
    }),
    // The Extensible Webhook wraps each call of a batch: `[{"json": {…}}]` (action-destinations, webhook-extensible). A batch of
    // the tracking API, which compatible senders forward, is `{"batch": […]}` (segment.com/docs/connections/sources/catalog/libraries/server/http-api).
    decoding: { form: 'json', items: ['batch', ''], unwrap: 'json' },
    retryHorizonSeconds,
    maxBodyBytes,
    key: (item: Json) => wordOf(objectOf(item)['messageId']) ?? null,
    changes: changesOf,
    notes: [
      'Add the destination "Webhooks (Actions)" with the action Send, leave Data at its default (the whole event), and trigger it on identify, group, alias and delete. Other calls are counted and ignored.',
      'Segment signs only the first call of a batch: with webhookSecret alone, batches of more than one call are refused and not retried. To accept them, also set urlToken and append it to the URL, or set bearerToken or basicAuth and send it as a header.',
      'Keep batch_size at 400 or less.',
      'If webhookSecret is set, a request without its signature is refused, whatever token it has. An Extensible Webhook without a shared secret does not sign: give it a separate source with bearerToken or urlToken alone.',
      'A call updates only the traits that it contains: an absent trait keeps its value, and null clears it. Reserved traits are also available in snake_case (first_name, last_name, created_at), and parts of the address as address.city.',
      'After an alias, the user continues as the customer of previousId, which keeps its source ID: Voucherify does not change one.',
      'A group call replaces everything that is known of the user’s group. The default mapping does not use it; a mapping can, for example from group.name.',
      'Calls without a userId are ignored. Traits in the context of other calls are not used.',
      'For the classic Webhooks destination with its five URLs, one success is enough: a failed call to another URL is not retried. Give this URL a destination of its own.',
      'There is nothing to pull: to load existing users, replay the source or import a file.',
    ],
    sample: JSON.stringify({
      type: 'track',
      event: 'Tributary Webhook Test',
      messageId: 'tributary-sample',
      userId: 'tributary-sample',
      timestamp: '2026-01-01T00:00:00.000Z',
    }),
  };
}

function schemes(settings: Settings): Scheme[] {
  const credentials = credentialsOf(settings);
  const { webhookSecret = [] } = settings;
  if (webhookSecret.length === 0) return credentials;
  const signed = (part: Part): Scheme => ({
    kind: 'signature',
    algorithm: 'hmac-sha1',
    secrets: webhookSecret,
    message: [part],
    header: 'x-signature',
    encoding: 'hex',
  });
  return [
    signed('body'),
    // They sign what their own serializer writes, which need not be how the body came.
    signed('compact'),
    signed({ element: 'only', unwrap: 'json' }),
    // The rest of a batch is nobody's word by this alone.
    ...credentials.map(
      (credential): Scheme => ({
        kind: 'all',
        of: [signed({ element: 'first', unwrap: 'json' }), credential],
      }),
    ),
  ];
}

function credentialsOf({ urlToken, bearerToken, basicAuth }: Settings): CredentialScheme[] {
  const credential = (at: CredentialScheme['at'], values: readonly string[] = []): CredentialScheme[] =>
    values.length > 0 ? [{ kind: 'credential', at, values }] : [];
  return [
    ...credential('path', urlToken),
    ...credential('bearer', bearerToken),
    ...credential('basic', basicAuth),
  ];
}

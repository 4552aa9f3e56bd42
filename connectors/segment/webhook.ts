// What Segment pushes: calls, one at a time or as a list, and what of them is signed. It does not know what they say.
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
        'Set webhookSecret to the shared secret of the webhook destination, or urlToken, bearerToken or basicAuth where it signs nothing.',
    }),
    // The Extensible Webhook wraps each call of a batch: `[{"json": {…}}]` (action-destinations, webhook-extensible).
    decoding: { form: 'json', items: [''], unwrap: 'json' },
    retryHorizonSeconds,
    maxBodyBytes,
    key: (item: Json) => wordOf(objectOf(item)['messageId']) ?? null,
    changes: changesOf,
    notes: [
      'Add the destination "Webhooks (Actions)" with the action Send, leave Data as it is (the whole event), and let it be triggered by identify, group, alias and delete: other calls are counted and left out.',
      'Segment signs only the first call of a batch: with webhookSecret alone, batches of more than one are refused and not sent again. To take them, set urlToken too and end the URL with it, or bearerToken or basicAuth and send that as a header.',
      'Keep batch_size at 400 or less.',
      'Where webhookSecret is set, a request without its signature is refused, whatever token it has. An Extensible Webhook without a shared secret signs nothing: it needs a source of its own with bearerToken or urlToken alone.',
      'Traits are taken as they are told, a few at a time: one that is absent stays as it was, and null empties it. Reserved ones stand in snake_case as well (first_name, last_name, created_at), parts of the address as address.city.',
      'An alias lets a user go on as the customer of previousId, who keeps its source ID: Voucherify takes no new one.',
      'A group call replaces what was known of the user’s group, whole; the default mapping takes nothing of it: metadata can, from group.name.',
      'Calls without a userId are left out. Traits in the context of other calls are not used.',
      'Of the five URLs of the classic Webhooks destination one that answers is enough: to the others a failed call is not sent again. Give this one a destination of its own.',
      'There is nothing to pull: to bring in those who were there before, replay the source, or import a file.',
    ],
    sample: JSON.stringify({
      type: 'track',
      event: 'Tributary Asked Whether All Is Well',
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

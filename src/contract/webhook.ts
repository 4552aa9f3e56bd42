// The webhooks of one source: how they stand, how to set them up, and a request to try them.
import { z } from 'zod';
import { requestShape } from './inbox.ts';
import { answer, count, orNull, time } from './parts.ts';

/** Stands for the secret of the settings. */
export const placeholder = '{secret}';

const lag = z.number().min(0).nullable();

const seenShape = answer(
  {
    changes: count,
    p50Seconds: lag.meta({
      description: 'The median time until a change is known, within a factor of two.',
    }),
    p99Seconds: lag,
  },
  'Seen',
  'Changes that arrived by one way, and how late.',
);
export type Seen = z.output<typeof seenShape>;

export const webhookStateShape = answer(
  {
    configured: z
      .boolean()
      .meta({ description: 'False: every request is refused, and `missing` says what to set.' }),
    missing: z.string().nullable(),
    waiting: count.meta({ description: 'Requests that are waiting to be opened.' }),
    oldestWaitingAt: time.nullable(),
    dead: count.meta({ description: 'Requests that could not be read.' }),
    toRead: count.meta({ description: 'Records named by requests that are waiting to be read.' }),
    oldestToReadAt: time.nullable(),
    coverage: orNull(
      answer(
        {
          share: z.number().min(0).max(1).nullable().meta({
            description: 'The share of changes that a webhook reported first. Null if nothing changed.',
          }),
          webhook: seenShape,
          poll: seenShape,
        },
        'Coverage',
        'How many changes webhooks report, compared with polling.',
      ),
    ).meta({ description: 'How the changes of the last 24 hours became known.' }),
    subscription: orNull(
      answer(
        {
          expiresAt: time.nullable().meta({ description: 'Null until the vendor has granted it.' }),
          fault: z
            .string()
            .nullable()
            .meta({ description: 'Why it could not be renewed; it is attempted again.' }),
        },
        'Subscription',
        'What the vendor keeps in order to send webhooks.',
      ),
    ).meta({
      description: 'What Tributary renews at the vendor before it expires. Null where nothing is renewed.',
    }),
    refusals: z
      .array(
        answer(
          { status: z.int(), reason: z.string(), count, lastAt: time },
          'Refusal',
          'Webhook requests that were refused for one reason.',
        ),
      )
      .meta({
        description: 'Requests that this process refused in the last 24 hours, by reason, latest first.',
      }),
  },
  'WebhookState',
  'What the webhooks of a source are doing.',
);
export type WebhookState = z.output<typeof webhookStateShape>;

const headerShape = answer({ name: z.string(), value: z.string() });
export type Header = z.output<typeof headerShape>;

export const webhookShape = answer(
  {
    source: z.string(),
    connector: z.string(),
    url: z.string().meta({
      description: `The address that the vendor sends to. \`${placeholder}\` stands for the secret in the settings.`,
    }),
    path: z.string().meta({ description: 'The same without scheme and host.' }),
    isPublic: z.boolean().meta({
      description: 'True: from `publicUrl`. False: from the address of this request.',
    }),
    authentication: z
      .array(z.string())
      .meta({ description: 'How a request is authenticated. Any one of these is sufficient.' }),
    checks: z.array(z.string()).meta({ description: 'Further conditions.' }),
    headers: z.array(headerShape).meta({ description: 'What to choose at the vendor.' }),
    handshake: z.array(z.string()),
    recipe: orNull(
      answer(
        { where: z.string(), method: z.string(), headers: z.array(headerShape), body: z.string() },
        'Recipe',
        'What is entered at the vendor.',
      ),
    ).meta({ description: 'What to paste, if the vendor lets you write the request.' }),
    notes: z.array(z.string()),
    form: z.enum(['json', 'form', 'soap']),
    limits: answer({
      maxBodyBytes: z.int(),
      requestsPerSecond: z.number(),
      keepDays: z.number().meta({ description: 'How long opened requests are kept.' }),
      retryHorizonSeconds: z.number().meta({ description: 'How long the vendor may repeat a request.' }),
    }),
    sample: z.string().nullable(),
    ...webhookStateShape.shape,
  },
  'Webhook',
  'How the webhooks of a source are set up.',
);
export type Webhook = z.output<typeof webhookShape>;

export const webhookTestShape = answer(
  {
    sent: z.boolean(),
    reason: z.string().nullable().meta({ description: 'Why nothing was sent.' }),
    url: z
      .string()
      .nullable()
      .meta({ description: `With \`${placeholder}\` in place of the secret.` }),
    status: z.int().nullable().meta({ description: 'The status of the answer.' }),
    answer: z
      .string()
      .nullable()
      .meta({ description: 'The body of the answer, or why the request was refused.' }),
    request: orNull(requestShape).meta({
      description:
        'The stored request. Null if it was not stored. `waiting` if it was not opened within five seconds.',
    }),
  },
  'WebhookTest',
  'What became of a sample request.',
);
export type WebhookTest = z.output<typeof webhookTestShape>;

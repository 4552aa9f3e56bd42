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
      description: 'Half of the changes were known so long after they were made, to within a doubling.',
    }),
    p99Seconds: lag,
  },
  'Seen',
);
export type Seen = z.output<typeof seenShape>;

export const webhookStateShape = answer(
  {
    configured: z
      .boolean()
      .meta({ description: 'False: no request gets in, and `missing` says what to set.' }),
    missing: z.string().nullable(),
    waiting: count.meta({ description: 'Requests that wait to be opened.' }),
    oldestWaitingAt: time.nullable(),
    dead: count.meta({ description: 'Requests of which nothing could be read.' }),
    toRead: count.meta({ description: 'Records that requests named and that wait to be read.' }),
    oldestToReadAt: time.nullable(),
    coverage: orNull(
      answer(
        {
          share: z.number().min(0).max(1).nullable().meta({
            description: 'Of all changes those that a webhook told of first; null where nothing changed.',
          }),
          webhook: seenShape,
          poll: seenShape,
        },
        'Coverage',
      ),
    ).meta({ description: 'How the changes of the last 24 hours became known.' }),
    refusals: z.array(answer({ status: z.int(), reason: z.string(), count, lastAt: time }, 'Refusal')).meta({
      description:
        'Requests refused at the door of this process in the last 24 hours, by reason, the latest first.',
    }),
  },
  'WebhookState',
);
export type WebhookState = z.output<typeof webhookStateShape>;

const headerShape = answer({ name: z.string(), value: z.string() });
export type Header = z.output<typeof headerShape>;

export const webhookShape = answer(
  {
    source: z.string(),
    connector: z.string(),
    url: z.string().meta({
      description: `Where the vendor sends. \`${placeholder}\` stands for the secret of the settings.`,
    }),
    path: z.string().meta({ description: 'The same without scheme and host.' }),
    isPublic: z.boolean().meta({
      description: 'It is that of `publicUrl`. False: it is the one that this request was sent to.',
    }),
    authentication: z
      .array(z.string())
      .meta({ description: "How a request shows that it is the vendor's: one of these is enough." }),
    checks: z.array(z.string()).meta({ description: 'What must hold besides.' }),
    headers: z.array(headerShape).meta({ description: 'What to set, where a person may.' }),
    handshake: z.array(z.string()),
    recipe: orNull(
      answer(
        { where: z.string(), method: z.string(), headers: z.array(headerShape), body: z.string() },
        'Recipe',
      ),
    ).meta({ description: 'What to paste, where the vendor lets a person write the request.' }),
    notes: z.array(z.string()),
    form: z.enum(['json', 'form', 'soap']),
    limits: answer({
      maxBodyBytes: z.int(),
      requestsPerSecond: z.number(),
      keepDays: z.number().meta({ description: 'How long opened requests are kept.' }),
      retryHorizonSeconds: z.number().meta({ description: 'How long the vendor may send the same again.' }),
    }),
    sample: z.string().nullable(),
    ...webhookStateShape.shape,
  },
  'Webhook',
);
export type Webhook = z.output<typeof webhookShape>;

export const webhookTestShape = answer(
  {
    sent: z.boolean(),
    reason: z.string().nullable().meta({ description: 'Why nothing was sent.' }),
    url: z
      .string()
      .nullable()
      .meta({ description: `With \`${placeholder}\` for the secret.` }),
    status: z.int().nullable().meta({ description: 'What the door answered.' }),
    answer: z.string().nullable().meta({ description: 'Its body, or why it refused.' }),
    request: orNull(requestShape).meta({
      description:
        'What was kept of it. Null where it was not kept. `waiting` where it was not opened within five seconds.',
    }),
  },
  'WebhookTest',
);
export type WebhookTest = z.output<typeof webhookTestShape>;

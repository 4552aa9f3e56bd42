// A person's sign-in at a source's vendor: begun, and finished with the code that the vendor sends back.
import { z } from 'zod';
import { answer, text, time } from './parts.ts';

const loopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?(\/[^?#]*)?$/;

export const signInRequest = z
  .strictObject({
    redirectUri: text
      .refine(
        (url) => loopback.test(url) && URL.canParse(url),
        'a URL on this machine: http://127.0.0.1:8432/callback',
      )
      .meta({
        description:
          'Where the browser comes back to: a loopback address. The vendor may want it registered.',
        example: 'http://127.0.0.1:8432/callback',
      }),
  })
  .meta({ id: 'SignInRequest', description: 'Where the vendor sends the person back to.' });

export const signInShape = answer(
  {
    source: z.string(),
    url: z.string().meta({ description: 'The link at which the person signs in.' }),
    state: z.string().meta({ description: 'What the browser must bring back as `state`.' }),
    ticket: z.string().meta({ description: 'Finishes this sign-in; opaque.' }),
    expiresAt: time,
  },
  'SignIn',
  'A sign-in that has begun.',
);

export const signInFinishRequest = z
  .strictObject({ ticket: text, state: text.min(1), code: text.min(1) })
  .meta({ id: 'SignInFinishRequest', description: 'What the vendor sent back.' });

export const signedInShape = answer(
  {
    source: z.string(),
    tenant: z.string().nullable().meta({ description: "The vendor's account, where the vendor names it." }),
    resumed: z.boolean().meta({ description: 'The source was paused for its credentials and goes on.' }),
  },
  'SignedIn',
  'A sign-in that has ended.',
);

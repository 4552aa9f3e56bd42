// The sandbox: its simulated vendors, and the ways to break them.
import { z } from 'zod';
import { answer, count, time } from './parts.ts';

export const breakShape = answer(
  {
    name: z.string(),
    title: z.string(),
    says: z.string().meta({ description: 'What happens.' }),
    watch: z.string().meta({ description: 'What to watch for.' }),
    mends: z.string().meta({ description: 'How it mends.' }),
    page: z.string().meta({ description: 'The page that shows it.' }),
    lasts: z.boolean().meta({ description: 'It lasts for a while and then ends. False: it happens once.' }),
    until: time.nullable().meta({ description: 'When it ends. Null if it does not last now.' }),
  },
  'Break',
);
export type Break = z.output<typeof breakShape>;

export const vendorShape = answer({
  name: z.string(),
  url: z.string().meta({ description: 'The address of its API. Empty if it has none.' }),
  says: z.string(),
  people: count,
  noun: z.string().meta({ description: 'What the vendor calls them.' }),
});

export const sandboxShape = answer({ vendors: z.array(vendorShape), breaks: z.array(breakShape) }, 'Sandbox');
export type Sandbox = z.output<typeof sandboxShape>;

export const breakParam = z.object({
  name: z
    .string()
    .regex(/^[a-z-]{1,40}$/, 'the name of a break')
    .meta({ example: 'outage' }),
});
export const breakBody = z.strictObject({
  seconds: z.int().min(1).max(600).default(30).meta({ description: 'How long it lasts.', example: 30 }),
});

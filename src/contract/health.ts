// Whether the process lives, and whether it can work.
import { z } from 'zod';
import { answer } from './parts.ts';

export const liveShape = answer({ status: z.literal('live') });
export const readyShape = answer({ status: z.literal('ready') });

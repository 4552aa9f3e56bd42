// The newest lines of the log of the process that answers.
import { z } from 'zod';
import { answer, idText, jsonObject, limit, time } from './parts.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const level = z.enum(logLevels);

export const logQuery = z.strictObject({
  after: idText('an ID').optional().meta({ description: 'Only lines after this ID.' }),
  level: level
    .default('trace')
    .meta({ description: 'Only lines of this level or a worse one. What LOG_LEVEL leaves out is not kept.' }),
  limit,
});

const lineShape = answer(
  {
    id: z.int(),
    at: time,
    level,
    message: z.string(),
    fields: jsonObject.meta({ description: 'What else the line says: `source`, `run`, `err`.' }),
  },
  'LogLine',
);
export type LogLine = z.output<typeof lineShape>;
export const logShape = answer({ lines: z.array(lineShape) });

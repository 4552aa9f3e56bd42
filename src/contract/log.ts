// The newest lines of the log of the process that answers.
import { z } from 'zod';
import { answer, idCursor, jsonObject, limit, nextIdCursor, time } from './parts.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const level = z.enum(logLevels);

export const logQuery = z.strictObject({
  cursor: idCursor.meta({
    description:
      'Only lines that were written since: `nextCursor` of an earlier answer. Default: the newest lines.',
  }),
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
  'One line of the log.',
);
export type LogLine = z.output<typeof lineShape>;
export const logShape = answer({
  lines: z.array(lineShape),
  nextCursor: nextIdCursor.meta({
    description: '`cursor` for the lines that are written from now on. Null while there is none.',
  }),
});
export type LogPage = z.output<typeof logShape>;

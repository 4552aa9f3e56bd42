// Who enters and leaves segments before a run, as lines for a person. It knows no command.
import type { z } from 'zod';
import type { forecastsMadeShape } from '../contract/forecast.ts';
import { segmentSentences } from '../contract/segment-words.ts';
import { counted } from '../words.ts';
import { print, type Terminal } from './terminal.ts';

/** Nothing where the destination has no segments. */
export function printSegments(
  terminal: Terminal,
  { waiting, run }: z.output<typeof forecastsMadeShape>['segments'],
): void {
  const sentences = segmentSentences(run ?? waiting.radius);
  if (sentences.length === 0) return;
  print(
    terminal,
    run
      ? '\nSegments, by the dry run:'
      : `\nSegments, by ${counted(waiting.customers, 'customer')} that ${waiting.customers === 1 ? 'waits' : 'wait'} to be delivered; --exact or a dry run tells of the run itself:`,
  );
  for (const sentence of sentences) print(terminal, `  ${sentence}`);
}

// Figures of a preview: the same at a tenth of the customers is the yardstick for its memory. It does not know how a
// preview works.
import { sourceFlags } from '../bin/launch.mjs';
import { type Figure, megabytes, seconds } from './figures.ts';
import { onOwnDatabase } from './own-database.ts';
import { spawnScript } from './processes.ts';

const [few, many] = [10_000, 100_000];
const maxSeconds = 30;
/** More than this much more memory for ten times the customers is not flat. */
const maxGrowth = 1.15;

interface Said {
  previewMs: number;
  peakMegabytes: number;
}

/** On PostgreSQL where there is one, and on PGlite for the time. */
export async function previewFigures(server: string | null): Promise<Figure[]> {
  const figures: Figure[] = [];
  if (server) {
    const small = await onOwnDatabase(server, (database) => previewOf(few, database));
    const large = await onOwnDatabase(server, (database) => previewOf(many, database));
    figures.push(timeFigure(large, ''), memoryFigure(small, large));
  }
  figures.push(timeFigure(await previewOf(many, null), ', on PGlite'));
  return figures;
}

function timeFigure({ previewMs }: Said, where: string): Figure {
  return {
    name: `preview over ${many.toLocaleString('en-US')} customers${where}`,
    ours: seconds(previewMs),
    against: `${maxSeconds} s allowed`,
    ratio: previewMs / 1000 / maxSeconds,
    bar: { value: previewMs / 1000 / maxSeconds, most: 1, unit: '×' },
  };
}

function memoryFigure(small: Said, large: Said): Figure {
  const ratio = large.peakMegabytes / small.peakMegabytes;
  return {
    name: `peak memory of that preview`,
    ours: megabytes(large.peakMegabytes),
    against: `${megabytes(small.peakMegabytes)} over ${few.toLocaleString('en-US')}`,
    ratio,
    bar: { value: ratio, most: maxGrowth, unit: '×' },
  };
}

async function previewOf(customers: number, database: string | null): Promise<Said> {
  const args = ['--customers', String(customers), ...(database === null ? [] : ['--database', database])];
  const script = spawnScript('preview.ts', args, { flags: [...sourceFlags, '--expose-gc'] });
  const said = JSON.parse(await script.line) as Said;
  const code = await script.exit;
  if (code !== 0) throw new Error(`preview.ts ended with ${code}. ${script.complaints()}`);
  return said;
}

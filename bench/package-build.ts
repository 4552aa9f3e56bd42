// Builds what `packaged` of package.ts gives, in a process of its own: a bundler takes 400 MB, and Linux counts what the process that spawns another
// holds as the peak of that one too.
import { layOut } from '../scripts/package.ts';

const [folder = ''] = process.argv.slice(2);

await layOut({ main: 'src/main.ts', ours: 'bench/ours.ts' }, folder);

console.log(folder);

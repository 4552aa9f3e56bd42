// Loaded before a worker's own modules: says of drizzle-orm's that they are modules. Node would read that in the package's
// package.json, and parses all of it, hundreds of kilobytes, once for each of its 170 files: 0.4 s of CPU at every start.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context;
    const isInside = specifier.startsWith('./') || specifier.startsWith('../');
    if (isInside && specifier.endsWith('.js') && parentURL?.includes('/node_modules/drizzle-orm/'))
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true };
    return next(specifier, context);
  },
});

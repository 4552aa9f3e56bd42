// Loaded before the sources of a worker: tells Node where they are and which format they have. Node would look for each of
// 600 files on the disk and for the package.json above it, and parse that again and again: a third of a start's CPU.
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url).href;
const packages = `${root}node_modules/`;
const { imports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** By the URL of a folder: whether the nearest package.json declares `.js` files to be modules. */
const moduleFolders = new Map();
/** By the name of a package: where our own files find it. */
const named = new Map();

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL, conditions } = context;
    if (!parentURL?.startsWith(root) || !conditions.includes('import')) return next(specifier, context);
    if (/^\.\.?\//.test(specifier))
      return fileAt(new URL(specifier, parentURL).href) ?? next(specifier, context);
    if (parentURL.startsWith(packages)) return next(specifier, context);
    const found = named.get(specifier) ?? ownFile(specifier) ?? next(specifier, context);
    named.set(specifier, { ...found, shortCircuit: true });
    return found;
  },
});

/** A file whose format its name tells; null where it has to be looked at. */
function fileAt(url) {
  if (url.endsWith('.ts') && !url.startsWith(packages))
    return { url, format: 'module-typescript', shortCircuit: true };
  if (url.endsWith('.js') && holdsModules(new URL('.', url).href))
    return { url, format: 'module', shortCircuit: true };
  return null;
}

/** The file behind a name of package.json's `imports`, or null. */
function ownFile(specifier) {
  for (const [name, target] of Object.entries(imports)) {
    const [prefix, suffix] = name.split('*');
    const isPattern = suffix !== undefined;
    if (isPattern ? !specifier.startsWith(prefix) : specifier !== name) continue;
    return fileAt(new URL(target.replace('*', specifier.slice(prefix.length)), root).href);
  }
  return null;
}

function holdsModules(folder) {
  const known = moduleFolders.get(folder);
  if (known !== undefined) return known;
  const file = fileURLToPath(new URL('package.json', folder));
  const holds = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8')).type === 'module'
    : folder !== root && holdsModules(new URL('..', folder).href);
  moduleFolders.set(folder, holds);
  return holds;
}

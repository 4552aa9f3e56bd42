// The versions of what is compared. n8n and Node-RED are installed when they are measured, and are no dependencies of ours.
import { readFileSync } from 'node:fs';

export const installedForTheBench = { n8n: '2.40.7', 'node-red': '5.0.7' } as const;

export const ownVersion = () => versionIn('../../package.json');

/** Of a package of ours that is installed. */
export const packageVersion = (name: string) => versionIn(`../../node_modules/${name}/package.json`);

function versionIn(file: string): string {
  return (JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { version: string }).version;
}

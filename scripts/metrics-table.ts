// `npm run schema` also writes the table of metrics in docs/metrics.md, between two marks of the page.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metrics } from '../src/web/metrics.ts';

export const metricsPage = join(import.meta.dirname, '../docs/metrics.md');

const block = /<!-- metrics -->\n[\s\S]*?<!-- end of metrics -->/;

/** The page with the table as the metrics are now. */
export function withMetrics(page: string): string {
  const rows = metrics.map(
    ({ name, kind, labels, help }) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  const table = ['| metric | kind | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return page.replace(block, () => `<!-- metrics -->\n${table}\n<!-- end of metrics -->`);
}

if (import.meta.main) writeFileSync(metricsPage, withMetrics(readFileSync(metricsPage, 'utf8')));

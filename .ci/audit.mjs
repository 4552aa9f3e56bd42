// Looks the packages that ship up among known vulnerabilities. High and critical ones fail; a registry that cannot be asked does
// not, and that is said.
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json', '--audit=true'], { encoding: 'utf8' });
let report = {};
try {
  report = JSON.parse(stdout);
} catch {
  // What is no JSON is no answer either.
}
const counts = report.metadata?.vulnerabilities;
if (!counts) console.log('not audited: the registry does not answer audits');
else {
  console.log(
    Object.entries(counts)
      .map(([severity, count]) => `${severity} ${count}`)
      .join(', '),
  );
  for (const [name, { severity, range }] of Object.entries(report.vulnerabilities ?? {}))
    console.log(`${severity}: ${name} ${range}`);
  if (counts.high + counts.critical > 0) process.exitCode = 1;
}

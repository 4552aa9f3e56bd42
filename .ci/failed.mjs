// What the reports of vitest say: which files failed, or how many tests passed and failed in all.
//   failed.mjs files REPORT       the files in which a test failed, a line each
//   failed.mjs sum REPORT...      those that passed only when they were run alone, and the sum
import { readFileSync } from 'node:fs';

const [what, ...reports] = process.argv.slice(2);
const unread = { numPassedTests: 0, numFailedTests: 1, testResults: [] };

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

const failedFiles = (report) =>
  report.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);

function failedTests(report) {
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${name}: ${fullName}`),
  );
}

if (what === 'files') for (const file of failedFiles(read(reports[0]) ?? unread)) console.log(file);
if (what === 'sum') {
  let passed = 0;
  let failed = 0;
  for (const file of reports) {
    const first = read(file) ?? unread;
    const again = read(file.replace(/\.json$/, '-again.json'));
    const stillFailed = again?.numFailedTests ?? first.numFailedTests;
    passed += first.numPassedTests + first.numFailedTests - stillFailed;
    failed += stillFailed;
    const isMended = again !== null && again.numFailedTests === 0;
    if (isMended) for (const test of failedTests(first)) console.log(`passed only when run alone: ${test}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
}

// Checks signed receipts of Tributary without Tributary: node check-receipt.mjs KEYS.json RECEIPTS.json
// KEYS.json: /.well-known/tributary-receipt-keys.json. RECEIPTS.json: any JSON that holds receipts, wherever they stand.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

// RFC 8785: sorted keys, no white space, numbers and texts as JSON.stringify writes them. Examples of a report stand there
// by their hashes, so that an erased person leaves the report and its hash stays.
function canonical(value, name) {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value) && name === 'examples')
    return canonical(value.map((example) => example.erased ?? sha256(canonical(example))));
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(',')}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key], key)}`).join(',')}}`;
}

function receiptsIn(value, report) {
  if (typeof value !== 'object' || value === null) return [];
  if (value.statement && value.signature) return [{ ...value, report }];
  return Object.values(value).flatMap((inner) => receiptsIn(inner, value.report));
}

const [{ keys }, file] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const receipts = receiptsIn(file);
process.exitCode = receipts.length > 0 ? 0 : 1;
for (const { statement, signature, report } of receipts) {
  const jwk = keys.find(({ kid }) => kid === signature.keyId);
  const publicKey = jwk && createPublicKey({ key: jwk, format: 'jwk' });
  const [bytes, value] = [Buffer.from(canonical(statement)), Buffer.from(signature.value, 'base64url')];
  const fits = !report || sha256((statement.previousHash ?? '') + canonical(report)) === statement.hash;
  const holds = publicKey && verify(null, bytes, publicKey, value) && fits;
  if (!holds) process.exitCode = 1;
  console.log(`${statement.type} ${statement.id}: ${holds ? 'holds' : 'DOES NOT HOLD'}`);
}

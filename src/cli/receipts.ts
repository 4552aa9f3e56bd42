// `tributary receipts`: prints the public keys of receipts, and checks receipts of verifications and erasures in a file.
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Json, JsonObject } from '../connector.ts';
import {
  type PublicKey,
  receiptKeysShape,
  type Signed,
  signedErasureShape,
  signedVerificationShape,
  type VerificationStatement,
} from '../contract/receipt.ts';
import { chainHash } from '../tables/report-chain.ts';
import { signatureFault } from '../tables/signed-receipts.ts';
import { counted, number } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { CommandError, exitCodes, UsageError } from './errors.ts';
import { withClient } from './reach.ts';
import { print } from './terminal.ts';

const keysPath = '/.well-known/tributary-receipt-keys.json';

export function defineReceiptsKeys(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'after',
      `
Examples:
  $ tributary receipts keys > receipt-keys.json

The keys are public. They are also served at ${keysPath}. Keep a copy where nobody can change it.`,
    )
    .action(() =>
      withClient(cli, async (client) => {
        const { keys } = await client.send(receiptKeysShape, 'get', keysPath);
        if (keys.length === 0)
          throw new CommandError(
            'There is no key: TRIBUTARY_SECRET_KEY is not set, so receipts are not signed.',
          );
        if (cli.json) answer(cli, `${counted(keys.length, 'key')}.`, { keys });
        else print(cli.terminal, JSON.stringify({ keys }, null, 2));
      }),
    );
}

interface Options {
  keys?: string;
  chain?: true;
}

export function defineReceiptsCheck(command: Command, cli: Cli): void {
  command
    .argument('<file>', 'JSON with receipts, such as the output of verify --json or an answer of the API')
    .addOption(
      new Option(
        '--keys <file>',
        'the public keys, as "receipts keys" prints them; default: those of the server',
      ),
    )
    .option('--chain', 'also require that no verification is missing between those of the file')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary verify --json > verification.json
  $ tributary receipts check verification.json --keys receipt-keys.json
  $ tributary receipts check verifications.json --chain

Exit code 0: every receipt holds. 1: one does not, or the file has none.`,
    )
    .action(async (file: string, options: Options) => {
      const found = receiptsIn(read(file));
      if (found.length === 0)
        throw new CommandError(
          `${file} has no signed receipt: no object in it has a statement and a signature.`,
        );
      const keys = options.keys === undefined ? await keysOfServer(cli) : keysIn(options.keys);
      const results = found.map((one) => ({ ...one.signed.statement, fault: faultOf(one, keys) }));
      const gap = options.chain ? gapIn(found) : null;
      const faulty = results.filter(({ fault }) => fault !== null);
      const summary =
        faulty.length > 0
          ? `${number(faulty.length)} of ${counted(found.length, 'receipt')} ${faulty.length === 1 ? 'does' : 'do'} not hold.`
          : (gap ??
            (found.length === 1 ? 'The receipt holds.' : `All ${number(found.length)} receipts hold.`));
      if (faulty.length > 0 || gap !== null) cli.exitCode = exitCodes.failed;
      if (cli.json) return answer(cli, summary, results);
      for (const result of results) print(cli.terminal, sentence(result));
      if (found.length > 1 || gap !== null) print(cli.terminal, summary);
    });
}

/** A receipt, and what stands beside it where that is a whole verification. */
interface Found {
  signed: Signed;
  owner: JsonObject;
}

/** Every receipt, wherever it stands. */
function receiptsIn(value: Json, owner: JsonObject = {}): Found[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((inner) => receiptsIn(inner, owner));
  for (const shape of [signedVerificationShape, signedErasureShape]) {
    // What is signed is the statement as it stands in the file, not what a shape keeps of it.
    if (shape.safeParse(value).success) return [{ signed: value as unknown as Signed, owner }];
  }
  return Object.values(value).flatMap((inner) => receiptsIn(inner, value));
}

function faultOf({ signed, owner }: Found, keys: readonly PublicKey[]): string | null {
  const fault = signatureFault(signed, keys);
  const { statement } = signed;
  if (fault !== null || statement.type !== 'tributary.verification.1') return fault;
  const { report } = owner;
  if (typeof report !== 'object' || report === null || Array.isArray(report)) return null;
  return chainHash(statement.previousHash, report) === statement.hash
    ? null
    : 'the report beside it is not the one that was signed';
}

/** The sentence about the first verification that does not follow the one before it. */
function gapIn(found: readonly Found[]): string | null {
  const links = found
    .map(({ signed }) => signed.statement)
    .filter((statement): statement is VerificationStatement => statement.type === 'tributary.verification.1')
    .sort((one, other) => one.id - other.id);
  const at = links.findIndex((link, index) => index > 0 && link.previousHash !== links[index - 1]!.hash);
  if (at === -1) return null;
  return `Verification ${links[at]!.id} does not follow verification ${links[at - 1]!.id}: one between them is missing from the file, or was removed.`;
}

function sentence(result: Signed['statement'] & { fault: string | null }): string {
  const what = result.type === 'tributary.verification.1' ? 'Verification' : 'Erasure';
  const verdict = result.fault === null ? 'the receipt holds' : `the receipt does not hold: ${result.fault}`;
  const said =
    result.type === 'tributary.verification.1'
      ? `${number(result.matching)} of ${counted(result.compared + result.missing, 'customer')} matched`
      : `${counted(result.stores.length, 'store')} answered`;
  return `${what} ${result.id} of ${result.endedAt} at ${result.destination}: ${verdict}${result.fault === null ? `. ${said}` : ''}.`;
}

async function keysOfServer(cli: Cli): Promise<PublicKey[]> {
  let keys: PublicKey[] = [];
  await withClient(cli, async (client) => {
    ({ keys } = await client.send(receiptKeysShape, 'get', keysPath));
  });
  return keys;
}

function keysIn(file: string): PublicKey[] {
  const parsed = receiptKeysShape.safeParse(read(file));
  if (!parsed.success)
    throw new UsageError(
      `${file} has no keys of receipts: write there what "tributary receipts keys" prints.`,
    );
  return parsed.data.keys;
}

function read(file: string): Json {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Json;
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

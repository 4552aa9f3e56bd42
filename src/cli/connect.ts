// `tributary sources connect`: a person signs in at the vendor of a source, in a browser that comes back to this machine.

import { spawn } from 'node:child_process';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { signedInShape, signInShape } from '../contract/connect.ts';
import { answer, type Cli } from './cli.ts';
import { CommandError, UsageError } from './errors.ts';
import { reach } from './reach.ts';
import { print, printError } from './terminal.ts';

/** How long a person has to sign in. */
const waitMs = 300_000;

interface Options {
  redirectUri?: string;
  browser: boolean;
}

/** What the browser brought back, and how it is told what came of it. */
interface Came {
  code: string;
  state: string;
  answer(status: number, text: string): void;
}

export function defineConnect(command: Command, cli: Cli): void {
  command
    .argument('<source>', 'the name of a source')
    .option(
      '--redirect-uri <url>',
      'the address on this machine that is registered with the app; default: http://127.0.0.1 with any free port',
    )
    .option('--no-browser', 'print the link only')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary sources connect pipedrive --redirect-uri http://127.0.0.1:8432/callback
  $ tributary sources connect hubspot --no-browser

The link is printed as well, for a browser elsewhere: paste the address at which it ends. The tokens are stored sealed, and
the source goes on if it was paused for its credentials. The wait ends after five minutes.`,
    )
    .action(async (source: string, { redirectUri, browser }: Options) => {
      const server = await listen(redirectUri);
      const reached = await reach(cli, { work: false }).catch((error: unknown) => {
        server.close();
        throw error;
      });
      try {
        const path = { source };
        const address = redirectUri ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
        const begun = await reached.client.send(signInShape, 'post', '/api/sources/{source}/connect', {
          path,
          body: { redirectUri: address },
        });
        printError(cli.terminal, `Sign in to ${source} at:\n${begun.url}`);
        if (browser && cli.terminal.errIsTerminal) openBrowser(begun.url);
        const came = await comesBack(cli, server, { address, state: begun.state });
        const { ticket } = begun;
        const { code, state } = came;
        try {
          const done = await reached.client.send(
            signedInShape,
            'post',
            '/api/sources/{source}/connect/finish',
            {
              path,
              body: { ticket, state, code },
            },
          );
          came.answer(200, `Signed in to ${source}. You can close this window.`);
          const whose = done.tenant === null ? '' : ` (account ${done.tenant})`;
          const said = `Signed in to ${source}${whose}.${done.resumed ? ' It was paused, and goes on.' : ''}`;
          if (cli.json) answer(cli, said, signedInShape.encode(done));
          else print(cli.terminal, said);
        } catch (error) {
          came.answer(400, 'The sign-in failed. The command says why.');
          throw error;
        }
      } finally {
        server.close();
        await reached.close();
      }
    });
}

/** Only this machine can come in. Throws where the port is in use. */
async function listen(redirectUri: string | undefined): Promise<Server> {
  const url = redirectUri === undefined ? null : URL.parse(redirectUri);
  const isLoopback = url?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (redirectUri !== undefined && !isLoopback)
    throw new UsageError(
      `--redirect-uri is "${redirectUri}": it must be an address on this machine such as http://127.0.0.1:8432/callback.`,
    );
  const port = url ? Number(url.port || 80) : 0;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, url?.hostname === '[::1]' ? '::1' : '127.0.0.1', resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`Cannot listen on port ${port} (${error.code}): use another --redirect-uri.`);
  });
  return server;
}

/** The first answer with the state of the link. Others are turned away, and end nothing. Throws when the wait is over. */
async function comesBack(
  cli: Cli,
  server: Server,
  { address, state }: { address: string; state: string },
): Promise<Came> {
  const { promise, resolve, reject } = Promise.withResolvers<Came>();
  const take = (url: URL, answer: Came['answer']) => {
    const given = Object.fromEntries(url.searchParams);
    if (url.pathname !== new URL(address).pathname || given['state'] !== state)
      return answer(400, 'This is not the answer to the sign-in under way.');
    if (given['code']) return resolve({ code: given['code'], state, answer });
    answer(400, 'The vendor refused the sign-in. The command says why.');
    const why = /^[\w.-]{1,60}$/.exec(given['error'] ?? '')?.[0] ?? 'no code';
    reject(new CommandError(`The vendor refused the sign-in: ${why}.`));
  };
  server.on('request', ({ url = '/', method }, response) => {
    if (method === 'GET') return take(new URL(url, address), answerer(response));
    answerer(response)(405, 'Only GET is known here.');
  });
  const over = new AbortController();
  const lines = pasted(cli, (url) => take(url, (_status, text) => printError(cli.terminal, `${text}`)));
  void cli.clock.sleep(waitMs, over.signal).then(() => {
    reject(new CommandError(`Nobody signed in within ${waitMs / 60_000} minutes. Run the command again.`));
  });
  try {
    return await promise;
  } finally {
    over.abort();
    lines?.close();
  }
}

function answerer(response: ServerResponse): Came['answer'] {
  return (status, text) => {
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      connection: 'close',
      'cache-control': 'no-store',
    };
    response.writeHead(status, headers).end(`${text}\n`);
  };
}

/** Where a person sits at the terminal, the address of a browser elsewhere can be pasted. */
function pasted({ terminal }: Cli, take: (url: URL) => void) {
  if (!terminal.errIsTerminal || process.stdin.isTTY !== true) return null;
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const url = URL.parse(line.trim());
    if (url) take(url);
  });
  return lines;
}

/** The link is printed whatever becomes of this. */
function openBrowser(url: string): void {
  const [command, args] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
        : ['xdg-open', [url]];
  const child = spawn(command as string, args as string[], { stdio: 'ignore', detached: true });
  child.once('error', () => {});
  child.unref();
}

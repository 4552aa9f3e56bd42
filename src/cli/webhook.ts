// `tributary webhooks setup`: all that a person needs to set up the webhooks of a source at its vendor, and a request to try
// them.

import type { Command } from 'commander';
import {
  type Header,
  type Webhook,
  type WebhookTest,
  webhookShape,
  webhookTestShape,
} from '../contract/webhook.ts';
import { iso } from '../words.ts';
import { answer, type Cli } from './cli.ts';
import { exitCodes } from './errors.ts';
import { countsText } from './inbox.ts';
import { type Reached, reach } from './reach.ts';
import { print } from './terminal.ts';

export function defineWebhook(command: Command, cli: Cli): void {
  command
    .argument('<source>', 'the name of a source; "destination" for its own webhooks')
    .option(
      '--send',
      'send a sample to the webhook endpoint, signed as the vendor would sign it, and print the result',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ tributary webhooks setup hubspot
  $ tributary webhooks setup hubspot --send

Secrets are not printed: {secret} stands for the value in your settings. Exit code 1: the sample was refused or
could not be read.`,
    )
    .action(async (source: string, { send }: { send?: true }) => {
      const reached = await reach(cli, { work: send === true });
      try {
        const path = { source };
        if (send) {
          const tried = await reached.client.send(
            webhookTestShape,
            'post',
            '/api/sources/{source}/webhook/test',
            { path },
          );
          cli.exitCode = isWell(tried) ? exitCodes.success : exitCodes.failed;
          if (cli.json)
            answer(
              cli,
              `The sample ${isWell(tried) ? 'was accepted' : 'was not accepted'}.`,
              webhookTestShape.encode(tried),
            );
          else print(cli.terminal, triedText(source, tried, reached.isHere));
          return;
        }
        const webhook = await withAddress(
          cli,
          reached,
          await reached.client.send(webhookShape, 'get', '/api/sources/{source}/webhook', { path }),
        );
        if (cli.json)
          answer(
            cli,
            `Webhooks of ${source} ${webhook.configured ? 'are' : 'are not'} configured.`,
            webhookShape.encode(webhook),
          );
        else print(cli.terminal, webhookText(webhook));
      } finally {
        await reached.close();
      }
    });
}

/** Where nothing is served now, the address is the one that a server would have. */
async function withAddress(cli: Cli, { isHere }: Reached, webhook: Webhook): Promise<Webhook> {
  if (webhook.isPublic || !isHere) return webhook;
  const { host, port } = await cli.deps.readEnvironment();
  return { ...webhook, url: `http://${host}:${port}${webhook.path}` };
}

function webhookText(webhook: Webhook): string {
  const { source, connector, url, isPublic, recipe } = webhook;
  const headers = (list: readonly Header[]) => list.map(({ name, value }) => `${name}: ${value}`);
  const method = recipe?.method ?? 'POST';
  return [
    `Webhooks of ${source} (${connector})`,
    ...(webhook.configured ? [] : ['', `Not configured, so every request is refused: ${webhook.missing}`]),
    ...block('Address', [
      `${method} ${url}`,
      ...(isPublic
        ? []
        : ['publicUrl is not set: this is the address on this machine, which vendors may not reach.']),
    ]),
    ...block('A request is accepted with', webhook.authentication),
    ...block('And', webhook.checks),
    ...block('Headers to set', headers(webhook.headers)),
    ...block('Besides', webhook.handshake),
    ...block('At the vendor', webhook.notes),
    ...(recipe ? block(`What to paste: ${recipe.where}`, recipe.body.split('\n')) : []),
    ...block('Subscription at the vendor', subscriptionTexts(webhook)),
    ...block(
      'Refused of late',
      webhook.refusals.map(
        ({ count, status, reason, lastAt }) => `${count} times ${status}, last at ${iso(lastAt)}: ${reason}`,
      ),
    ),
  ].join('\n');
}

function subscriptionTexts({ subscription }: Webhook): string[] {
  if (!subscription) return [];
  const { expiresAt, fault } = subscription;
  return [
    expiresAt === null ? 'It is not granted yet.' : `It expires at ${iso(expiresAt)}, and is renewed before.`,
    ...(fault === null ? [] : [`It could not be renewed, and is attempted again: ${fault}`]),
  ];
}

function block(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function isWell({ status, request }: WebhookTest): boolean {
  if (status === null || status < 200 || status > 299) return false;
  return request === null || (request.state === 'opened' && request.counts?.unreadable === 0);
}

function triedText(source: string, tried: WebhookTest, isHere: boolean): string {
  const { sent, reason, url, status, answer, request } = tried;
  if (!sent) return `Nothing was sent to ${source}: ${reason}`;
  const where = isHere ? 'this process, as no server is running' : 'the server itself';
  const lines = [
    `Sent to the webhook endpoint inside ${where}, as a request to ${url}: answered ${status}${answer ? ` ${answer}` : ''}`,
    'The request did not pass through your network or a proxy. Whether the vendor can reach that address was not tested.',
  ];
  if (status !== null && status >= 300) return [...lines, 'It was refused.'].join('\n');
  if (request === null) return [...lines, 'It was accepted, and nothing in it is stored.'].join('\n');
  const { id, state, error, counts } = request;
  const came =
    state === 'opened' && counts
      ? `Opened: ${countsText(counts)}${error === null ? '.' : `: ${error}`}`
      : state === 'dead'
        ? `It could not be read: ${error}`
        : 'It is stored, but was not opened within five seconds.';
  return [...lines, `Stored as request ${id} in the inbox.`, came].join('\n');
}

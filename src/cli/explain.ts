// `tributary explain`: why a customer is as it is, field by field, in sentences.

import type { Command } from 'commander';
import { explanationShape } from '../contract/explanation.ts';
import type { Cli } from './cli.ts';
import { reach } from './reach.ts';
import { print, printAnswer, wrapped } from './terminal.ts';

export function addExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description('Show where each value of a customer comes from, and why other values lost.')
    .argument('<id>', 'a source ID, else the ID of a record, else an e-mail address')
    .option('--field <field>', 'only this field')
    .option('--json', 'print the reasons as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary explain 951
  $ tributary explain anna@example.com --field email`,
    )
    .action(async (id: string, { field, json }: { field?: string; json?: true }) => {
      const reached = await reach(cli, { work: false });
      try {
        const path = `/api/customers/${encodeURIComponent(id)}/explain`;
        const found = await reached.client.send(explanationShape, path, { query: { field } });
        if (json) return printAnswer(cli.terminal, explanationShape, found);
        const paragraphs = found.fields.map(({ sentences }) => sentences.join(' '));
        const whole = field === undefined || paragraphs.length === 0 ? [found.sentences.join(' ')] : [];
        const texts = [...whole, ...paragraphs].map((text) => wrapped(text, cli.terminal.columns));
        print(cli.terminal, texts.join('\n\n'));
      } finally {
        await reached.close();
      }
    });
}

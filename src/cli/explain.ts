// `tributary customers explain`: why a customer is as it is, field by field, in sentences.

import type { Command } from 'commander';
import { explanationShape } from '../contract/explanation.ts';
import { answer, type Cli } from './cli.ts';
import { reach } from './reach.ts';
import { print, wrapped } from './terminal.ts';

export function defineExplain(command: Command, cli: Cli): void {
  command
    .argument('<id>', 'a source ID, else the ID of a record, else an e-mail address')
    .option('--field <field>', 'only this field, or this attribute that is written back')
    .addHelpText(
      'after',
      `
Examples:
  $ tributary customers explain 951
  $ tributary customers explain anna@example.com --field email
  $ tributary customers explain 951 --field loyalty_points`,
    )
    .action(async (id: string, { field }: { field?: string }) => {
      const reached = await reach(cli, { work: false });
      try {
        const found = await reached.client.send(
          explanationShape,
          'get',
          '/api/customers/{sourceId}/explain',
          {
            path: { sourceId: id },
            query: { field },
          },
        );
        if (cli.json) return answer(cli, found.sentences.join(' '), explanationShape.encode(found));
        const paragraphs = found.fields.map(({ sentences }) => sentences.join(' '));
        const isOfField = paragraphs.length + found.writeBacks.length > 0;
        const whole = field === undefined || !isOfField ? [found.sentences.join(' ')] : [];
        // Of one attribute alone the whole is told too: why it waits is said there.
        const flowing = found.writeBacks.map(({ sentences, attributes }) =>
          [...sentences, ...attributes.flatMap((attribute) => attribute.sentences)].join(' '),
        );
        const texts = [...whole, ...paragraphs, ...flowing].map((text) =>
          wrapped(text, cli.terminal.columns),
        );
        print(cli.terminal, texts.join('\n\n'));
      } finally {
        await reached.close();
      }
    });
}

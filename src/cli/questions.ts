// Questions to a person at a terminal.
import type { Cli } from './cli.ts';
import { CommandError, UsageError } from './errors.ts';

export interface Questions {
  /** At least one of them. */
  choose(what: string, from: readonly string[]): Promise<string[]>;
  /** Empty: nothing was typed. `hidden`: what is typed is not shown. */
  ask(what: string, options: { hidden: boolean; optional: boolean; example?: string }): Promise<string>;
  confirm(what: string): Promise<boolean>;
}

/** Null where nobody can answer. */
export function questionsOf({ terminal }: Cli): Questions | null {
  if (!terminal.errIsTerminal || process.stdin.isTTY !== true) return null;
  const context = { output: process.stderr };
  const asked = async <Answer>(
    ask: (prompts: typeof import('@inquirer/prompts')) => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      return await ask(await import('@inquirer/prompts'));
    } catch (error) {
      // Ctrl-C.
      if ((error as Error).name === 'ExitPromptError') throw new CommandError('Nothing was done.');
      throw error;
    }
  };
  return {
    choose: (message, from) =>
      asked(({ checkbox }) =>
        checkbox(
          { message, choices: from.map((value) => ({ value })), required: true, pageSize: 15 },
          context,
        ),
      ),
    ask: (message, { hidden, optional, example }) =>
      asked(async ({ input, password }) => {
        const validate = (text: string) =>
          optional || text.trim() !== '' || 'This is required; Ctrl-C leaves without writing anything.';
        const shown = example === undefined ? message : `${message} (such as ${example})`;
        const typed = hidden
          ? await password({ message, mask: '*', validate }, context)
          : await input({ message: shown, validate }, context);
        return typed.trim();
      }),
    confirm: (message) => asked(({ confirm }) => confirm({ message, default: true }, context)),
  };
}

/** Throws where nobody can answer. `instead`: what to give in its place. */
export function answerable(questions: Questions | null, instead: string): Questions {
  if (questions === null) throw new UsageError(`There is no terminal to ask at: ${instead}`);
  return questions;
}

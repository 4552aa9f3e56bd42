// The command line itself: names, global options, the envelope and exit codes. No command here opens a database.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenCommand, commands } from '../../src/cli/commands.ts';
import { cliDeps } from '../../src/cli/deps.ts';
import { CommandError, classify, exitCodes, UsageError } from '../../src/cli/errors.ts';
import { addGlobals, applyGlobals } from '../../src/cli/globals.ts';
import { Progress, table } from '../../src/cli/terminal.ts';
import { ConfigError } from '../../src/config/faults.ts';
import { runCommand } from '../support/run-command.ts';

const root = resolve(import.meta.dirname, '../..');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-program-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tributary = (...args: string[]) => runCommand(folder, args);

describe('the names of commands', () => {
  it.each([
    [['runs', 'show', '12'], 'runs show', 'runs show'],
    [['runs'], 'runs list', 'runs list'],
    [['runs', '--limit', '5'], 'runs list', 'runs list'],
    [['--config', 'x.json', '--json', 'explain', '951'], 'customers explain', 'explain'],
    [['help', 'pin'], 'customers pin', 'pin'],
    [['sync', 'runs'], 'sync', 'sync'],
  ])('%j is %s', (args, path, calledBy) => {
    const chosen = chosenCommand(args);
    expect({ path: chosen?.entry.path, calledBy: chosen?.calledBy }).toEqual({ path, calledBy });
  });

  it.each([[[]], [['--help']], [['runs', 'lst']], [['bogus']], [['connector']]])('%j is none', (args) => {
    expect(chosenCommand(args)).toBeNull();
  });

  it('are used once each, and an earlier name is that of no group', () => {
    const names = commands.flatMap(({ path, alias = [] }) => [path, alias].flat());
    expect(new Set(names).size).toBe(names.length);
    const groups = new Set(
      commands.filter(({ path }) => path.includes(' ')).map(({ path }) => path.split(' ')[0]),
    );
    expect(commands.filter(({ alias }) => groups.has(alias))).toEqual([]);
  });

  it('that are misspelt are suggested, below a group too', async () => {
    expect(await tributary('runs', 'lst')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/unknown command 'lst'\n\(Did you mean list\?\)/),
    });
  });

  it('that were used earlier say what they are called now', async () => {
    const { out } = await tributary('explain', '--help');
    expect(out.replaceAll(/\s+/g, ' ')).toContain('Now called "tributary customers explain"');
    expect((await tributary('--help')).out).not.toMatch(/^ {2}explain/m);
  });
});

describe('every command', () => {
  it.each(commands.map((entry) => [entry.path, entry] as const))('%s has examples', async (path, entry) => {
    const command = new Command();
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    (await entry.load())(command, {} as never);
    command.outputHelp();
    expect(help).toMatch(new RegExp(`\\$ (?:\\w+=\\S+ )*tributary ${path}`));
    const taken = command.options
      .map(({ long }) => long)
      .filter((long) => /^--(url|token|json|quiet)$/.test(long!));
    expect(taken).toEqual([]);
  });
});

describe('--json', () => {
  it('prints one object with five keys, for wrong usage too, and nothing else', async () => {
    const { exitCode, out, err } = await tributary('stauts', '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(out)).toEqual({
      command: '',
      ok: false,
      summary: expect.stringContaining("unknown command 'stauts'"),
      result: null,
      error: { code: 'usage', message: expect.stringContaining("unknown command 'stauts'") },
    });
    expect(err).toContain("unknown command 'stauts'");
  });

  it('says that no command was given', async () => {
    const { exitCode, out, err } = await tributary('--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      error: { message: expect.stringMatching(/^No command was given/) },
    });
    expect(err).toContain('Usage: tributary');
  });

  it('says that a group was given no command', async () => {
    const { exitCode, out } = await tributary('receipts', '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      error: { code: 'usage', message: expect.stringMatching(/^No command was given/) },
    });
  });

  it('gives the help and the version as results', async () => {
    expect(JSON.parse((await tributary('--json', '--version')).out)).toMatchObject({
      ok: true,
      result: { text: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) },
      error: null,
    });
    expect(JSON.parse((await tributary('runs', 'show', '--help', '--json')).out)).toMatchObject({
      command: 'runs show',
      result: { text: expect.stringContaining('Usage: tributary runs show') },
    });
  });

  it('lists the faults of a configuration, which --config names', async () => {
    const file = join(folder, 'wrong.json');
    writeFileSync(file, '{ "sources": { "crm": { "connector": "hubspt" } } }');
    for (const args of [
      ['--config', file, 'check', '--json'],
      ['check', '--json', '--config', file],
    ]) {
      const { exitCode, out } = await tributary(...args);
      expect(exitCode).toBe(2);
      expect(JSON.parse(out)).toMatchObject({
        command: 'check',
        summary: `The configuration ${file} has 2 faults.`,
        error: {
          code: 'configuration',
          faults: expect.arrayContaining([expect.objectContaining({ path: 'sources.crm.connector' })]),
        },
      });
    }
  });

  it('says which server --url and --token name', async () => {
    const at = ['--url', 'http://127.0.0.1:9', '--token', 'a-token-of-16-or-more'];
    const { exitCode, out } = await tributary('status', ...at, '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      command: 'status',
      ok: false,
      error: {
        code: 'failed',
        message: expect.stringMatching(/^Cannot reach Tributary at http:\/\/127\.0\.0\.1:9/),
      },
    });
  });
});

describe('options of every command', () => {
  it('leave a command its own option of the same name', async () => {
    const [now, next] = [join(folder, 'now.json'), join(folder, 'next.json')];
    const { exitCode, err } = await tributary('--config', now, 'preview', '--config', next);
    expect(exitCode).toBe(2);
    expect(err).toContain(`${next}\n    found:   no such file`);
    expect((await tributary('--config', now, 'preview')).err).toMatch(/required option '--config <file>'/);
  });

  it('reach the command that runs, before and after its name, and none of its own options', async () => {
    const sink = new PassThrough();
    const terminal = {
      out: sink,
      err: sink,
      outIsTerminal: true,
      errIsTerminal: true,
      colors: true,
      columns: 80,
    };
    for (const args of [
      ['--no-color', '--quiet', 'run', '--limit', '5'],
      ['run', '--limit', '5', '--quiet', '--no-color'],
    ]) {
      const cli = { terminal: { ...terminal }, deps: cliDeps };
      let given: unknown;
      const program = new Command('tributary').enablePositionalOptions();
      const leaf = program.command('run').option('--limit <n>');
      leaf.action((options: unknown) => {
        given = options;
      });
      for (const command of [program, leaf]) addGlobals(command);
      await program
        .hook('preAction', (_root, action) => applyGlobals(action, cli))
        .parseAsync(args, { from: 'user' });
      expect(JSON.stringify(given)).toBe('{"limit":"5"}');
      expect(cli.terminal.colors).toBe(false);
      cli.terminal.err.write('a note');
      expect(sink.read()).toBeNull();
    }
  });
});

describe('an exit code', () => {
  it.each([
    [new CommandError('It failed.'), 1, 'failed'],
    [new UsageError('Not so.'), 2, 'usage'],
    [new CommandError('It differs.', exitCodes.differs), 3, 'differs'],
    [new CommandError('There is none.', exitCodes.notFound), 4, 'not_found'],
    [new ConfigError('x.json', []), 2, 'configuration'],
    [new TypeError('x is not a function'), 1, 'defect'],
  ])('of %s is %i', (error, exitCode, code) => {
    expect(classify(error)).toMatchObject({ exitCode, code });
  });

  it.each([
    ['EACCES', 'open', 'Cannot open /etc/x: this user may not do that.'],
    ['EROFS', 'mkdir', 'Cannot create /etc/x: the file system is read-only.'],
    ['ENOSPC', 'write', 'Cannot write /etc/x: the disk is full.'],
  ])('of %s is 1: the file is named, and it is no defect', (code, syscall, sentence) => {
    const error = Object.assign(new Error(`${code}: …`), { code, syscall, path: '/etc/x' });
    const failure = classify(error)!;
    expect(failure).toMatchObject({ exitCode: 1, code: 'failed' });
    expect(failure.message).toContain(sentence);
  });

  it('of a program that cannot be started is a defect all the same', () => {
    const error = Object.assign(new Error('spawn x ENOENT'), {
      code: 'ENOENT',
      syscall: 'spawn x',
      path: 'x',
    });
    expect(classify(error)).toMatchObject({ code: 'defect' });
  });

  it('is 0 where nobody reads the output any more', () => {
    expect(classify(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).toBeNull();
  });
});

describe('a table', () => {
  it('is aligned by what a terminal shows, wide characters included', () => {
    expect(
      table(
        ['NAME', 'ID'],
        [
          ['山田太郎', '1'],
          ['👩‍👩‍👧 Ann', '2'],
          ['Zoë', '3'],
        ],
      ),
    ).toBe(['NAME      ID', '山田太郎  1', '👩‍👩‍👧 Ann    2', 'Zoë       3'].join('\n'));
  });

  it('has a bar only on a terminal and where there is a total', () => {
    const shown = (errIsTerminal: boolean, share: number | null) => {
      let text = '';
      const err = { write: (chunk: string) => (text += chunk) } as never;
      const terminal = { out: err, err, outIsTerminal: false, errIsTerminal, colors: false, columns: 60 };
      new Progress(terminal).show('reads', share, 0);
      return text;
    };
    expect(shown(true, 0.5)).toContain('[##########----------]  50 % reads');
    expect(shown(true, null)).toBe('\r\x1b[Kreads');
    expect(shown(false, 0.5)).toBe('reads\n');
  });
});

describe('completion', () => {
  const scriptOf = async (shell: string) => (await tributary('completion', shell)).out;

  it('of bash completes commands, those of a group, earlier names, and options', async () => {
    const file = join(folder, 'completion.bash');
    writeFileSync(file, await scriptOf('bash'));
    const typed = [
      'ru',
      'runs|',
      'runs|list|--so',
      'explain|951|--fi',
      '--qui',
      'sync|hubspot|--dry',
      'holds|l',
    ];
    const script = `source ${file}
      for line in ${typed.map((line) => `'${line}'`).join(' ')}; do
        IFS='|' read -ra words <<< "$line"
        [[ $line == *'|' ]] && words+=('')
        COMP_WORDS=(tributary "\${words[@]}"); COMP_CWORD=\${#words[@]}
        _tributary; echo "\${COMPREPLY[*]}"
      done`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'runs',
      'list show cancel',
      '--source',
      '--field',
      '--quiet',
      '--dry-run',
      'list',
    ]);
  });

  it('completes the name of a source where one can stand, as the configuration has it', async () => {
    const configPath = join(folder, 'completed.config.json');
    writeFileSync(configPath, '{ "sources": { "crm": {}, "shop": {} } }');
    expect(await tributary('completion', '--sources', '--config', configPath)).toMatchObject({
      exitCode: 0,
      out: 'crm\nshop\n',
    });
    const file = join(folder, 'completion.bash');
    writeFileSync(file, await scriptOf('bash'));
    const script = `source ${file}
      tributary() { echo crm; echo shop; }
      for line in 'sources|pause|' 'sync|s' 'runs|list|--source|' 'pause|c' 'customers|show|'; do
        IFS='|' read -ra words <<< "$line"
        [[ $line == *'|' ]] && words+=('')
        COMP_WORDS=(tributary "\${words[@]}"); COMP_CWORD=\${#words[@]}
        _tributary; echo "\${COMPREPLY[*]}"
      done`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.split('\n').slice(0, 5)).toEqual(['crm shop', 'shop', 'crm shop', 'crm', '']);
  });

  it('of zsh and fish names every command with what it does', async () => {
    const [zsh, fish] = [await scriptOf('zsh'), await scriptOf('fish')];
    expect(zsh).toMatch(/^#compdef tributary\n/);
    for (const { path, summary } of commands) {
      const word = path.split(' ').at(-1)!;
      if (path.includes(' ')) expect(zsh).toContain(`'${word}:${summary.replaceAll("'", "'\\''")}'`);
      expect(fish).toContain(`-a ${word} -d '`);
    }
    expect(fish).toContain(
      "-n '__fish_seen_subcommand_from runs; and __fish_seen_subcommand_from list' -l source",
    );
  });

  it('of another shell is wrong usage', async () => {
    expect(await tributary('completion', 'tcsh')).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/Allowed choices are bash, zsh, fish/),
    });
  });
});

describe('the help', () => {
  /** What a process loads of our own files and of packages for a command line, and the CPU that it takes. */
  function loadedBy(...args: string[]): { files: string[]; cpuMs: number } {
    const script = `
      import { registerHooks } from 'node:module';
      const files = [];
      registerHooks({ load: (url, context, next) => { if (url.startsWith('file:')) files.push(url); return next(url, context); } });
      process.on('exit', () => {
        const { user, system } = process.cpuUsage();
        console.error(JSON.stringify({ files, cpuMs: (user + system) / 1000 }));
      });`;
    const preload = `data:text/javascript,${encodeURIComponent(script)}`;
    const { stderr } = spawnSync(
      process.execPath,
      ['--import', preload, join(root, 'src/main.ts'), ...args],
      {
        cwd: folder,
        encoding: 'utf8',
      },
    );
    const { files, cpuMs } = JSON.parse(stderr.trim().split('\n').at(-1)!) as {
      files: string[];
      cpuMs: number;
    };
    return { files: files.map((file) => file.replace(`file://${root}/`, '')), cpuMs };
  }

  it('loads the names of commands and none of their modules, no database, no shapes, no connector', () => {
    const { files } = loadedBy('--help');
    expect(files.filter((file) => file.startsWith('src/')).toSorted()).toEqual([
      'src/cli/commands.ts',
      'src/cli/deps.ts',
      'src/cli/envelope.ts',
      'src/cli/errors.ts',
      'src/cli/globals.ts',
      'src/cli/program.ts',
      'src/cli/terminal.ts',
      'src/cli/text-width.ts',
      'src/engine/clock.ts',
      'src/engine/log/output-health.ts',
      'src/main.ts',
    ]);
    const packages = new Set(files.map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]));
    packages.delete(undefined);
    expect([...packages]).toEqual(['commander']);
  });

  it('of one command loads that command, and no database or connector', () => {
    const { files } = loadedBy('runs', 'show', '--help');
    expect(files).toContain('src/cli/runs.ts');
    expect(files).not.toContain('src/cli/start.ts');
    expect(files.filter((file) => /^connectors|drizzle|pglite|^src\/(app|sync|web)/.test(file))).toEqual([]);
  });
});

/** `fedimg config import`: converts the configuration of the old fedimg. */

import { access, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { LegacyConfigError, noteText, type ImportNote } from '../../config/legacy/errors.js';
import { importLegacy, type Imported, type TestScript } from '../../config/legacy/import.js';
import { LEGACY_BYTES_MAX } from '../../config/legacy/legacy-file.js';
import { printable, printableAscii } from '../../model/printable.js';
import { shellQuoted } from '../shared/again.js';
import { finish, withHelp } from '../shared/command-help.js';
import { EXIT, type ExitCode } from '../shared/exit-codes.js';
import { globalOptions, outputFormat, terminalOf } from '../shared/options.js';
import { CommandError, usageError } from '../shared/problem.js';
import { inputName, readInput } from '../shared/read-input.js';
import type { Terminal } from '../view/terminal.js';

interface ImportCommandOptions {
  readonly to?: string;
  readonly testScript?: string;
  readonly force?: boolean;
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('convert the configuration of the old fedimg (0.3 to 2.4)')
    .argument('<file>', '/etc/fedimg.cfg or fedimg-conf.toml; - reads it from standard input')
    .option(
      '--to <file>',
      'write it to this file, and the test script beside it (default: to stdout)',
    )
    .option('--test-script <file>', 'use this script instead of the old test command')
    .option('--force', 'overwrite the file of --to, but never a script');
  withHelp(command, {
    examples: [
      'fedimg config import /etc/fedimg.cfg --to fedimg.toml',
      'fedimg config import /etc/fedimg.cfg -o json | jq .notes',
      'fedimg config import /etc/fedimg/fedimg-conf.toml --test-script tests/smoke.sh',
    ],
    notes:
      'For each key that it changes or drops, it prints a line on stderr: why, and what to do. It does not copy secrets.\nThe new configuration has been checked by loading it. If you must decide something first, it exits with code 2.',
  });
  command.action(async (file: string, options: ImportCommandOptions) => {
    finish(await run(command, file, options));
  });
  return command;
}

async function run(
  command: Command,
  file: string,
  options: ImportCommandOptions,
): Promise<ExitCode> {
  const format = formatOf(command);
  const terminal = terminalOf(command);
  const { testScript, to } = options;
  const bytes = await readInput(file, {
    what: 'an old configuration',
    next: 'Name the file that the old fedimg read: /etc/fedimg.cfg or /etc/fedimg/fedimg-conf.toml.',
    bytesMax: LEGACY_BYTES_MAX,
  });
  const imported = await importOrExplain(terminal, inputName(file), bytes, testScript);
  printNotes(terminal, inputName(file), imported.notes);
  if (to !== undefined) await writeImported(to, imported, options.force === true);
  if (format === 'json') terminal.result(JSON.stringify(imported, null, 2));
  else if (to === undefined) terminal.result(imported.toml.trimEnd());
  noteEnd(terminal, imported, to);
  return EXIT.done;
}

/** `--output` is a format here, too: a file name in it gets advice. */
function formatOf(command: Command): 'table' | 'json' {
  const { output } = globalOptions(command);
  if (output !== undefined && /[./]/.test(output)) {
    throw usageError(`--output ${output} is not a format`, `To write a file, use --to ${output}`);
  }
  return outputFormat(command, ['table', 'json']) === 'json' ? 'json' : 'table';
}

async function importOrExplain(
  terminal: Terminal,
  name: string,
  bytes: Buffer,
  testScript: string | undefined,
): Promise<Imported> {
  try {
    const absolute = testScript === undefined ? undefined : path.resolve(testScript);
    return await importLegacy(bytes, { testScript: absolute });
  } catch (error) {
    if (!(error instanceof LegacyConfigError)) throw error;
    printNotes(terminal, name, error.notes);
    const what = `${name} ${error.message}`;
    throw new CommandError({ what, next: error.next, exitCode: EXIT.usage }, { cause: error });
  }
}

function printNotes(terminal: Terminal, name: string, notes: readonly ImportNote[]): void {
  for (const note of notes) {
    terminal.note(printable(`${printableAscii(name)}:${note.line}: ${noteText(note)}`));
  }
}

/** Writes the script first, so that a configuration never names a missing one. */
async function writeImported(
  to: string,
  { toml, script }: Imported,
  force: boolean,
): Promise<void> {
  if (!force && (await exists(to)))
    throw inTheWay(to, 'Name another file, or overwrite it with --force');
  const beside = script === null ? undefined : path.join(path.dirname(to), script.name);
  try {
    if (script !== null && beside !== undefined) await writeScript(beside, script);
    await writeFile(to, toml, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { message } = error as Error;
    throw new CommandError(
      {
        what: `the configuration cannot be written: ${message}`,
        next: 'Name a file in a folder that exists and is writable.',
        exitCode: EXIT.usage,
      },
      { cause: error },
    );
  }
}

/** Keeps an existing script that differs: the operator may have made a real test of it. */
async function writeScript(file: string, { text }: TestScript): Promise<void> {
  if (!(await exists(file))) return writeFile(file, text, { flag: 'wx', mode: 0o755 });
  if ((await readFile(file, 'utf8')) === text) return;
  throw inTheWay(file, `To use the existing script: --test-script ${shellQuoted(file)}`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function inTheWay(file: string, next: string): CommandError {
  return usageError(`${file} exists already, so no file was written`, next);
}

function noteEnd(terminal: Terminal, { script, notes }: Imported, to: string | undefined): void {
  const count = `${notes.length} ${notes.length === 1 ? 'note' : 'notes'}`;
  if (to !== undefined) {
    const beside = script === null ? '' : ` and ${path.join(path.dirname(to), script.name)}`;
    return terminal.note(printable(`Written: ${to}${beside}; ${count}.`));
  }
  terminal.note(`${count}. The configuration loads.`);
  if (script === null) return;
  const lines = script.text.trimEnd().split('\n').map(shellQuoted).join(' ');
  terminal.note(
    `The configuration needs ${script.name} beside it. Write both with --to FILE, or write the script with:`,
  );
  terminal.note(`  printf '%s\\n' ${lines} > ${script.name}`);
}

/** `fedimg completion`: the completion script of a shell, made from the definitions of the commands. */

import { Argument, Command } from 'commander';
import { packageVersion } from '../package-version.js';
import { bashCompletion } from './completion/bash.js';
import { fishCompletion } from './completion/fish.js';
import { zshCompletion } from './completion/zsh.js';
import { commandShape, type CommandShape } from './shared/command-shape.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT } from './shared/exit-codes.js';
import { terminalOf } from './shared/options.js';

const SCRIPTS: Readonly<Record<string, (program: CommandShape) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** Made with what loads the program with all commands, which the script describes. */
export function createCommand(wholeProgram: (version: string) => Promise<Command>): Command {
  const shell = new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS));
  const command = new Command('completion').addArgument(shell);
  withHelp(command, {
    examples: [
      'source <(fedimg completion bash)',
      'fedimg completion bash >~/.local/share/bash-completion/completions/fedimg',
      'fedimg completion zsh >"${fpath[1]}/_fedimg"',
      'fedimg completion fish >~/.config/fish/completions/fedimg.fish',
    ],
    notes:
      'The script knows the commands, options and values of this version: write it again after an upgrade.',
  });
  command.action(async (name: string) => {
    const program = commandShape(await wholeProgram(packageVersion()));
    terminalOf(command).result(SCRIPTS[name]?.(program).trimEnd() ?? '');
    finish(EXIT.done);
  });
  return command;
}

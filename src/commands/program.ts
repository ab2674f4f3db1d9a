/** The command line: the list of all commands. Only the one that runs is loaded. */

import { Command, type CommanderError } from 'commander';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './shared/exit-codes.js';
import { printable } from '../model/printable.js';
import { redacted } from '../model/redact.js';
import { addGlobalOptions } from './shared/options.js';
import type { Problem } from './shared/problem.js';

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ createCommand(): Command }>;
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  demo: {
    summary:
      'publish a sample compose on this machine, from message to public AMIs, then stop everything',
    load: () => import('./demo.js'),
  },
  dev: {
    summary: 'start the same stack and leave it running: Temporal, a local EC2/SSM and a worker',
    load: () => import('./dev.js'),
  },
  sample: {
    summary: 'write a sample compose with its message, and serve it for `fedimg dev`',
    load: () => import('./sample.js'),
  },
  worker: {
    summary: 'run the worker, with TEMPORAL_* and the AWS settings of the environment',
    load: () => import('./worker.js'),
  },
  compose: {
    summary: "signal: send a compose's status message",
    load: () => import('./compose.js'),
  },
  listen: {
    summary: 'start a publication for each compose that the message broker reports',
    load: () => import('./listen.js'),
  },
  health: {
    summary: 'ask a worker, listener or dashboard of this machine whether it works',
    load: () => import('./health.js'),
  },
  plan: {
    summary: 'show what a publication would make, where, against which quotas; writes nothing',
    load: () => import('./plan.js'),
  },
  publish: { summary: 'publish one image by hand', load: () => import('./publish.js') },
  status: {
    summary: 'show the status of a compose or an image, step by step and region by region',
    load: () => import('./status.js'),
  },
  amis: { summary: 'list the published AMIs', load: () => import('./amis.js') },
  dashboard: {
    summary: 'serve the web page of composes, images and AMIs',
    load: () => import('./dashboard.js'),
  },
  site: {
    summary: 'write the AMI catalogue as static files for any web server',
    load: () => import('./site.js'),
  },
  cancel: {
    summary: 'cancel a publication and remove what is not yet public',
    load: () => import('./cancel.js'),
  },
  retry: {
    summary: 'publish the regions that were left out, in a run under way or by a new one',
    load: () => import('./retry.js'),
  },
  skip: {
    summary: 'leave a region out of an image that is under way',
    load: () => import('./skip.js'),
  },
  approve: {
    summary: 'let an image go on that waits for its approval',
    load: () => import('./approve.js'),
  },
  pause: { summary: 'hold an image before its next step', load: () => import('./pause.js') },
  resume: { summary: 'let a paused image go on', load: () => import('./resume.js') },
  sweep: {
    summary: 'remove what terminated runs left; --dry-run only lists it',
    load: () => import('./sweep.js'),
  },
  doctor: {
    summary: 'check configuration, Temporal, AWS permissions, quotas, network and broker',
    load: () => import('./doctor.js'),
  },
  logs: { summary: 'show the log lines of one run', load: () => import('./logs.js') },
  notify: {
    summary: 'test: send a sample notification by webhook and e-mail',
    load: () => import('./notify.js'),
  },
  config: {
    summary: 'check, show, schema: the configuration; import: convert that of the old fedimg',
    load: () => import('./config.js'),
  },
  simulator: {
    summary: 'run only the local EC2/SSM endpoint',
    load: () => import('./simulator.js'),
  },
  completion: {
    summary: 'print the completion script for bash, zsh or fish',
    load: async () => {
      const { createCommand } = await import('./completion.js');
      return { createCommand: () => createCommand(createWholeProgram) };
    },
  },
};

const INTRODUCTION =
  "Publishes a distribution's cloud images as public AMIs in every EC2 region, durably.";
const EXAMPLES = `
Examples:
  fedimg demo                                     # see it work, without an AWS account
  fedimg dev                                      # a local stack to try things
  fedimg publish URL --arch x86_64 --watch        # one image, from its URL to its AMIs
  fedimg compose signal message.json              # a whole compose
  fedimg status @latest --watch
  fedimg amis --compose @latest -o json

${EXIT_CODES_HELP}

\`fedimg COMMAND --help\` explains one command.`;

/** The program for these arguments. Only the command that they name is loaded; the others are listed. */
export async function createProgram(argv: readonly string[], version: string): Promise<Command> {
  const wanted = wantedCommand(argv);
  return programWith((name) => name === wanted, argv, version);
}

/** The program with every command loaded, for what is made from the definitions: completion and the man page. */
export async function createWholeProgram(version: string): Promise<Command> {
  return programWith(() => true, [], version);
}

async function programWith(
  isLoaded: (name: string) => boolean,
  argv: readonly string[],
  version: string,
): Promise<Command> {
  const program = new Command('fedimg')
    .description(INTRODUCTION)
    .version(version, '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(fedimg --help lists all commands; fedimg COMMAND --help explains one)')
    .addHelpText('after', EXAMPLES)
    // Commander's errors quote the arguments unchanged. With -o json, `run-command-line.ts` prints them.
    .configureOutput(
      wantsJson(argv)
        ? { writeErr: () => undefined }
        : { outputError: (text, write) => write(printable(redacted(text))) },
    );
  addGlobalOptions(program);
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = isLoaded(name) ? (await entry.load()).createCommand() : new Command(name);
    program.addCommand(command.summary(entry.summary).description(entry.summary));
    inheritSettings(command, program);
  }
  throwInsteadOfExiting(program);
  return program;
}

/** `addCommand` does not pass the parent's settings on, as `command()` would. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheritSettings(child, command);
}

function throwInsteadOfExiting(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExiting(child);
}

const OPTIONS_WITH_VALUE = ['--config', '-o', '--output', '--color'];

/** The first word that is neither an option nor an option's value; after `help`, the second one. */
export function wantedCommand(argv: readonly string[]): string | undefined {
  const words = argv.filter(
    (word, index) => !word.startsWith('-') && !OPTIONS_WITH_VALUE.includes(argv[index - 1] ?? ''),
  );
  return words[0] === 'help' ? words[1] : words[0];
}

/** Whether errors are to be JSON: `-o json`, `-ojson`, `--output jsonl`, `--output=json`. */
export function wantsJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    const [, attached] = /^(?:-o=?|--output=)(.+)$/.exec(word) ?? [];
    const value = ['-o', '--output'].includes(argv[index - 1] ?? '') ? word : attached;
    return value === 'json' || value === 'jsonl';
  });
}

/** An error of commander as one of ours. */
export function usageProblem({ code, message }: CommanderError): Problem {
  const what = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '');
  const next = 'fedimg --help lists all commands; fedimg COMMAND --help explains one.';
  return { what: printable(redacted(what)), next, exitCode: EXIT.usage };
}

/** The exit code for an error whose message commander has printed. */
export function exitCodeOfUsage(error: CommanderError): ExitCode {
  // `fedimg` alone prints its help as an error.
  const shown = ['commander.helpDisplayed', 'commander.help', 'commander.version'];
  return shown.includes(error.code) && error.exitCode === 0 ? EXIT.done : EXIT.usage;
}

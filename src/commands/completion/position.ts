/** What the scripts of bash and zsh share: how they find the command that is typed, and what may follow. */

import type { CommandShape, OptionShape, ValueShape } from '../shared/command-shape.js';
import { allCommands } from '../shared/command-shape.js';

/** One place of a command line: behind a command, or behind an option that takes a value. */
export interface Place {
  /** The words of the command, as `config check`; empty for the program. */
  readonly path: string;
  readonly shape: CommandShape;
  /** Its own options and those of the program. */
  readonly options: readonly OptionShape[];
}

export function places(program: CommandShape): Place[] {
  return allCommands(program).map((shape) => ({
    path: shape.path.join(' '),
    shape,
    options: [...shape.options, ...shape.inherited, HELP],
  }));
}

const HELP: OptionShape = { short: '-h', long: '--help', description: 'explain the command' };

/** The names under which an option is typed. */
export function namesOf({ short, long }: OptionShape): string[] {
  return [...(short === undefined ? [] : [short]), long];
}

/** The options that take a value, each with its value. */
export function valued(
  options: readonly OptionShape[],
): { readonly names: string[]; readonly value: ValueShape }[] {
  return options.flatMap((option) =>
    option.value === undefined ? [] : [{ names: namesOf(option), value: option.value }],
  );
}

/** All names of options that take a value in some command: the word behind one is not a command. */
export function namesWithValue(program: CommandShape): string[] {
  const all = places(program).flatMap(({ options }) => valued(options));
  return [...new Set(all.flatMap(({ names }) => names))].sort();
}

/** In single quotes of a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The `case` branches that follow the typed words down to a command; `path` begins with a space for each word. */
export function pathPatterns(program: CommandShape): string {
  return allCommands(program)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `'${path.join(' ')}'`)
    .join('|');
}

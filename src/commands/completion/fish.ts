/** The completion script for fish. */

import type { CommandShape, ValueShape } from '../shared/command-shape.js';
import { allCommands } from '../shared/command-shape.js';
import type { Place } from './position.js';
import { namesWithValue, places } from './position.js';

export function fishCompletion(program: CommandShape): string {
  const paths = allCommands(program).flatMap(({ path }) =>
    path.length === 0 ? [] : [quoted(path.join(' '))],
  );
  return `# fish completion of fedimg; made by: fedimg completion fish
function __fedimg_place
    set -l place
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${namesWithValue(program).join(' ')}
                set skip 1
            case '-*'
            case '*'
                if contains -- (string join ' ' $place $word) ${paths.join(' ')}
                    set -a place $word
                end
        end
    end
    string join ' ' $place
end
function __fedimg_at
    test (__fedimg_place | string collect -a) = "$argv[1]"
end
complete -c fedimg -f
${places(program).flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, options, shape }: Place): string[] {
  const at = `complete -c fedimg -n ${quoted(`__fedimg_at ${quoted(path)}`)}`;
  const [argument] = shape.arguments;
  return [
    ...shape.commands.map(
      (child) => `${at} -a ${quoted(String(child.path.at(-1)))} -d ${quoted(child.summary)}`,
    ),
    ...(argument === undefined ? [] : argumentLines(at, argument, argument.description)),
    ...options.map(({ short, long, description, value }) =>
      [
        at,
        ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
        `-l ${long.slice(2)}`,
        ...(value === undefined ? [] : valueWords(value)),
        `-d ${quoted(description)}`,
      ].join(' '),
    ),
  ];
}

function argumentLines(at: string, { words, kind }: ValueShape, description: string): string[] {
  if (words.length > 0) return [`${at} -a ${quoted(words.join(' '))} -d ${quoted(description)}`];
  if (kind === 'other') return [];
  return [kind === 'folder' ? `${at} -a '(__fish_complete_directories)'` : `${at} -F`];
}

function valueWords({ words, kind }: ValueShape): string[] {
  if (words.length > 0) return ['-x', `-a ${quoted(words.join(' '))}`];
  if (kind === 'other') return ['-x'];
  return kind === 'folder' ? ['-x', "-a '(__fish_complete_directories)'"] : ['-r', '-F'];
}

/** In fish, a backslash is special within single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', ' ')}'`;
}

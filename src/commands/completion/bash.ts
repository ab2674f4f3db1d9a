/** The completion script for bash 4 and later; it needs no package beside bash. */

import type { CommandShape, ValueShape } from '../shared/command-shape.js';
import type { Place } from './position.js';
import { namesOf, namesWithValue, pathPatterns, places, quoted, valued } from './position.js';

export function bashCompletion(program: CommandShape): string {
  return `# bash completion of fedimg; made by: fedimg completion bash
_fedimg() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} path='' word i
  COMPREPLY=()
  # bash splits --option=value at the sign.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${namesWithValue(program).join('|')}) ((i++)) ;;
      -* | =) ;;
      *)
        case "\${path:+$path }$word" in
          ${pathPatterns(program)}) path="\${path:+$path }$word" ;;
        esac
        ;;
    esac
  done
  case "$path:$prev" in
${places(program).flatMap(valueBranches).join('\n')}
  esac
  case $path in
${places(program).map(wordBranch).join('\n')}
  esac
}
_fedimg_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_fedimg_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}
complete -F _fedimg fedimg
`;
}

function valueBranches({ path, options }: Place): string[] {
  return valued(options).map(({ names, value }) => {
    const patterns = names.map((name) => quoted(`${path}:${name}`)).join('|');
    return `    ${patterns}) ${completion(value)}; return ;;`;
  });
}

/** Options, once a dash is typed; else commands or the argument. */
function wordBranch({ path, options, shape }: Place): string {
  const names = options.flatMap(namesOf).join(' ');
  const [argument] = shape.arguments;
  const commands = shape.commands.map((child) => child.path.at(-1)).join(' ');
  const other =
    commands === ''
      ? argument === undefined
        ? ':'
        : completion(argument)
      : `_fedimg_words ${quoted(commands)}`;
  return `    ${quoted(path)}) if [[ $cur == -* ]]; then _fedimg_words ${quoted(names)}; else ${other}; fi ;;`;
}

function completion({ words, kind }: ValueShape): string {
  if (words.length > 0) return `_fedimg_words ${quoted(words.join(' '))}`;
  if (kind === 'other') return ':';
  return `_fedimg_files ${kind === 'folder' ? '-d' : '-f'}`;
}

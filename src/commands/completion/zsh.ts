/** The completion script for zsh. */

import type { CommandShape, ValueShape } from '../shared/command-shape.js';
import type { Place } from './position.js';
import { namesOf, namesWithValue, pathPatterns, places, quoted, valued } from './position.js';

export function zshCompletion(program: CommandShape): string {
  return `#compdef fedimg
# zsh completion of fedimg; made by: fedimg completion zsh
_fedimg() {
  local place='' word prev=\${words[CURRENT-1]}
  local -i i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    case $word in
      ${namesWithValue(program).join('|')}) ((i++)) ;;
      -*) ;;
      *)
        case "\${place:+$place }$word" in
          ${pathPatterns(program)}) place="\${place:+$place }$word" ;;
        esac
        ;;
    esac
  done
  if [[ \${words[CURRENT]} == --*=* ]]; then
    prev=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  case "$place:$prev" in
${places(program).flatMap(valueBranches).join('\n')}
  esac
  case $place in
${places(program).map(wordBranch).join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _fedimg "$@"; else compdef _fedimg fedimg; fi
`;
}

function valueBranches({ path, options }: Place): string[] {
  return valued(options).map(({ names, value }) => {
    const patterns = names.map((name) => quoted(`${path}:${name}`)).join('|');
    return `    ${patterns}) ${completion(value)}; return ;;`;
  });
}

function wordBranch({ path, options, shape }: Place): string {
  const found = options.flatMap((option) =>
    namesOf(option).map((name) => described(name, option.description)),
  );
  const commands = shape.commands.map((child) =>
    described(String(child.path.at(-1)), child.summary),
  );
  const [argument] = shape.arguments;
  const other =
    commands.length === 0
      ? argument === undefined
        ? ':'
        : completion(argument)
      : `found=(${commands.join(' ')}); _describe -t commands command found`;
  return `    ${quoted(path)})
      if [[ \${words[CURRENT]} == -* ]]; then
        found=(${found.join(' ')})
        _describe -t options option found
      else
        ${other}
      fi
      ;;`;
}

/** In `_describe`, a colon ends the name. */
function described(name: string, description: string): string {
  return quoted(`${name}:${description.replaceAll('\n', ' ')}`);
}

function completion({ words, kind }: ValueShape): string {
  if (words.length > 0) return `compadd -- ${words.map(quoted).join(' ')}`;
  if (kind === 'other') return ':';
  return kind === 'folder' ? '_files -/' : '_files';
}

/** The command line as plain data, read from commander's definitions: for the completion scripts and the man page. */

import type { Argument, Command, Option } from 'commander';
import { ARCHES } from '../../model/compose/compose.js';
import { VARIANT_KEYS } from '../../model/ids/variant.js';
import { LOG_LEVELS } from '../../model/log-level.js';
import { LATENCY_PROFILES } from '../../simulator/index.js';
import { ROW_FORMATS } from '../view/ami-output.js';
import { SNIPPET_FORMATS } from '../view/ami-snippets.js';
import { helpOf, type CommandHelp } from './command-help.js';

/** What stands behind an option or as an argument. */
export interface ValueShape {
  /** As `<file>`. */
  readonly placeholder: string;
  /** All that is allowed, or what is often wanted; empty: unknown. */
  readonly words: readonly string[];
  readonly kind: 'file' | 'folder' | 'other';
}

export interface OptionShape {
  /** As `-o`. */
  readonly short?: string;
  /** As `--output`. */
  readonly long: string;
  readonly description: string;
  /** Undefined for a switch. */
  readonly value?: ValueShape;
  /** Printed as the default, where it has one. */
  readonly otherwise?: string;
}

export interface ArgumentShape extends ValueShape {
  readonly description: string;
}

export interface CommandShape {
  /** The words behind `fedimg`; empty for the program itself. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  /** Of the program, as this command takes them. */
  readonly inherited: readonly OptionShape[];
  readonly arguments: readonly ArgumentShape[];
  readonly commands: readonly CommandShape[];
  readonly help?: CommandHelp;
}

export function commandShape(program: Command): CommandShape {
  const shared = program.options.filter(({ long }) => long !== '--version');
  return shapeOf(program, [], shared);
}

function shapeOf(
  command: Command,
  path: readonly string[],
  shared: readonly Option[],
): CommandShape {
  const help = helpOf(command);
  const shapes = (options: readonly Option[]): OptionShape[] =>
    options.filter(({ hidden }) => !hidden).map((one) => optionShape(one, path));
  return {
    path,
    summary: command.summary() || command.description(),
    description: command.description(),
    options: shapes(command.options),
    inherited: path.length === 0 ? [] : shapes(shared),
    arguments: command.registeredArguments.map(argumentShape),
    commands: command.commands.map((child) => shapeOf(child, [...path, child.name()], shared)),
    ...(help === undefined ? {} : { help }),
  };
}

/** The command and all below it. */
export function allCommands(shape: CommandShape): CommandShape[] {
  return [shape, ...shape.commands.flatMap(allCommands)];
}

function optionShape(option: Option, path: readonly string[]): OptionShape {
  const { short, long, description, defaultValueDescription } = option;
  const defaultValue: unknown = option.defaultValue;
  const placeholder = /[<[][^>\]]+[>\]]$/.exec(option.flags)?.[0];
  const isShown = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  const otherwise = defaultValueDescription ?? (isShown ? `${defaultValue}` : undefined);
  const name = long ?? option.flags;
  return {
    ...(short === undefined ? {} : { short }),
    ...{ long: name, description },
    ...(placeholder === undefined
      ? {}
      : { value: valueShape(placeholder, option.argChoices ?? wordsOf(name, path)) }),
    ...(otherwise === undefined ? {} : { otherwise }),
  };
}

/** Commander knows only the values of `choices`; the others are parsed by functions. */
function wordsOf(long: string, path: readonly string[]): readonly string[] {
  switch (long) {
    case '--output':
      return path[0] === 'amis'
        ? [...ROW_FORMATS, 'fedora-websites', ...SNIPPET_FORMATS]
        : ['table', 'json', 'jsonl', 'name'];
    case '--color':
      return ['auto', 'always', 'never'];
    case '--arch':
      return ARCHES;
    case '--variant':
      return VARIANT_KEYS;
    case '--log-level':
      return LOG_LEVELS;
    case '--latency':
      return LATENCY_PROFILES;
    case '--acts':
      return ['off', 'token'];
    default:
      return [];
  }
}

function argumentShape(argument: Argument): ArgumentShape {
  const name = argument.name();
  const dots = argument.variadic ? '...' : '';
  const placeholder = argument.required ? `<${name}${dots}>` : `[${name}${dots}]`;
  const words = argument.argChoices ?? (name === 'id' ? ['@latest'] : []);
  return { ...valueShape(placeholder, words), description: argument.description };
}

function valueShape(placeholder: string, words: readonly string[]): ValueShape {
  const name = placeholder.replace(/[^a-z]/g, '');
  const kind = /^(?:dir|folder)$/.test(name)
    ? 'folder'
    : /(?:file|message)$/.test(name)
      ? 'file'
      : 'other';
  return { placeholder, words, kind };
}

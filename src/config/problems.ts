/** The problems of a configuration file as an operator reads them: place, key, reason, remedy, and the line. */
import type { z } from 'zod';
import { printable } from '../model/printable.js';
import { closestTo } from './suggestion.js';
import type { Place } from './toml.js';

/** A file may have ten thousand problems; an operator corrects the first ones first. */
const SHOWN_MAX = 30;
const KEY_CHARS_MAX = 100;
const MESSAGE_CHARS_MAX = 500;
const QUOTE_CHARS_MAX = 200;

/** One problem. */
export interface ConfigProblem {
  /** Absent when no file could be read. */
  file?: string;
  line?: number;
  column?: number;
  /** As `publish.volume_types[1]`; empty for the file as a whole. */
  key: string;
  /** What is wrong; what is allowed; what to do. */
  message: string;
  /** The line of the file. */
  quote?: string;
}

/** A configuration that cannot be used, with all its problems. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: ConfigProblem[];

  constructor(problems: ConfigProblem[]) {
    const shown = problems.slice(0, SHOWN_MAX).map(formatProblem);
    const more = problems.length - shown.length;
    super([...shown, ...(more > 0 ? [`... and ${more} more problems`] : [])].join('\n'));
    this.problems = problems;
  }
}

/** `file:line:column: key: what is wrong; allowed: …; what to do`, and below it the line itself. */
export function formatProblem({ file, line, column, key, message, quote }: ConfigProblem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const parts = [place, cut(key, KEY_CHARS_MAX), cut(message, MESSAGE_CHARS_MAX)];
  const head = printable(parts.filter((part) => part !== '').join(': '));
  if (quote === undefined || line === undefined || column === undefined) return head;
  // The mark would stand behind the end of a line that is cut.
  if (column > QUOTE_CHARS_MAX) return head;
  const gutter = `  ${line} | `;
  const quoted = `${head}\n${gutter}${printable(cut(quote, QUOTE_CHARS_MAX))}`;
  const hidden = quote.indexOf(HIDDEN);
  if (hidden >= 0 && hidden < column) return quoted;
  return `${quoted}\n${' '.repeat(gutter.length - 2)}| ${' '.repeat(column - 1)}^`;
}

const HIDDEN = '://***@';

/** Problems end up in journals and tickets. Removes up to the last `@`: a password may have any character. */
function withoutPassword(line: string): string {
  return line.replace(/:\/\/.*@/s, HIDDEN);
}

function cut(text: string, charsMax: number): string {
  return text.length > charsMax ? `${text.slice(0, charsMax)}...` : text;
}

/** A path as the file writes it: `amis[0].region`. */
export function formatKey(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

/** A problem without its file. */
export interface LocatedProblem {
  path: readonly PropertyKey[];
  message: string;
}

/** The keys that the table at a path may have. */
type KnownKeys = (path: readonly PropertyKey[]) => readonly string[];

/** The problem that an issue of the model means; an issue about several unknown keys becomes several problems. */
export function describeIssue(issue: z.core.$ZodIssue, knownKeys: KnownKeys): LocatedProblem[] {
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: describeUnknownKey(key, knownKeys(path)),
      }));
    case 'invalid_union':
      return describeUnion(issue, knownKeys);
    case 'invalid_value':
      return [{ path, message: valueMessage(issue) }];
    case 'invalid_type':
      return [{ path, message: typeMessage(issue) }];
    case 'too_small':
    case 'too_big':
      return [{ path, message: boundMessage(issue) }];
    default:
      return [{ path, message: issue.message }];
  }
}

function describeUnknownKey(key: string, known: readonly string[]): string {
  const closest = closestTo(key, known);
  const meant = closest === undefined ? '' : `; did you mean "${closest}"?`;
  return `is unknown${meant}; allowed: ${known.join(', ')}`;
}

type IssueOf<Code> = Extract<z.core.$ZodIssue, { code: Code }>;

function valueMessage(issue: IssueOf<'invalid_value'>): string {
  const allowed = issue.values.map((value) => JSON.stringify(value)).join(', ');
  if (issue.input === undefined) return `is missing; allowed: ${allowed}`;
  const words = issue.values.filter((value) => typeof value === 'string');
  const closest = typeof issue.input === 'string' ? closestTo(issue.input, words) : undefined;
  const meant = closest === undefined ? '' : `; did you mean "${closest}"?`;
  return `is ${show(issue.input)}${meant}; allowed: ${allowed}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a string in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list in [brackets]',
  object: 'a table',
};

function typeMessage(issue: IssueOf<'invalid_type'>): string {
  // The model has its own message where it can be more precise.
  if (!issue.message.startsWith('Invalid input')) return issue.message;
  const wanted = TYPE_WORDS[issue.expected] ?? issue.expected;
  if (issue.input === undefined) return `is missing; allowed: ${wanted}; add it`;
  return `is ${show(issue.input)}; allowed: ${wanted}`;
}

function boundMessage(issue: IssueOf<'too_small'> | IssueOf<'too_big'>): string {
  if (!/^(?:Too|Invalid)/.test(issue.message)) return issue.message;
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const side = issue.code === 'too_small' ? 'at least' : 'at most';
  if (issue.origin === 'array') return `is too short a list; allowed: ${side} ${bound} item`;
  if (issue.origin === 'string')
    return `has the wrong length; allowed: ${side} ${bound} characters`;
  return `is ${show(issue.input)}; allowed: ${side} ${bound}`;
}

/** The problems of the alternative that fits the value's form; else all alternatives are listed. */
function describeUnion(issue: IssueOf<'invalid_union'>, knownKeys: KnownKeys): LocatedProblem[] {
  const { path, input } = issue;
  const alternatives = issue.errors;
  const within = alternatives.find((issues) => issues.some((inner) => inner.path.length > 0));
  if (within) {
    return within.flatMap((inner) =>
      describeIssue({ ...inner, path: [...path, ...inner.path] }, knownKeys),
    );
  }
  const words = alternatives.flat().flatMap((inner) => {
    if (inner.code === 'invalid_value') return inner.values.map((value) => JSON.stringify(value));
    return inner.code === 'invalid_type' ? [TYPE_WORDS[inner.expected] ?? inner.expected] : [];
  });
  const allowed = words.length > 0 ? words.join(' or ') : 'a list with at least one item';
  return [{ path, message: `is ${show(input)}; allowed: ${allowed}` }];
}

function show(value: unknown): string {
  if (value instanceof Date) return 'a date';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a table';
  const text = withoutPassword(JSON.stringify(value) ?? '(missing)');
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** Adds file, line and column to a problem. */
export function locateProblem(
  problem: LocatedProblem,
  file: {
    name: string;
    lines: readonly string[];
    placeOf: (path: readonly PropertyKey[]) => Place;
  },
): ConfigProblem {
  const { line, column } = file.placeOf(problem.path);
  const quote = file.lines[line - 1];
  return {
    file: file.name,
    line,
    column,
    key: formatKey(problem.path),
    message: problem.message,
    ...(quote === undefined ? {} : { quote: withoutPassword(quote) }),
  };
}

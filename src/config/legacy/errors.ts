/** The error for an old configuration that cannot become a new one, and the notes on one that can. */
import { printable } from '../../model/printable.js';

/** A note on a key of the old file that was changed or left out. It has no value that could be a secret. */
export interface ImportNote {
  /** As `aws.keypath`; `aws.amis` for each line of the list. */
  key: string;
  /** From 1. */
  line: number;
  /** Keys of the new configuration; null when it has no counterpart. */
  becomes: string | null;
  /** One line of printable text; begins with a verb when the key became something. */
  why: string;
  /** What to do now: one line of printable text. */
  next: string;
}

/** The file is not an old configuration, or its owner must decide something first: `next` says what. */
export class LegacyConfigError extends Error {
  override readonly name = 'LegacyConfigError';
  readonly next: string;
  /** From 1; absent for the file as a whole. */
  readonly line: number | undefined;
  /** The notes up to the error. */
  readonly notes: readonly ImportNote[];

  constructor(
    message: string,
    options: { next: string; line?: number; notes?: readonly ImportNote[] },
  ) {
    super(printable(message));
    this.next = printable(options.next);
    this.line = options.line;
    this.notes = options.notes ?? [];
  }
}

/** As one line: `aws.keypath has no counterpart: why; next`, `aws.test (now test.script) why; next`. */
export function noteText({ key, becomes, why, next }: ImportNote): string {
  const what = becomes === null ? 'has no counterpart:' : `(now ${becomes})`;
  return `${key} ${what} ${why}; ${next}`;
}

/** In an INI file a secret may stand where a name should, so only a text that looks like a name is shown. */
export function shownName(name: string): string {
  return /^[\w.-]{1,32}$/.test(name) ? name : '(no name)';
}

/** What browsers report when a page would have broken its own policy: it must stay empty. */

import { printable } from '../../model/printable.js';
import { redacted } from '../../model/redact.js';

const KEPT_MAX = 20;
const CHARS_MAX = 1_000;

export class PolicyReports {
  readonly #log: (line: string) => void;
  #kept: string[] = [];
  count = 0;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  add(text: string): void {
    const line = printable(redacted(text.slice(0, CHARS_MAX))).replace(/\s+/g, ' ');
    this.count += 1;
    this.#kept = [...this.#kept, line].slice(-KEPT_MAX);
    // A visitor can send any number of them.
    if (this.count <= KEPT_MAX)
      this.#log(`a browser reports a violation of the page's policy: ${line}`);
  }

  get kept(): readonly string[] {
    return this.#kept;
  }
}

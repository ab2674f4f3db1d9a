/** Code that looks AMIs up, with the command's own error for AMIs whose owner is unknown. */

import type { SnippetFormat } from '../../model/catalogue/snippets.js';
import { snippetLines as linesOf, UnknownOwnerError } from '../../model/catalogue/snippets.js';
import type { AmiRecord } from '../../model/progress/progress.js';
import { EXIT } from '../shared/exit-codes.js';
import { CommandError } from '../shared/problem.js';

export { SNIPPET_FORMATS } from '../../model/catalogue/snippets.js';
export type { SnippetFormat };

/** Throws a `CommandError` for AMIs without a recorded owner. */
export function snippetLines(records: readonly AmiRecord[], format: SnippetFormat): string[] {
  try {
    return linesOf(records, format);
  } catch (error) {
    if (!(error instanceof UnknownOwnerError)) throw error;
    throw new CommandError({
      what: error.message,
      next: 'Run the command again with --from ec2: EC2 reports the owner.',
      exitCode: EXIT.failed,
    });
  }
}

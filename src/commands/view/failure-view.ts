/** What went wrong with a publication, and which of its messages were not sent. */

import type { FailureReport } from '../../client/failure-report.js';
import type { ImageStatus, PublicationStatus } from '../../client/status.js';
import type { Paint } from './terminal.js';

const UNSENT_SHOWN_MAX = 3;

/** Why the broker did not accept messages, one reason for each. */
export function unsentReasons({ progress, result }: ImageStatus): readonly string[] {
  return result?.unsent ?? progress?.unsent ?? [];
}

/** The contents of these messages are in the worker's log. */
export function unsentLines(image: ImageStatus, paint: Paint): string[] {
  const unsent = unsentReasons(image);
  if (unsent.length === 0) return [];
  return [
    paint(
      'red',
      `  the broker did not accept ${unsent.length} messages; the worker's log has them:`,
    ),
    ...unsent.slice(0, UNSENT_SHOWN_MAX).map((reason) => `    ${reason}`),
    ...(unsent.length > UNSENT_SHOWN_MAX ? ['    ...'] : []),
  ];
}

export function failureLines(status: PublicationStatus, paint: Paint): string[] {
  const failures =
    status.kind === 'compose'
      ? status.images.flatMap(({ failure, progress }) => describe(failure, progress?.arch))
      : describe(status.failure);
  // The failure of an image is also the failure of its compose: print it once.
  const own = failures.length === 0 && status.kind === 'compose' ? describe(status.failure) : [];
  const lines = [...failures, ...own];
  if (lines.length === 0) return [];
  return ['', ...lines.map((line) => (line.startsWith(' ') ? line : paint('red', line)))];
}

function describe(failure: FailureReport | null, arch?: string): string[] {
  if (failure === null) return [];
  const subject = arch === undefined ? '' : `${arch}: `;
  const lines = [`${subject}${failure.type}: ${failure.message}`];
  if (failure.output !== undefined && failure.output !== '') {
    const status = failure.exitStatus === undefined ? '' : ` (exit status ${failure.exitStatus})`;
    lines.push(`  output${status}:`);
    const output = failure.output.trimEnd().split('\n');
    lines.push(...output.map((line) => `    | ${line}`));
  }
  if (failure.next !== undefined) lines.push(`  next: ${failure.next}`);
  return lines;
}

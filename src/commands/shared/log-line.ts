/** One line of the log as JSON has it. */

import { parseComposeId } from '../../model/compose/compose.js';
import { composeIdOf } from '../../model/ids/workflow-ids.js';

export interface LogLine {
  /** ms since 1970. */
  readonly time: number;
  /** pino's number: 30 is info, 50 is error. */
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Undefined for a line that is not of our log. */
export function parsedLine(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<LogLine> | null;
    const isOurs = typeof line?.time === 'number' && typeof line.level === 'number';
    return isOurs ? ({ msg: '', ...line } as LogLine) : undefined;
  } catch {
    return undefined;
  }
}

/** A compose's lines are its own and those of its images. */
export function isOfRun(line: LogLine, workflowId: string): boolean {
  const { workflow, workflowId: id } = line;
  const own = typeof workflow === 'string' ? workflow : typeof id === 'string' ? id : undefined;
  if (own === undefined) return false;
  if (own === workflowId) return true;
  const composeId = composeIdOf(workflowId);
  if (parseComposeId(composeId) === undefined && composeId === workflowId) return false;
  const prefix = workflowId.slice(0, workflowId.length - `compose/${composeId}`.length);
  return own.startsWith(`${prefix}image/${composeId}/`);
}

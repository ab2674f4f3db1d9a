/** One line of the log as an entry of systemd's journal, with the fields that operators filter by. */

import { composeIdOf, imageOfWorkflow } from '../../model/ids/workflow-ids.js';
import { logLineText } from '../view/log-line-view.js';
import type { LogLine } from './log-line.js';
import { parsedLine } from './log-line.js';

/** syslog's numbers, by pino's levels. */
const PRIORITIES: readonly (readonly [number, number])[] = [
  [60, 2],
  [50, 3],
  [40, 4],
  [30, 6],
];
const DEBUG = 7;
const INFO = 6;

/** The field of the journal, and the field of our line. */
const FIELDS: Readonly<Record<string, string>> = {
  WORKFLOW: 'workflow',
  RUN: 'run',
  STEP: 'activity',
  REGION: 'region',
  OUTCOME: 'outcome',
};

/** The whole line as JSON, which `fedimg logs` reads. */
export const JSON_FIELD = 'FEDIMG_LOG';

export function priorityOf(text: string): number {
  const line = parsedLine(text);
  return line === undefined ? INFO : priority(line);
}

/**
 * In the form of `logger --journald`: one `FIELD=value` a line. A text that is not of our log becomes a message without
 * more fields.
 */
export function journalEntry(text: string): string {
  const line = parsedLine(text);
  if (line === undefined) return entry({ MESSAGE: text, PRIORITY: String(INFO) });
  const image = imageOf(line);
  const compose = image?.split('/', 1).join('') ?? composeOf(line);
  const more = Object.entries(FIELDS).map(([field, key]) => [field, shown(line[key])] as const);
  return entry({
    MESSAGE: messageOf(line),
    PRIORITY: String(priority(line)),
    ...{ COMPOSE: compose ?? '', IMAGE: image ?? '' },
    ...Object.fromEntries(more),
    [JSON_FIELD]: text,
  });
}

function imageOf({ workflow }: LogLine): string | undefined {
  return typeof workflow === 'string' ? imageOfWorkflow(workflow) : undefined;
}

function composeOf({ workflow }: LogLine): string | undefined {
  if (typeof workflow !== 'string') return undefined;
  const id = composeIdOf(workflow);
  return id === workflow ? undefined : id;
}

function priority({ level }: LogLine): number {
  return PRIORITIES.find(([least]) => level >= least)?.[1] ?? DEBUG;
}

/** Without time and level, which the journal has itself. */
function messageOf(line: LogLine): string {
  const plain = logLineText(line, (_style, text) => text);
  return plain.replace(/^\S+ \S+ +/, '');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `logger` ends an entry at an empty line, and a value cannot have a line break. */
function entry(fields: Readonly<Record<string, string>>): string {
  const all = { SYSLOG_IDENTIFIER: 'fedimg', SYSLOG_PID: String(process.pid), ...fields };
  return Object.entries(all)
    .map(([name, value]) => [name, value.replace(/\s*[\r\n]+\s*/g, ' ').trim()] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

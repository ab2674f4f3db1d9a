/** Reports the result of the demo: the AMIs, their bytes, and what is left in the cloud. */

import { listAmis } from '../../client/amis.js';
import type { Session } from '../../client/session.js';
import type { ComposeStatus } from '../../client/status.js';
import type { SampleCompose } from '../../local/compose-server/sample-compose.js';
import type { AmiRecord } from '../../model/progress/progress.js';
import { compactAmiLines, countLine } from './ami-table.js';
import { EXIT, exitCodeOf, type ExitCode } from '../shared/exit-codes.js';
import { unsentReasons } from './failure-view.js';
import { formatBytes, formatElapsed } from './format.js';
import { leftovers, listResources, publishedResources } from '../../local/cloud-resources.js';
import { peakMemoryBytes } from '../../local/processes/peak-memory.js';
import { compareSnapshots } from '../../local/snapshot-check.js';
import { statusLines } from './status-view.js';
import type { Terminal } from './terminal.js';

export interface DemoOutcome {
  readonly terminal: Terminal;
  readonly session: Session;
  readonly status: ComposeStatus;
  readonly compose: SampleCompose;
  readonly simulatorUrl: string;
  readonly workerPid: number;
  readonly beginMs: number;
}

/** Prints the report. The exit code is the publication's, or 1 when the check of the cloud fails. */
export async function reportDemo(outcome: DemoOutcome): Promise<ExitCode> {
  const { terminal, status, session, compose } = outcome;
  const exitCode = exitCodeOf(status.outcome);
  if (exitCode !== EXIT.done) {
    const view = { paint: terminal.paint, nowMs: Date.now(), rates: new Map() };
    terminal.result(statusLines(status, view).join('\n'));
  }
  const amis = await listAmis(session, { compose: compose.composeId });
  const made = amis.filter(({ ami }) => ami !== null);
  if (made.length > 0) {
    terminal.result(['', ...compactAmiLines(amis, terminal.paint), ''].join('\n'));
    terminal.result(countLine(amis));
  }
  const refused = status.images.flatMap((image) => unsentReasons(image));
  for (const reason of refused) {
    terminal.note(terminal.paintNote('red', `! the broker did not accept a message: ${reason}`));
  }
  const problems = refused.length + (await checkCloud(outcome, made));
  const memory = await peakMemoryBytes(outcome.workerPid);
  if (memory !== undefined) {
    terminal.note(`The worker used at most ${formatBytes(memory)} of memory.`);
  }
  terminal.note(`The demo took ${formatElapsed(Date.now() - outcome.beginMs)}.`);
  return exitCode === EXIT.done && problems > 0 ? EXIT.failed : exitCode;
}

/** Prints and counts the problems in the local cloud. */
async function checkCloud(
  { terminal, compose, simulatorUrl }: DemoOutcome,
  made: readonly AmiRecord[],
): Promise<number> {
  const beginMs = Date.now();
  const [resources, bytes] = await Promise.all([
    listResources(simulatorUrl),
    compareSnapshots(simulatorUrl, made, compose.images),
  ]);
  const left = leftovers(resources).map(({ type, id, region }) => `${type} ${id} in ${region}`);
  const published = publishedResources(resources);
  const open = published.filter((resource) => resource.public);
  const unlisted = published.filter(
    ({ id }) => !made.some((row) => [row.ami, row.snapshot].includes(id)),
  );
  const hidden = made.filter(
    (row) => !open.some(({ id }) => id === row.ami) || !open.some(({ id }) => id === row.snapshot),
  );
  const problems = [
    ...bytes.wrong,
    ...left.map((what) => `left behind: ${what}`),
    ...unlisted.map(({ type, id, region }) => `left behind: ${type} ${id} in ${region}`),
    ...hidden.map(
      ({ region, ami }) => `not public: ${ami ?? 'an AMI'} or its snapshot in ${region}`,
    ),
  ];
  if (bytes.compared > 0 && bytes.wrong.length === 0) {
    const took = formatElapsed(Date.now() - beginMs);
    terminal.note(
      `The bytes of all ${bytes.compared} snapshots equal the raw images (checked in ${took}).`,
    );
  }
  if (open.length === 0) terminal.note('No AMI and no snapshot is public.');
  if (left.length === 0) terminal.note('No instance and no volume is left.');
  for (const problem of problems) terminal.note(terminal.paintNote('red', `! ${problem}`));
  return problems.length;
}

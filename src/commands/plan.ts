/** `fedimg plan`: what a publication would make, without making it. */

import { Command } from 'commander';
import { isPermissionRefusal } from '../aws/errors.js';
import { imageRequestByHand } from '../client/image-request.js';
import { loadConfig } from '../config/load.js';
import type { Arch } from '../model/compose/compose.js';
import { parseComposeMessage } from '../model/compose/compose-message.js';
import { parseMessageText } from './compose.js';
import { finish, withHelp } from './shared/command-help.js';
import { devAdvice } from './shared/dev-advice.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { globalOptions, outputFormat, parseArch, parseSize, terminalOf } from './shared/options.js';
import type { PlanFailure, PlannedImages, PlanSubject } from './shared/plan-images.js';
import { planImages } from './shared/plan-images.js';
import { renderProblem, usageError } from './shared/problem.js';
import { inputName, readInput } from './shared/read-input.js';
import { planLines } from './view/plan-view.js';
import type { Terminal } from './view/terminal.js';
import { configOfUser } from './shared/with-session.js';

interface PlanOptions {
  readonly arch?: Arch;
  readonly sha256?: string;
  readonly size?: number;
  readonly compose?: string;
  readonly release?: string;
}

/** pungi's messages have under 2 KiB. */
const MESSAGE_BYTES_MAX = 1024 * 1024;

export function createCommand(): Command {
  const command = new Command('plan')
    .argument(
      '<url|message>',
      "URL of a .raw.xz, or a file with pungi's status message (JSON); - reads it from standard input",
    )
    .option('--arch <arch>', 'of a URL: x86_64 or aarch64', parseArch)
    .option('--sha256 <hash>', 'of a URL: sha256 of the compressed file')
    .option('--size <bytes>', 'of a URL: size of the compressed file', parseSize)
    .option('--compose <id>', "of a URL: its compose (default: the image's name)")
    .option('--release <release>', 'of a URL: such as 43 (default: from the name)');
  withHelp(command, {
    examples: [
      'fedimg plan https://dl.fedoraproject.org/.../Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz --arch x86_64',
      "fedimg plan message.json -o json | jq '.[].regions[] | select(.reason != null)'",
    ],
    notes: `It needs the configuration and AWS credentials, but no Temporal server. It only reads: EC2, SSM, Service Quotas, and
the server of the image. A region's quota is shown as PUBLIC + NEEDED of ALLOWED. Times and prices are estimates.
Exits with 1 when an image cannot be planned, with 3 when a region would be left out.`,
  });
  command.action(async (subject: string, options: PlanOptions) => {
    finish(await run(command, subject, options));
  });
  return command;
}

async function run(command: Command, what: string, options: PlanOptions): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const subject = await subjectOf(what, options);
  const { config: file } = globalOptions(command);
  const path = await configOfUser({ config: file, env: process.env });
  const { config } = await loadConfig({ ...path, env: process.env, cwd: process.cwd() });
  const planned = await planImages(config, subject);
  const exitCode = exitCodeOf(planned);
  const advice = exitCode === EXIT.credentials ? await devAdvice(process.env) : undefined;
  const failures = planned.failures.map((failure) => ({
    ...failure,
    next: advice ?? failure.next,
  }));
  print(terminal, format, { ...planned, failures });
  return exitCode;
}

async function subjectOf(what: string, options: PlanOptions): Promise<PlanSubject> {
  if (/^https?:/i.test(what)) {
    const { arch } = options;
    if (arch === undefined) throw usageError('--arch is missing', 'Give x86_64 or aarch64.');
    const image = { url: what, ...options, arch, sizeBytes: options.size };
    return { kind: 'image', request: imageRequestByHand(image) };
  }
  const content = await readInput(what, {
    what: 'the message',
    next: 'Give the URL of an image with https://, or the file of a message as pungi sends it.',
    bytesMax: MESSAGE_BYTES_MAX,
  });
  const parsed = parseComposeMessage(parseMessageText(content.toString('utf8'), inputName(what)));
  if (parsed.kind === 'message') return { kind: 'compose', message: parsed.message };
  const reasons = parsed.kind === 'ignored' ? [parsed.reason] : parsed.problems;
  throw usageError(
    `this message starts no publication:\n  ${reasons.join('\n  ')}`,
    'A message needs compose_id, status and location; its status is FINISHED or FINISHED_INCOMPLETE.',
  );
}

function print(
  terminal: Terminal,
  format: 'table' | 'json' | 'jsonl',
  { plans, failures, absent }: PlannedImages,
): void {
  if (format === 'json')
    terminal.result(JSON.stringify([...plans, ...failures.map(failed)], null, 2));
  else if (format === 'jsonl') {
    for (const one of [...plans, ...failures.map(failed)]) terminal.result(JSON.stringify(one));
  } else {
    const texts = plans.map((plan) => planLines(plan, terminal.paint).join('\n'));
    if (texts.length > 0) terminal.result(texts.join('\n\n'));
  }
  for (const failure of failures) {
    const { image, message, next } = failure;
    const problem = { what: `${image}: ${message}`, next, exitCode: EXIT.failed };
    terminal.note(renderProblem(problem, { verbose: false }));
  }
  for (const image of absent) terminal.note(`! the compose lacks ${image}`);
}

function failed({ image, ...failure }: PlanFailure): object {
  return { image, failure };
}

function exitCodeOf({ plans, failures }: PlannedImages): ExitCode {
  const isRefused = (one: PlanFailure) => one.class === 'credentials' || isPermissionRefusal(one);
  if (failures.some(isRefused)) return EXIT.credentials;
  if (failures.some((one) => one.class === 'unreachable')) return EXIT.unreachable;
  if (failures.length > 0) return EXIT.failed;
  const isPartial = plans.some(({ regions }) => regions.some(({ reason }) => reason !== null));
  return isPartial ? EXIT.partlyPublished : EXIT.done;
}

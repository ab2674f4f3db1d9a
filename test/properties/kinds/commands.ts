/** Hostile arguments, option values and messages of the command line, and hostile texts in its output. */

import assert from 'node:assert/strict';
import { CommanderError } from 'commander';
import fc from 'fast-check';
import type { FailureReport } from '../../../src/client/failure-report.js';
import { amiLines, compactAmiLines } from '../../../src/commands/view/ami-table.js';
import { parseMessageText } from '../../../src/commands/compose.js';
import {
  parseArch,
  parsePort,
  parseSize,
  parseTimeout,
} from '../../../src/commands/shared/options.js';
import { PlainProgress } from '../../../src/commands/view/plain-progress.js';
import { CommandError, problemOf, renderProblem } from '../../../src/commands/shared/problem.js';
import { createProgram, wantedCommand } from '../../../src/commands/program.js';
import { screenLines } from '../../../src/commands/view/screen.js';
import { statusLines } from '../../../src/commands/view/status-view.js';
import { overviewOf } from '../../../src/model/status/compose-overview.js';
import { parseComposeMessage } from '../../../src/model/compose/compose-message.js';
import {
  MOVING,
  NOW_MS,
  regionsIn,
  someImageStatus,
  someProgress,
} from '../../commands/view/statuses.js';
import { hostileJsonText } from '../hostile-json.js';
import { around, hostileText } from '../hostile-text.js';
import { inputKind, verdictOf } from '../input-kind.js';
import { assertHarmless, assertPlainLine } from '../output-safety.js';

const COMMANDS = ['publish', 'status', 'amis', 'cancel', 'compose', 'worker', 'simulator', 'help'];
const WORDS = [
  'signal',
  '--output',
  '-o',
  'json',
  '--config',
  '/etc/fedimg.toml',
  '--color=always',
  '--arch',
  'x86_64',
  '--wait',
  '--timeout',
  '90s',
  '--size',
  '5',
  '--port',
  '0',
  '@latest',
  '--',
  '-',
  '--help',
  '--version',
  'https://a/b.raw.xz',
];

function isShown(error: unknown): boolean {
  const text = renderProblem(problemOf(error), { error, verbose: true });
  assertHarmless(text);
  return error instanceof CommandError;
}

const commandLines = inputKind({
  name: 'command-line',
  title: 'an escape sequence in an argument reaches the terminal in the error message',
  weight: 1,
  input: fc.tuple(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...COMMANDS) },
      { weight: 1, arbitrary: hostileText },
    ),
    fc.array(fc.oneof(fc.constantFrom(...WORDS), around(fc.constantFrom(...WORDS))), {
      maxLength: 5,
    }),
  ),
  open: () => ({
    check: async ([command, words]) => {
      const argv = [command, ...words];
      const program = await createProgram(argv, '0');
      const said: string[] = [];
      const write = (text: string): void => void said.push(text);
      const all = [
        program,
        ...program.commands,
        ...program.commands.flatMap(({ commands }) => commands),
      ];
      for (const one of all) {
        // The program's own settings, but output goes into a list and no command runs.
        one.configureOutput({ ...one.configureOutput(), writeOut: write, writeErr: write });
        if (one.commands.length === 0) one.action(() => undefined);
      }
      wantedCommand(argv);
      const verdict = await verdictOf(
        () => program.parseAsync(argv, { from: 'user' }),
        (error) => isShown(error) || error instanceof CommanderError,
      );
      said.forEach((text) => assertHarmless(text));
      return verdict;
    },
  }),
});

const optionValues = inputKind({
  name: 'option-value',
  title: 'a malformed number becomes a port, a size or an endless time-out',
  weight: 4,
  input: fc.tuple(
    fc.nat({ max: 3 }),
    around(fc.constantFrom('x86_64', 'arm64', '8080', '487000000', '90s', '1h30m')),
  ),
  open: () => ({
    check: ([which, text]) => {
      const parse = [parseArch, parsePort, parseSize, parseTimeout][which] ?? parseArch;
      return verdictOf<string | number>(
        () => parse(text),
        isShown,
        (value) => {
          if (typeof value === 'number')
            assert(Number.isSafeInteger(value) && value >= 0, `${value}`);
          else assert(['x86_64', 'aarch64'].includes(value), `arch ${value}`);
        },
      );
    },
  }),
});

const MESSAGE = {
  status: 'FINISHED',
  compose_id: 'Fedora-Cloud-43-20251021.0',
  location: 'https://kojipkgs.fedoraproject.org/compose/x',
  compose_label: null,
};

const messageTexts = inputKind({
  name: 'message-text',
  title: 'a message with two compose ids is checked as one compose and read as the other',
  weight: 4,
  input: hostileJsonText(MESSAGE),
  open: () => ({
    check: (text) =>
      verdictOf(
        () => parseMessageText(text, 'standard input'),
        isShown,
        (value) => {
          const parsed = parseComposeMessage(value);
          if (parsed.kind === 'invalid') parsed.problems.forEach(assertPlainLine);
          if (parsed.kind === 'message')
            assert(
              text.split('"compose_id"').length <= 2 ||
                parsed.message.composeId === MESSAGE.compose_id,
              parsed.message.composeId,
            );
        },
      ),
  }),
});

const options = { paint: (_style: unknown, text: string) => text, nowMs: NOW_MS };
const screen = { ...options, columns: 80, rows: 24, rates: new Map() };

const views = inputKind({
  name: 'status-view',
  title: 'the output of a hostile image clears the screen of the user of status',
  weight: 4,
  refusesNone: true,
  input: fc.record({
    reason: hostileText,
    message: hostileText,
    output: hostileText,
    next: hostileText,
    name: hostileText,
  }),
  open: () => ({
    check: ({ reason, message, output, next, name }) => {
      const failure: FailureReport = {
        type: 'EC2TestException',
        message,
        output,
        next,
        exitStatus: 1,
      };
      const progress = someProgress({
        image: name,
        failure: message,
        regions: regionsIn({ 'us-east-1': 'failed', 'eu-west-1': 'copied' }, reason),
      });
      const activity = {
        id: '1',
        type: 'copyToRegion',
        attempt: 2,
        lastFailure: failure,
        nextAttemptAt: null,
        heartbeat: null,
        wait: { ...MOVING, kind: 'retry', reason, region: name },
      };
      const running = someImageStatus({
        progress,
        image: name,
        note: reason,
        activities: [activity] as never,
      });
      const failed = someImageStatus({ progress, image: name, outcome: 'failed', failure });
      const row = {
        compose: name,
        release: name,
        image: name,
        arch: 'x86_64',
        virt: 'hvm',
        volumeType: 'gp2',
        region: 'us-east-1',
        ami: null,
        snapshot: null,
        name,
        public: false,
        tested: false,
        reason,
      } as const;
      const lines = [running, failed].flatMap((status) => [
        ...statusLines(status, options),
        ...screenLines({ overview: overviewOf(status), messages: [] }, screen),
        ...new PlainProgress().update(status, NOW_MS),
      ]);
      const paint = options.paint as Parameters<typeof amiLines>[1];
      lines.push(...amiLines([row, { ...row, ami: 'ami-1', public: true }], paint));
      lines.push(...compactAmiLines([row, { ...row, ami: 'ami-1' }], paint));
      for (const line of lines) assertHarmless(line);
      return 'accepted';
    },
  }),
});

export const kinds = [commandLines, optionValues, messageTexts, views];

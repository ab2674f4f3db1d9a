/** What goes to a machine that is not trusted, and what comes from it: arguments, reports, consoles, failures. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { toFailure } from '../../../src/activities/attempt/interceptor.js';
import { parseConsoleReport } from '../../../src/guest/console-report.js';
import {
  guestScript,
  quoted,
  withArguments,
  type GuestScriptName,
} from '../../../src/guest/guest-script.js';
import { parseUnitReport, wholeNumber } from '../../../src/guest/unit-report.js';
import { EC2_TEST_EXCEPTION, ServiceError } from '../../../src/model/errors.js';
import { printable } from '../../../src/model/printable.js';
import { SourceError } from '../../../src/fetch/errors.js';
import { around, hostileText, shortHostileText } from '../hostile-text.js';
import { inputKind, verdictOf, type Verdict } from '../input-kind.js';
import { assertHarmless, assertPlainLine, assertPlainText, readable } from '../output-safety.js';

const run = promisify(execFile);
const SCRIPTS: readonly GuestScriptName[] = [
  'start-unit',
  'follow-unit',
  'write-image',
  'run-test',
  'read-output',
  'dead-man-timer',
  'ssm-user-data',
  'console-user-data',
];

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const SHA256_BY_SCRIPT = new Map(SCRIPTS.map((name) => [name, sha256(guestScript(name))]));

const scriptText = inputKind({
  name: 'guest-script',
  title: 'a URL with $(...) in it changes the script that runs as root on an instance',
  weight: 6,
  input: fc.tuple(fc.constantFrom(...SCRIPTS), fc.array(hostileText, { maxLength: 4 })),
  open: () => ({
    check: ([name, args]) =>
      verdictOf(
        () => withArguments(name, args),
        readable(TypeError),
        (script) => {
          const end = script.indexOf('\n');
          assert.equal(sha256(script.slice(end + 1)), SHA256_BY_SCRIPT.get(name));
          assert.match(script.slice(0, end), /^set -- (?:'(?:[^'\n\r\0]|'\\'')*' ?)*$/);
        },
      ),
  }),
});

const BATCH = 100;

const quotedWords = inputKind({
  name: 'shell-word',
  title: 'a file name with $(...) in it ran a command on the utility instance',
  weight: 24,
  batch: BATCH,
  refusesNone: true,
  input: fc.array(shortHostileText, { minLength: BATCH, maxLength: BATCH }),
  open: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-canary-'));
    return {
      check: async (words): Promise<Verdict> => {
        const passed = words.filter((word) => isQuotable(word));
        // As the agent gets it: sh reads the outer text, bash the script in it.
        const inner = passed
          .map((word) => `set -- ${quoted(word)}\nprintf '%s\\0' "$@"`)
          .join('\n');
        const script = `exec bash -s <<'FEDIMG-END-OF-SCRIPT'\n${inner}\nFEDIMG-END-OF-SCRIPT`;
        const { stdout, stderr } = await runScript(script, directory);
        assert.equal(stderr, '');
        assert.deepEqual(stdout.split('\0').slice(0, -1), passed, 'each is one word, as it was');
        assert.deepEqual(await readdir(directory), [], 'a command ran');
        return 'accepted';
      },
      close: () => rm(directory, { recursive: true, force: true }),
    };
  },
});

function isQuotable(word: string): boolean {
  try {
    quoted(word);
    return true;
  } catch (error) {
    assert(readable(TypeError)(error), String(error));
    assert(/[\0\n\r\p{Surrogate}]/u.test(word), 'only what cannot be one word is refused');
    return false;
  }
}

function runScript(script: string, cwd: string): Promise<{ stdout: string; stderr: string }> {
  const options = {
    cwd,
    timeout: 30_000,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: '/usr/bin:/bin' },
  };
  const running = run('sh', ['-s'], options);
  running.child.stdin?.end(script);
  return running;
}

const REPORT = [
  'state=done',
  'status=ok',
  'sha256=ab',
  'raw_bytes=5',
  'exit=0',
  'message=fine',
].join('\n');
const RUNNING = ['state=running', 'phase=write', 'total=100', 'bytes=7'].join('\n');

const unitReports = inputKind({
  name: 'unit-report',
  title: 'a hostile image answers with a report that steers the terminal of the operator',
  weight: 6,
  input: fc.oneof(
    around(fc.constantFrom(REPORT, RUNNING, 'state=lost')),
    fc
      .array(
        hostileText.map((text) => `state=done\nmessage=${text}`),
        { maxLength: 3 },
      )
      .map((all) => all.join('\n')),
  ),
  open: () => ({
    check: (stdout) =>
      verdictOf(
        () => parseUnitReport(stdout),
        readable(TypeError),
        (report) => {
          if (report.state === 'running') {
            assertPlainLine(report.phase);
            assert(report.bytes >= 0 && report.total >= 0, `${report.bytes} of ${report.total}`);
            assert(
              Number.isSafeInteger(report.bytes) && Number.isSafeInteger(report.total),
              `${report.bytes} of ${report.total}`,
            );
          }
          if (report.state !== 'done') return;
          for (const [key, value] of report.values) {
            assert.match(key, /^[a-z][a-z0-9_]*$/);
            assertPlainLine(value);
            const number = wholeNumber(value);
            assert(number === undefined || Number.isSafeInteger(number), `number ${number}`);
          }
        },
      ),
  }),
});

const NONCE = '0123456789abcdef';

function consoleOf(output: string, end: string): string {
  const packed =
    gzipSync(output, { level: 1 })
      .toString('base64')
      .match(/.{1,900}/g) ?? [];
  const lines = packed.map((line, index) => `fedimg:${NONCE}:${index + 1}:${line}`);
  return [...lines, `fedimg:${NONCE}:end:${lines.length}:${end}`].join('\n');
}

const consoles = inputKind({
  name: 'console-report',
  title: 'a hostile image prints a test result that unpacks without end, or that is not its own',
  weight: 4,
  input: fc.oneof(
    around(fc.constantFrom(consoleOf('all is well\n', '0:3'), consoleOf('failed', '255:999999'))),
    fc
      .tuple(hostileText, fc.constantFrom('0:1', '-1:1', '999:1', '1000:1', '0:9999999', ''))
      .map(([output, end]) => consoleOf(output, end)),
    fc.constantFrom(70_000, 5_000_000).map((bytes) => consoleOf('\0'.repeat(bytes), '0:1')),
  ),
  open: () => ({
    check: (console) =>
      verdictOf(
        () => parseConsoleReport(console, NONCE),
        readable(TypeError),
        (report) => {
          if (report === undefined) return;
          assert(report.output.length <= 64 * 1024, `${report.output.length} characters`);
          assert(
            report.exitStatus >= 0 && report.exitStatus <= 999,
            `exit status ${report.exitStatus}`,
          );
          assertHarmless(printable(report.output));
          assert.equal(parseConsoleReport(console, NONCE.replace('0', 'f')), undefined);
        },
      ),
  }),
});

const failures = inputKind({
  name: 'failure',
  title: 'text of a guest or a server stands unescaped in the failure of the run',
  weight: 4,
  refusesNone: true,
  input: fc.record({
    message: hostileText,
    next: hostileText,
    output: hostileText,
    way: fc.nat({ max: 3 }),
  }),
  open: () => ({
    check: ({ message, next, output, way }) => {
      const details = { code: 'test', class: 'refused', next, output, resource: message } as const;
      const errors = [
        new ServiceError(EC2_TEST_EXCEPTION, message, details),
        new SourceError('HTTP_STATUS', message, { next }),
        Object.assign(new Error(message), {
          name: next,
          $metadata: { httpStatusCode: 400 },
          Code: next,
        }),
        new TypeError(message),
      ];
      const failure = toFailure(errors[way]);
      assert(failure instanceof ApplicationFailure, String(failure));
      assertPlainText(failure.message);
      const [shown] = failure.details as Record<string, unknown>[];
      for (const value of Object.values(shown ?? {})) assertHarmless(String(value));
      return 'accepted';
    },
  }),
});

export const kinds = [scriptText, quotedWords, unitReports, consoles, failures];

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { parseConsoleReport } from '../../src/guest/console-report.js';
import { TEST_TOOLS } from '../../src/activities/test.js';
import { WRITE_TOOLS } from '../../src/activities/write.js';
import { CONSOLE_FRAME_BYTES } from '../../src/config/test-script.js';
import type { GuestScriptName } from '../../src/guest/guest-script.js';
import { guestScript, quoted, userData, withArguments } from '../../src/guest/guest-script.js';
import { parseUnitReport } from '../../src/guest/unit-report.js';
import { printable, readableOutput } from '../../src/model/printable.js';

const run = promisify(execFile);

describe('a value on its way into a shell', () => {
  it('stays one word, whatever is in it', async () => {
    const word = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
        const clean = words.map((one) => one.replaceAll(/[\0\n\r]/g, ''));
        const script = `set -- ${clean.map(quoted).join(' ')}\nprintf '%s\\n' "$@"`;
        const { stdout } = await run('bash', ['-c', script]);
        assert.deepEqual(stdout.split('\n').slice(0, -1), clean);
      }),
      { numRuns: 50 },
    );
  });

  it('never changes the script behind its line of arguments', () => {
    const hostile = ["'; touch /tmp/canary; '", '$(reboot)', '`id`', '\\', 'FEDIMG-END-OF-SCRIPT'];
    for (const value of hostile) {
      const [line, ...rest] = withArguments('follow-unit', [value, 1]).split('\n');
      assert.equal(rest.join('\n'), guestScript('follow-unit'));
      assert(line?.startsWith("set -- '"), String(line));
    }
  });

  it('is refused when it would break the line', () => {
    assert.throws(() => quoted('a\nb'), /a line break, a NUL or half a character/);
    assert.throws(() => withArguments('dead-man-timer', ['1\r']), /"1\\r"/);
  });
});

describe('an image for the utility instance or for the test', () => {
  /** Without comments: a reason may name a tool that is not used. */
  const calls = (...names: GuestScriptName[]): string =>
    names.map((name) => guestScript(name).replaceAll(/^\s*#.*$/gm, '')).join('\n');
  const unused = (tools: readonly string[], text: string): string[] =>
    tools.filter((tool) => !new RegExp(`(?<![\\w-])${tool}(?![\\w-])`).test(text));

  it('is refused for no tool that the scripts never call', () => {
    const around = ['start-unit', 'follow-unit'] as const;
    assert.deepEqual(unused(WRITE_TOOLS, calls(...around, 'write-image')), []);
    assert.deepEqual(unused(TEST_TOOLS, calls(...around, 'run-test', 'read-output')), []);
  });
});

describe('the user-data of a test on the console', () => {
  it('has room for every script that the configuration takes', () => {
    const args = ['f'.repeat(16), '', 86_400];
    const frame = userData(2_000, withArguments('console-user-data', args));
    assert(Buffer.byteLength(frame) <= CONSOLE_FRAME_BYTES, `${Buffer.byteLength(frame)}`);
  });
});

describe('a report from a machine that is not trusted', () => {
  it('is read line by line, the first value of a key counting', () => {
    const report = parseUnitReport('noise\nstate=done\nstatus=ok\nstatus=failed\nevil=\u001b[2J\n');
    assert.equal(report.state, 'done');
    assert(report.state === 'done', report.state);
    assert.equal(report.values.get('status'), 'ok');
    assert.equal(report.values.get('evil'), undefined);
  });

  it('is an error when it is something else', () => {
    assert.throws(() => parseUnitReport('Segmentation fault'), /is not a report/);
  });

  it('comes whole through kernel messages on the console, twice over', () => {
    const packed = gzipSync('line one\nline two\n').toString('base64');
    const lines = [packed.slice(0, 20), packed.slice(20)];
    const report = [
      ...lines.map((line, index) => `\nfedimg:abc:${index + 1}:${line}\r`),
      '\nfedimg:abc:end:2:3:17\r\n',
    ].join('\n[   12.3] random: crng init done');
    const found = parseConsoleReport(`boot${report}${report}`, 'abc');
    assert.deepEqual(found, { exitStatus: 3, seconds: 17, output: 'line one\nline two\n' });
  });

  it('is not there while a line is missing, and not for another nonce', () => {
    const packed = gzipSync('x').toString('base64');
    const console = `fedimg:abc:1:${packed}\nfedimg:abc:end:2:0:1\n`;
    assert.equal(parseConsoleReport(console, 'abc'), undefined);
    assert.equal(parseConsoleReport(console, 'abd'), undefined);
  });

  it('does not unpack a bomb', () => {
    const packed = gzipSync(Buffer.alloc(1024 * 1024)).toString('base64');
    const lines = packed.match(/.{1,900}/g) ?? [];
    const console = [
      ...lines.map((line, index) => `fedimg:abc:${index + 1}:${line}`),
      `fedimg:abc:end:${lines.length}:0:1`,
    ].join('\n');
    assert.throws(() => parseConsoleReport(console, 'abc'), /cannot be unpacked/);
  });

  it("cannot move the cursor of a reader's terminal", () => {
    assert.equal(printable('ok\u001b[2J\u202e\n'), 'ok\\u{1b}[2J\\u{202e}\n');
  });
});

describe("a test's output", () => {
  it('that is not text is counted instead of printed', () => {
    const binary = randomBytes(20_000).toString('utf8');
    assert.match(readableOutput(binary), /^\(\d+ characters of binary data\)\n$/);
    const log = '\u001b[32mok\u001b[0m 1 - selinux\r\nnot ok 2 - caf\u00e9\n';
    assert.match(readableOutput(log), /not ok 2 - caf\u00e9\n$/);
    assert.equal(readableOutput(''), '');
  });
});

describe('the dead-man timer', () => {
  it('is seen to run only when a reboot, which forgets it, would set it again', async () => {
    const state = await mkdtemp(join(tmpdir(), 'fedimg-test-run-'));
    try {
      const perBoot = `${state}/scripts/per-boot/fedimg-dead-man-timer`;
      const shutdown = `shutdown() { [ -x ${perBoot} ] && cat ${perBoot}; echo "then $*"; }`;
      const program = withArguments('dead-man-timer', [7]).replaceAll('/var/lib/cloud', state);
      const { stdout } = await run('bash', ['-c', `${shutdown}\n${program}`]);
      assert.equal(stdout, '#!/bin/sh\nshutdown -P "+7"\nthen -P +7\n');
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  });
});

describe('a test script that exits with 194', () => {
  it('has failed with 194: to SSM itself that status is an order to restart and run again', async () => {
    const state = await mkdtemp(join(tmpdir(), 'fedimg-test-run-'));
    try {
      const program = fileURLToPath(new URL('../../src/guest/run-test.sh', import.meta.url));
      const script = Buffer.from('#!/bin/sh\nexit 194\n').toString('base64');
      await run('bash', [program, state, script, '120']);
      assert.match(await readFile(join(state, 'result'), 'utf8'), /^exit=194$/m);
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  });
});

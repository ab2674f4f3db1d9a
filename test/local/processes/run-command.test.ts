import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CommandError, runCommand } from '../../../src/local/processes/run-command.js';
import { until } from '../../support/until.js';
import { useTempDir } from '../temp-dir.js';

const bash = (script: string): [string, string[]] => ['bash', ['-c', script]];
const timeoutMs = 60_000;

describe('a short command', () => {
  const tempDir = useTempDir();

  it('returns its output unchanged', async () => {
    const output = await runCommand(...bash('echo out; echo err >&2'), { timeoutMs });
    assert.deepEqual(output, { stdout: 'out\n', stderr: 'err\n' });
  });

  it('gets only the environment that it is given', async () => {
    const env = { PATH: process.env['PATH'], ONLY: 'this' };
    const { stdout } = await runCommand(...bash('echo "$ONLY ${HOME-unset}"'), { timeoutMs, env });
    assert.equal(stdout, 'this unset\n');
  });

  it('reports the status and the last lines of its error output', async () => {
    await assert.rejects(
      runCommand(...bash('seq 1 9 >&2; exit 3'), { timeoutMs }),
      (error: unknown) => {
        assert.ok(error instanceof CommandError, String(error));
        assert.equal(error.message, 'bash: ended with status 3: 5\n6\n7\n8\n9');
        assert.equal(error.stderr, '1\n2\n3\n4\n5\n6\n7\n8\n9\n');
        return true;
      },
    );
  });

  it('reports the signal that ended it, and a command that cannot be started', async () => {
    await assert.rejects(
      runCommand(...bash('kill -9 $$'), { timeoutMs }),
      /bash: was ended by SIGKILL$/,
    );
    await assert.rejects(runCommand('/nowhere/tool', [], { timeoutMs }), /tool: not found$/);
    await assert.rejects(runCommand('/etc/passwd', [], { timeoutMs }), /passwd: not executable$/);
  });

  for (const cause of ['time-out', 'abort'] as const) {
    it(`does not wait after its ${cause} for a grandchild that holds its output open`, async () => {
      const abort = new AbortController();
      const begun = path.join(tempDir(), 'begun');
      const [command, args] = bash(`sleep 30 & : >'${begun}'; wait`);
      const running = runCommand(command, args, {
        timeoutMs: cause === 'time-out' ? 500 : timeoutMs,
        signal: abort.signal,
      });
      if (cause === 'abort') {
        void until('the grandchild', () => existsSync(begun)).then(() =>
          abort.abort(new Error('Ctrl-C')),
        );
      }
      const startedAt = performance.now();
      await assert.rejects(
        running,
        cause === 'abort' ? /^Error: Ctrl-C$/ : /did not end within 0.5 s/,
      );
      assert.ok(performance.now() - startedAt < 20_000, 'it waited for the grandchild');
    });
  }
});

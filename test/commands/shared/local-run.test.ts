import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgain } from '../../../src/commands/shared/dev-end.js';
import type { LocalRunOptions } from '../../../src/commands/shared/local-run.js';
import { withLocalRun } from '../../../src/commands/shared/local-run.js';
import { problemOf } from '../../../src/commands/shared/problem.js';
import { createTerminal } from '../../../src/commands/view/terminal.js';

const silent = { write: () => true };
const terminal = createTerminal({ stdout: silent, stderr: silent, env: {}, color: 'never' });

describe('a local run whose worker is killed from outside', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fedimg-test-local-run-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const killed = async (options: Pick<LocalRunOptions, 'name' | 'afterUnexpectedEnd'>) => {
    const run = withLocalRun(
      { terminal, directory, ...options },
      ({ processes, unexpectedEnd }) => {
        const worker = processes.start({ name: 'worker', command: 'sleep', args: ['60'] });
        process.kill(worker.pid, 'SIGKILL');
        return unexpectedEnd;
      },
    );
    return problemOf(await run.catch((error: unknown) => error));
  };

  it('names the signal and the log, and says that a new `fedimg dev` goes on with open publications', async () => {
    const afterUnexpectedEnd = (stateDir: string) => startAgain(stateDir, {});
    const { what, next, exitCode } = await killed({ name: 'dev', afterUnexpectedEnd });
    assert.match(what, /^worker ended unexpectedly \(SIGKILL\)/);
    assert.match(what, new RegExp(`All of its output: ${join(directory, 'logs', 'worker.log')}`));
    assert.match(next ?? '', /Start `fedimg dev` again, with the same options/);
    assert.match(next ?? '', /[Oo]pen publications go on/);
    assert.ok(next?.includes(directory), `${next} names the folder that keeps their state`);
    assert.equal(exitCode, 1);
  });

  it('names the Temporal server that keeps the histories, where dev did not start it', () => {
    const next = startAgain('/state', { TEMPORAL_ADDRESS: '127.0.0.1:7233' });
    assert.match(next, /the Temporal server at 127\.0\.0\.1:7233 keeps their histories/);
    assert.match(next, /\/state keeps the local cloud/);
  });

  it('gives no advice after a demo, whose state is removed', async () => {
    assert.equal((await killed({ name: 'demo' })).next, undefined);
  });
});

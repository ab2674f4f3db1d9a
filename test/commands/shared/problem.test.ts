import assert from 'node:assert/strict';
import { ClientError } from '../../../src/client/errors.js';
import { EXIT, exitCodeOf } from '../../../src/commands/shared/exit-codes.js';
import { problemOf, renderProblem, usageError } from '../../../src/commands/shared/problem.js';
import { loadConfig } from '../../../src/config/load.js';
import { MissingToolsError } from '../../../src/local/processes/tools.js';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

describe('errors, as a command reports them', () => {
  it('have the exit code of their kind', async () => {
    const config = await loadConfig({ path: '/nowhere.toml', env: {}, cwd: '/' }).catch(
      (error: unknown) => error,
    );
    const codes: [unknown, number][] = [
      [usageError('no'), EXIT.usage],
      [config, EXIT.usage],
      [new ClientError('configuration', 'm', 'n'), EXIT.usage],
      [new ClientError('credentials', 'm', 'n'), EXIT.credentials],
      [named('CredentialsProviderError', 'm'), EXIT.credentials],
      [new ClientError('unreachable', 'm', 'n'), EXIT.unreachable],
      [named('TemporalServerNotFoundError', 'm'), EXIT.unreachable],
      [new ClientError('not-found', 'm', 'n'), EXIT.notFound],
      [new ClientError('conflict', 'm', 'n'), EXIT.failed],
      [new MissingToolsError(['xz']), EXIT.failed],
      [new TypeError('nobody foresaw this'), EXIT.failed],
      ['a string', EXIT.failed],
    ];
    for (const [error, code] of codes) assert.equal(problemOf(error).exitCode, code, String(error));
  });

  it('show no stack but to whoever asked for one', () => {
    const error = new TypeError('nobody foresaw this', { cause: new Error('the disk is full') });
    const problem = problemOf(error);
    assert.equal(
      renderProblem(problem, { error, verbose: false }),
      'fedimg: nobody foresaw this\n  why:  the disk is full',
    );
    assert.match(renderProblem(problem, { error, verbose: true }), /problem\.test\.ts/);
  });

  it('say the next act', () => {
    const text = renderProblem(
      problemOf(new ClientError('unreachable', 'no server', 'fedimg dev')),
      {
        verbose: false,
      },
    );
    assert.equal(text, 'fedimg: no server\n  next: fedimg dev');
  });
});

describe('exit codes', () => {
  it('tell the outcome of a publication', () => {
    assert.equal(exitCodeOf('published'), 0);
    assert.equal(exitCodeOf('already-published'), 0);
    assert.equal(exitCodeOf('partly-published'), 3);
    assert.equal(exitCodeOf('failed'), 1);
    assert.equal(exitCodeOf('cancelled'), 1);
    assert.equal(exitCodeOf('running'), 8);
  });
});

import assert from 'node:assert/strict';
import { ClientError } from '../../../src/client/errors.js';
import { EXIT } from '../../../src/commands/shared/exit-codes.js';
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
      [new TypeError('unexpected'), EXIT.failed],
      ['a string', EXIT.failed],
    ];
    for (const [error, code] of codes) assert.equal(problemOf(error).exitCode, code, String(error));
  });

  it('name refused credentials of any service, and what to check', () => {
    const codes = ['AuthFailure', 'UnrecognizedClientException', 'InvalidClientTokenId'];
    for (const code of [...codes, 'ExpiredTokenException', 'UnauthorizedOperation']) {
      const error = Object.assign(named(code, 'no'), { $metadata: { httpStatusCode: 400 } });
      const { exitCode, next = '' } = problemOf(error);
      assert.equal(exitCode, EXIT.credentials, code);
      assert.match(next, /aws sts get-caller-identity/, code);
    }
  });

  it('show the stack only with --verbose', () => {
    const error = new TypeError('unexpected', { cause: new Error('the disk is full') });
    const problem = problemOf(error);
    assert.equal(
      renderProblem(problem, { error, verbose: false }),
      'fedimg: unexpected\n  why:  the disk is full',
    );
    assert.match(renderProblem(problem, { error, verbose: true }), /problem\.test\.ts/);
  });

  it('include the next step', () => {
    const text = renderProblem(
      problemOf(new ClientError('unreachable', 'no server', 'fedimg dev')),
      {
        verbose: false,
      },
    );
    assert.equal(text, 'fedimg: no server\n  next: fedimg dev');
  });
});

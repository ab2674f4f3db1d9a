import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withDevAdvice } from '../../../src/commands/shared/dev-advice.js';
import { EXIT } from '../../../src/commands/shared/exit-codes.js';
import { writeStackNote } from '../../../src/local/stack-note.js';
import { openStateDir, stateDirPath } from '../../../src/local/state-dir.js';

describe('refused credentials beside a running local cloud', () => {
  const problem = { what: 'no AWS credentials', next: 'set them', exitCode: EXIT.credentials };
  let folder: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedimg-test-dev-advice-'));
    env = { XDG_STATE_HOME: folder };
    const state = await openStateDir({ name: 'dev', env });
    await writeStackNote(stateDirPath('dev', env), {
      pid: process.pid,
      address: '127.0.0.1:7233',
      namespace: 'default',
      uiUrl: undefined,
      simulatorUrl: 'http://127.0.0.1:8234',
      configFile: '/a.toml',
      taskQueue: 'fedimg',
    });
    await state.release();
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('name the file with the variables that the shell lacks', async () => {
    const { next } = await withDevAdvice(problem, env);
    assert.match(next ?? '', new RegExp(`source ${join(folder, 'fedimg', 'dev', 'dev\\.env')}`));
  });

  it('keep their own advice in a shell that has the variables, and where no local cloud runs', async () => {
    const sourced = { ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:8234' };
    assert.equal((await withDevAdvice(problem, sourced)).next, 'set them');
    const elsewhere = { XDG_STATE_HOME: join(folder, 'empty') };
    assert.equal((await withDevAdvice(problem, elsewhere)).next, 'set them');
  });

  it('do not lend their advice to another error', async () => {
    const other = { ...problem, exitCode: EXIT.unreachable };
    assert.equal((await withDevAdvice(other, env)).next, 'set them');
  });
});

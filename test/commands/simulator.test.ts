import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '../support/until.js';
import { runCli, startCli } from './run-cli.js';

/** What `fedimg simulator` has printed when it is ready, on both streams. */
async function printed(env: NodeJS.ProcessEnv): Promise<string> {
  const child = startCli(['simulator'], { env });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close');
  try {
    await until('its variables', () => text.includes('export AWS_DEFAULT_REGION'));
  } finally {
    child.kill('SIGINT');
    await ended;
  }
  return text;
}

describe('the key pair of the local cloud', () => {
  it('is not printed when it is that of the environment, which may be one of a real account', async () => {
    const secret = 'canary/of+a-real-account';
    const text = await printed({ AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: secret });
    assert(!text.includes(secret), text);
    assert.match(text, /export AWS_ENDPOINT_URL='http:/);
    assert.match(text, /its key pair is that of this environment/);
  });

  it('is printed when the local cloud has made it', async () => {
    const text = await printed({});
    assert.match(text, /export AWS_ACCESS_KEY_ID='AKIA[A-Z2-7]{16}'/);
    assert.match(text, /export AWS_SECRET_ACCESS_KEY='[^']{40}'/);
  });
});

describe('a file of users and roles for the local cloud', () => {
  it('is refused with what is wrong in it, before anything starts', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'fedimg-test-iam-'));
    try {
      const file = path.join(directory, 'iam.json');
      const policies = { worker: { Statement: [{ Effect: 'Allow', Action: 'ec2:*' }] } };
      await writeFile(file, JSON.stringify({ users: [{ name: 'release', policies }] }));
      const { code, stderr } = await runCli(['simulator', '--iam', file], {
        cwd: directory,
        env: {},
      });
      assert.equal(code, 2, stderr);
      assert.match(stderr, /Policies of release: worker: /);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

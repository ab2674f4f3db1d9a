import assert from 'node:assert/strict';
import { once } from 'node:events';
import { until } from '../support/until.js';
import { startCli } from './run-cli.js';

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

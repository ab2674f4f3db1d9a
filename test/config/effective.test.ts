import assert from 'node:assert/strict';
import { join } from 'node:path';
import { effectiveValues, type EffectiveValue } from '../../src/config/effective.js';
import { loadConfig } from '../../src/config/load.js';
import { parseToml } from '../../src/config/toml.js';
import { effectiveToml } from '../../src/commands/view/effective-toml.js';
import { eachWithConfigFolder, LEAST } from './config-files.js';

const plain = (_style: unknown, text: string): string => text;

describe('the configuration in effect', () => {
  const folder = eachWithConfigFolder();

  async function shown(
    text: string,
    env: NodeJS.ProcessEnv = {},
  ): Promise<{ toml: string; of: (key: string) => EffectiveValue | undefined }> {
    await folder().write('fedimg.toml', text);
    const loaded = await loadConfig({ env: {}, cwd: folder().path });
    const values = effectiveValues(loaded, env);
    return {
      toml: effectiveToml(loaded.file, values, plain),
      of: (key) => values.find((one) => one.key === key),
    };
  }

  it('says of each value whether the file, the default, another key or a variable set it', async () => {
    const { of } = await shown(`deployment = "staging"\n${LEAST}`, { FEDIMG_METRICS: ':9464' });
    assert.deepEqual([of('deployment')?.from, of('deployment')?.line], ['set', 1]);
    assert.equal(of('amis[0].region')?.line, 4);
    assert.deepEqual([of('sweep.every')?.value, of('sweep.every')?.from], ['15m', 'default']);
    assert.deepEqual(
      [of('worker.task_queue')?.value, of('worker.task_queue')?.by],
      ['staging', 'deployment'],
    );
    assert.equal(of('publish.operator_patience')?.value, '2h');
    assert.deepEqual(
      [of('metrics.worker')?.value, of('metrics.worker')?.by],
      [':9464', 'FEDIMG_METRICS'],
    );
    assert.equal(of('test.script')?.value, join(folder().path, 'smoke.sh'));
    assert.equal(of('utility.subnet')?.from, 'unset');
  });

  it('does not print the password of the broker, the webhook that is a secret, or a secret of the environment', async () => {
    const { toml } = await shown(
      `${LEAST}[messaging]\nurl = "amqps://fedimg:hunter2@broker.example.org/%2Fpubsub"\ntopic_prefix = "org.example"\n` +
        '[notify.webhook]\nurl = "https://hooks.example.org/services/T0/B0/hunter3"\n',
      { FEDIMG_NOTIFY_MAIL_PASSWORD: 'hunter4' },
    );
    assert.doesNotMatch(toml, /hunter/);
    assert.match(toml, /url = "amqps:\/\/\[redacted\]@broker\.example\.org\/%2Fpubsub"/);
    assert.match(toml, /url = "https:\/\/hooks\.example\.org\/\[redacted\]"/);
    assert.match(toml, /bindings = \["org\.example\.pungi[^#]*# by messaging\.topic_prefix/);
  });

  it('is a configuration itself: loaded again it means the same', async () => {
    const text = `${LEAST}[[amis]]\nregion = "eu-west-1"\nami = "al2023"\narch = "x86_64"\n[tags]\n"cost center" = "4711: a"\n`;
    const before = await folder().load(text);
    const { toml } = await shown(text);
    assert.ok(parseToml(toml), 'no parseToml(toml)');
    // What is derived is written down.
    const publish = { ...before.publish, operatorPatienceMs: before.publish.regionPatienceMs };
    assert.deepEqual(await folder().load(toml), { ...before, publish });
  });
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import { eachWithConfigFolder, LEAST } from './config-files.js';

describe('the configuration file', () => {
  const folder = eachWithConfigFolder();

  const loadFrom = async (env: NodeJS.ProcessEnv, path?: string): Promise<string> => {
    const options = { env, cwd: folder().path, ...(path === undefined ? {} : { path }) };
    const { config, file } = await loadConfig(options);
    return `${config.deployment} ${file}`;
  };
  const named = (name: string): string => `deployment = "${name}"\n${LEAST}`;

  it('is the one of --config, else of FEDIMG_CONFIG, else the one in the folder', async () => {
    const here = await folder().write('fedimg.toml', named('here'));
    const byEnvironment = await folder().write('env.toml', named('environment'));
    const byOption = await folder().write('option.toml', named('option'));
    const env = { FEDIMG_CONFIG: 'env.toml' };
    assert.equal(await loadFrom(env, 'option.toml'), `option ${byOption}`);
    assert.equal(await loadFrom(env), `environment ${byEnvironment}`);
    assert.equal(await loadFrom({}), `here ${here}`);
    assert.equal(await loadFrom({ FEDIMG_CONFIG: '' }), `here ${here}`);
  });

  it('that is named and missing is never replaced by another', async () => {
    await folder().write('fedimg.toml', named('here'));
    await assert.rejects(
      loadFrom({}, 'none.toml'),
      /--config names .*none\.toml, which does not exist/,
    );
    await assert.rejects(loadFrom({ FEDIMG_CONFIG: 'none.toml' }), /FEDIMG_CONFIG names/);
  });

  it('that is missing is reported with the places and a way to start', async () => {
    const error: unknown = await loadFrom({}).catch((caught: unknown) => caught);
    assert.ok(error instanceof ConfigError, 'is there an /etc/fedimg.toml on this machine?');
    assert.match(
      error.message,
      /looked at: --config .*FEDIMG_CONFIG .*fedimg\.toml, \/etc\/fedimg\.toml/,
    );
    assert.match(error.message, /cp fedimg\.sample\.toml fedimg\.toml/);
  });

  it('that cannot be read is reported with the reason', async () => {
    await assert.rejects(loadFrom({}, '.'), /it is a directory/);
    await writeFile(join(folder().path, 'latin1.toml'), Buffer.from([0x23, 0xfc]));
    await assert.rejects(loadFrom({}, 'latin1.toml'), /is not UTF-8 text/);
    await folder().write('large.toml', '#'.repeat(2 * 1024 * 1024));
    await assert.rejects(loadFrom({}, 'large.toml'), /bytes, allowed: 1048576/);
  });

  it('finds the test script beside itself, from any working directory', async () => {
    await folder().write('etc/tests/smoke.sh', 'true');
    const file = await folder().write('etc/f.toml', LEAST.replace('smoke.sh', 'tests/smoke.sh'));
    const { config } = await loadConfig({ path: file, env: {}, cwd: '/' });
    assert.equal(config.test.script, join(folder().path, 'etc/tests/smoke.sh'));
  });

  it('with a script that is too large for its transport is refused at start', async () => {
    await folder().write('large.sh', '#'.repeat(50_000));
    await folder().write('empty.sh', '');
    const large = LEAST.replace('smoke.sh', 'large.sh');
    const [complaint] = await folder().complaintsAbout(large);
    assert.match(complaint ?? '', /test\.script: .*50000 bytes; allowed: 49152/);
    const [empty] = await folder().complaintsAbout(LEAST.replace('smoke.sh', 'empty.sh'));
    assert.match(empty ?? '', /which is empty/);
  });

  it('with a script that user-data cannot carry is refused at start, not after the write and the copy', async () => {
    const script = `#!/bin/bash\n: '${randomBytes(12_000).toString('base64')}'\n`;
    await folder().write('dense.sh', script);
    const dense = LEAST.replace('smoke.sh', 'dense.sh');
    await folder().load(dense);
    const [complaint] = await folder().complaintsAbout(`${dense}transport = "console"`);
    assert.match(
      complaint ?? '',
      /test\.script: .* has 160\d\d bytes and, compressed.*16 KiB of user-data/,
    );
    await folder().write('sparse.sh', `#!/bin/bash\n${'true\n'.repeat(3_000)}`);
    await folder().load(`${LEAST.replace('smoke.sh', 'sparse.sh')}transport = "console"`);
  });

  it('with a script from Windows is refused at start, not an hour later on the instance', async () => {
    await folder().write('windows.sh', '#!/bin/bash\r\ntrue\r\n');
    const [complaint] = await folder().complaintsAbout(LEAST.replace('smoke.sh', 'windows.sh'));
    assert.match(complaint ?? '', /CR LF.*sed -i/);
  });

  const BROKER = `${LEAST}[messaging]\nurl = "amqps://broker.example/%2Fpubsub"\ntopic_prefix = "org.stg"\n`;

  it('finds certificates beside itself, from any working directory', async () => {
    await folder().write('etc/smoke.sh', 'true');
    await folder().write('etc/pki/ca.pem', 'a certificate');
    const file = await folder().write('etc/f.toml', `${BROKER}ca_file = "pki/ca.pem"\n`);
    const { config } = await loadConfig({ path: file, env: {}, cwd: '/' });
    assert.equal(config.messaging.caFile, join(folder().path, 'etc/pki/ca.pem'));
  });

  it('with a missing certificate is refused, before AMIs become public without a message', async () => {
    const files = 'ca_file = "nope.pem"\ncert_file = "."\nkey_file = "/nope/key.pem"\n';
    const complaints = await folder().complaintsAbout(`${BROKER}${files}`);
    assert.equal(complaints.length, 3);
    assert.match(
      complaints[0] ?? '',
      /messaging\.ca_file: is .*nope\.pem, which does not exist; put/,
    );
    assert.match(complaints[1] ?? '', /messaging\.cert_file: .* which is not a file; name/);
    assert.match(complaints[2] ?? '', /messaging\.key_file: is \/nope\/key\.pem/);
  });

  it('with a password but no user would log in as guest, so it is refused', async () => {
    const [complaint = ''] = await folder().complaintsAbout(`${BROKER}password_file = "p"\n`);
    assert.match(complaint, /messaging\.password_file: has an effect only with a user in url/);
    const withUser = BROKER.replace('amqps://', 'amqps://fedimg@');
    const { messaging } = await folder().load(`${withUser}password_file = "p"\n`);
    assert.equal(messaging.passwordFile, join(folder().path, 'p'));
  });

  it('that is wrong shows no password of the broker: journals keep what is printed', async () => {
    const prefix = 'topic_prefix = "org.stg"\n';
    const wrong = [
      'url = "amqps://fedimg:hunter2@broker.example/%2Fpubsub"\n',
      `url = "amqps://fedimg:hunter2@broker.example/?heartbeat=1"\n${prefix}`,
      `url = "amqps://fedimg:p@ss/hunter2@broker.example"\n${prefix}`,
      `url = "amqps://fedimg:hunter2@broker.example\n${prefix}`,
      `url = ["amqps://fedimg:hunter2@broker.example"]\n${prefix}`,
      `urls = "amqps://fedimg:hunter2@broker.example"\n${prefix}`,
      `exchange = "amqps://fedimg:hunter2@broker.example x"\n${prefix}`,
      'passive_declares = "amqps://fedimg:hunter2@broker.example"\n',
    ];
    for (const lines of wrong) {
      await folder().write('fedimg.toml', `${LEAST}[messaging]\n${lines}`);
      await assert.rejects(loadConfig({ env: {}, cwd: folder().path }), (error) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.doesNotMatch(error.message + JSON.stringify(error.problems), /hunter2/, lines);
        assert.match(error.message, /amqps:\/\/\*\*\*@broker\.example/);
        return true;
      });
    }
  });

  it('with a script that cannot be read is refused', async () => {
    await symlink('circle.sh', join(folder().path, 'circle.sh'));
    const [complaint] = await folder().complaintsAbout(LEAST.replace('smoke.sh', 'circle.sh'));
    assert.match(complaint ?? '', /cannot be read \(ELOOP\); make it readable/);
  });
});

import assert from 'node:assert/strict';
import { EXIT } from '../../src/commands/shared/exit-codes.js';
import { eachWithConfigFolder, LEAST } from '../config/config-files.js';
import { runCli } from './run-cli.js';

describe('fedimg config', () => {
  const folder = eachWithConfigFolder();

  async function config(...args: readonly string[]) {
    return runCli(['config', ...args], { cwd: folder().path });
  }

  it('checks a file before the worker is restarted with it, each mistake with its line', async () => {
    await folder().write('fedimg.toml', LEAST);
    const good = await config('check');
    assert.equal(good.code, EXIT.done, good.stderr);
    assert.match(
      good.stdout,
      /fedimg\.toml is valid\.\n {2}deployment fedimg, home region us-east-1/,
    );

    await folder().write('next.toml', `${LEAST}timeout = "90x"\n[publish]\nregoins = "all"\n`);
    const bad = await config('check', 'next.toml');
    assert.equal(bad.code, EXIT.usage);
    assert.match(bad.stderr, /next\.toml:8:1: test\.timeout: is not a duration/);
    const json = await config('check', 'next.toml', '-o', 'json');
    assert.equal(json.code, EXIT.usage);
    const { valid, problems } = JSON.parse(json.stdout) as {
      valid: boolean;
      problems: { line: number; key: string }[];
    };
    assert.equal(valid, false);
    assert.deepEqual(
      problems.map(({ line, key }) => [line, key]),
      [
        [8, 'test.timeout'],
        [10, 'publish.regoins'],
      ],
    );
  });

  it('shows what differs from the defaults, and the schema that editors read', async () => {
    await folder().write('fedimg.toml', LEAST);
    const { stdout, code } = await config('show', '--changed');
    assert.equal(code, EXIT.done);
    assert.match(stdout, /\[\[amis\]\] # item 1\nregion = "us-east-1" +# line 3\n/);
    assert.doesNotMatch(stdout, /\[sweep\]/);
    const schema = JSON.parse((await config('schema')).stdout) as {
      $schema: string;
      properties: { sweep: { properties: { every: Record<string, unknown> } } };
      required: string[];
    };
    assert.match(schema.$schema, /2020-12/);
    assert.deepEqual(schema.required, ['amis']);
    const { every } = schema.properties.sweep.properties;
    assert.equal(every['x-allowed'], '1m to 7d');
    assert.match('90m', new RegExp(String(every['pattern'])));
    assert.doesNotMatch('90x', new RegExp(String(every['pattern'])));
  });
});

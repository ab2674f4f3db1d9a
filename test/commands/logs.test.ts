import assert from 'node:assert/strict';
import { appendFile, chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { Writable } from 'node:stream';
import pino from 'pino';
import { logOptions } from '../../src/commands/shared/log.js';
import { EXIT } from '../../src/commands/shared/exit-codes.js';
import type { LogLevel } from '../../src/model/log-level.js';
import { logRegion } from '../../src/worker/log-region.js';
import { activityFields } from '../../src/worker/log-fields.js';
import { outgoingMessages } from '../../src/worker/outgoing-messages.js';
import { eachWithConfigFolder, LEAST } from '../config/config-files.js';
import { runCli } from './run-cli.js';

const COMPOSE = 'Fedora-Cloud-43-20251021.0';
const IMAGE = `image/${COMPOSE}/Cloud_Base/x86_64`;

function logTo(level: LogLevel): { readonly log: pino.Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(...chunk.toString().trim().split('\n'));
      done();
    },
  });
  return { log: pino(logOptions(level), stream), lines };
}

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly error: Record<string, unknown> & { readonly cause?: Record<string, unknown> };
}

describe('the log', () => {
  it('says what failed, with the chain of causes and without secrets', () => {
    const { log, lines } = logTo('info');
    const cause = new Error('GET https://example.org/?X-Amz-Signature=abc failed');
    const failure = ApplicationFailure.create({
      type: 'EC2TestException',
      message: 'the test failed',
      cause,
    });
    const meta = {
      workflowId: IMAGE,
      runId: 'r',
      activityType: 'runTest',
      attempt: 2,
      taskToken: 7n,
    };
    log.warn({ ...activityFields(meta), error: failure }, 'Activity failed');
    const line = JSON.parse(lines[0] ?? '') as Line & Record<string, unknown>;
    assert.equal(line.error['type'], 'EC2TestException');
    assert.equal(line.error['message'], 'the test failed');
    assert.match(
      String(line.error.cause?.['message']),
      /^GET https:\/\/example\.org\/\?\[redacted\]/,
    );
    assert.equal(line.error['stack'], undefined);
    assert.equal(line['workflow'], IMAGE);
    assert.equal(line['image'], `${COMPOSE}/Cloud_Base/x86_64`);
    assert.equal(line['activity'], 'runTest');
    assert.equal(line['attempt'], 2);
    assert.equal(line['taskToken'], undefined);
  });

  it('has the stack of an error at debug', () => {
    const { log, lines } = logTo('debug');
    log.warn({ err: new Error('broken') }, 'failed');
    const { err } = JSON.parse(lines[0] ?? '') as { err: { stack: string } };
    assert.match(err.stack, /logs\.test/);
  });

  it('does not bury a failed run under a line for each message', async () => {
    const { log, lines } = logTo('info');
    const { send } = outgoingMessages({ messaging: { topicPrefix: undefined } as never }, log);
    const body = {
      ...{
        workflow_id: IMAGE,
        run_id: 'r',
        compose_id: COMPOSE,
        image_name: 'n',
        image_url: 'https://example.org/n',
      },
      ...{ subvariant: 'Cloud_Base', architecture: 'x86_64', destination: 'us-east-1' },
      ...{ service: 'EC2', outcome: 'failed', reason: 'no capacity', regions: {} },
    };
    const upload = {
      ...{
        image_name: 'n',
        image_url: 'https://example.org/n',
        destination: 'us-east-1',
        service: 'EC2',
      },
      ...{ compose: COMPOSE, status: 'failed', extra: { virt_type: 'hvm', vol_type: 'gp2' } },
    };
    const key = `${IMAGE}/r/run/ended`;
    await send({ topic: 'image.upload', key: `${IMAGE}/r/upload`, body: upload });
    await send({ topic: 'run.v1.failed', key, body });
    const shown = lines.map((line) => JSON.parse(line) as Line & Record<string, unknown>);
    const about = shown.filter(({ msg }) => !msg.startsWith('messages are not sent'));
    assert.deepEqual(
      about.map(({ level, msg, workflow, reason }) => [level, msg, workflow, reason]),
      [[50, 'publication failed', IMAGE, 'no capacity']],
    );
  });
});

describe('the log of an activity', () => {
  it('names the region that it works in', async () => {
    const { inbound, outbound } = logRegion({} as never);
    const input = { args: [{ regionName: 'eu-west-1' }], headers: {} };
    await inbound?.execute?.(input, () => Promise.resolve());
    const fields = outbound?.getLogAttributes?.({ workflowId: IMAGE }, (given) => given);
    assert.deepEqual(fields, { workflowId: IMAGE, region: 'eu-west-1' });
  });
});

describe('fedimg logs', () => {
  const folder = eachWithConfigFolder();

  async function logs(id: string, ...args: readonly string[]) {
    return runCli(['logs', id, '--config', join(folder().path, 'fedimg.toml'), ...args]);
  }

  it('shows the lines of one run and says where it looked', async () => {
    await folder().write('fedimg.toml', `${LEAST}[log]\nfile = "own.log"\n`);
    const line = (fields: object) =>
      `${JSON.stringify({ level: 30, time: 1761048000000, ...fields })}\n`;
    const file = join(folder().path, 'own.log');
    await appendFile(file, line({ workflow: IMAGE, msg: 'mine \u001b[31m', region: 'eu-west-1' }));
    await appendFile(file, line({ workflow: `compose/${COMPOSE}`, msg: 'of the compose' }));
    await appendFile(
      file,
      line({ workflow: `image/${COMPOSE}.1/Cloud_Base/x86_64`, msg: 'other' }),
    );
    await appendFile(file, 'Traceback: not one of ours\n');

    const image = await logs(`${COMPOSE}/Cloud_Base/x86_64`);
    assert.equal(image.code, EXIT.done, image.stderr);
    assert.match(
      image.stdout,
      /^2025-10-21T12:00:00\.000Z info {2}mine \\u\{1b\}\[31m .*region=eu-west-1\n$/,
    );
    assert.match(image.stderr, /Looked for image\/.* in .*own\.log \(1 lines\)/);

    const compose = await logs(COMPOSE, '-o', 'jsonl');
    const messages = compose.stdout
      .trim()
      .split('\n')
      .map((one) => (JSON.parse(one) as Line).msg);
    assert.deepEqual(messages, ['mine \u001b[31m', 'of the compose']);

    const none = await logs('Fedora-Cloud-44-20251021.0');
    assert.equal(none.code, EXIT.notFound);
    assert.match(none.stderr, /No line names it\. Other workers may have run it/);
    assert.ok((await readFile(file, 'utf8')).length > 0, 'the file is empty');
  });

  it('reads the entries of the journal, and the plain lines of a service without them', async () => {
    await folder().write('fedimg.toml', `${LEAST}[log]\njournal_unit = "fedimg-worker"\n`);
    const line = JSON.stringify({ level: 40, time: 1761048000000, workflow: IMAGE, msg: 'é' });
    const entries = [
      { MESSAGE: 'é', FEDIMG_LOG: line },
      { MESSAGE: [...Buffer.from(line)] },
      { MESSAGE: 'Started fedimg-worker.service' },
    ];
    const stand = `#!/bin/sh\necho "$@" >"$0.args"\ncat <<'E'\n${entries.map((one) => JSON.stringify(one)).join('\n')}\nE\n`;
    await chmod(await folder().write('bin/journalctl', stand), 0o755);
    const bin = join(folder().path, 'bin');
    const config = ['--config', join(folder().path, 'fedimg.toml')];
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const { stdout, code, stderr } = await runCli(['logs', COMPOSE, ...config], { env });
    assert.equal(code, EXIT.done, stderr);
    assert.equal(stdout.match(/ warn {2}é /g)?.length, 2);
    const args = await readFile(join(bin, 'journalctl.args'), 'utf8');
    assert.match(args, /--unit fedimg-worker --output json --all .*MESSAGE,FEDIMG_LOG/);
  });

  it('says what to set when the configuration names no log', async () => {
    await folder().write('fedimg.toml', LEAST);
    const { code, stderr } = await logs(COMPOSE);
    assert.equal(code, EXIT.usage);
    assert.match(stderr, /names no place of the log[^]*next: Set log\.file/);
  });
});

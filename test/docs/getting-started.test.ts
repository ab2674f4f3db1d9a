/** A new user follows docs/getting-started.md word by word, in an account that evaluates policies. */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { reserveFreePort } from '../../src/local/processes/free-port.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import { findTemporalBinary } from '../../src/local/temporal/binary.js';
import type { Simulator } from '../../src/simulator/index.js';
import { agentKeyFile, startSimulator } from '../../src/simulator/index.js';
import { CloudControl } from '../support/cloud-control.js';
import { keptImage } from '../support/kept-images.js';
import { awsTools } from '../support/python-tools.js';
import { checkout, runShell } from './checkout.js';
import { startCloudFormation } from './cloudformation-stand-in.js';
import { shellBlocks } from './shell-blocks.js';

const PAGE = 'docs/getting-started.md';

/** What the page says that the test changes. */
interface Changes {
  /** In place of the value of `export NAME=`. */
  readonly values: Readonly<Record<string, string>>;
  readonly ports: Readonly<Record<string, number>>;
  readonly configuration: string;
  /** Runs after the block that cancels a run. */
  readonly afterCancel: string;
}

const ADMINISTRATOR = {
  name: 'administrator',
  accessKeyId: 'AKIAADMINISTRATOR123',
  secretAccessKey: 'of the administrator',
  policies: {
    AdministratorAccess: {
      Version: '2012-10-17' as const,
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    },
  },
};

/** One script of all commands, which ends at the first that fails. */
async function scriptOf({ values, ports, configuration, afterCancel }: Changes): Promise<string> {
  const blocks = await shellBlocks(PAGE);
  const texts = blocks.map(({ line, text }) => {
    let changed = text;
    for (const [name, value] of Object.entries(values)) {
      changed = changed.replace(
        new RegExp(`^export ${name}=.*$`, 'm'),
        `export ${name}='${value}'`,
      );
    }
    for (const [port, own] of Object.entries(ports)) {
      changed = changed.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(own));
    }
    changed = changed.replaceAll(
      /^(.*?)\s+# exit status (\d+):.*$/gm,
      (_, command: string, status: string) => `${command} && exit 99 || test $? = ${status}`,
    );
    const blockLines = [`echo "## ${PAGE}:${line}" >&2`, changed];
    if (changed.includes('> fedimg.toml')) {
      blockLines.push(`cat >> fedimg.toml <<'END'\n${configuration}\nEND`);
    }
    if (changed.includes('fedimg cancel')) blockLines.push(afterCancel);
    return blockLines.join('\n');
  });
  for (const name of Object.keys(values)) {
    assert(
      texts.some((text) => text.includes(`export ${name}='`)),
      `the page sets ${name}`,
    );
  }
  return ['set -e', `trap 'echo "failed: $BASH_COMMAND" >&2' ERR`, ...texts].join('\n');
}

/** Two AMIs in each region, public, and no machine; the worker was refused no call. */
async function assertPublished(simulator: Simulator): Promise<void> {
  const cloud = new CloudControl(simulator.url);
  const alive = await cloud.resources();
  const images = alive.filter(({ type }) => type === 'image');
  assert.deepEqual(images.map(({ region }) => region).sort(), [
    ...['eu-west-1', 'eu-west-1', 'us-east-1', 'us-east-1'],
  ]);
  assert(
    images.every((one) => one.public),
    JSON.stringify(images),
  );
  const machines = alive.filter(({ type }) => type === 'instance' || type === 'volume');
  assert.deepEqual(machines, []);
  const decisions = await cloud.decisions();
  const ofWorker = decisions.filter(({ principal }) => principal.includes('role/fedimg-worker/'));
  assert(ofWorker.length > 50, `${ofWorker.length} decisions`);
  // What has no tags is gone, or never existed: doctor's dry runs, and volumes that end with their instance.
  const refused = ofWorker.filter(
    ({ verdict, resource, context }) =>
      verdict !== 'allowed' && (/[*]$/.test(resource) || 'aws:ResourceTag/managed-by' in context),
  );
  assert.deepEqual(refused, []);
}

describe('docs/getting-started.md', () => {
  it('leads a new user to public AMIs, with the policies in force', async function () {
    this.timeout(600_000);
    const folder = await mkdtemp(join(tmpdir(), 'fedimg-test-started-'));
    await mkdir(join(folder, 'served'));
    const users = [ADMINISTRATOR];
    const simulator = await startSimulator({
      stateDir: join(folder, 'cloud'),
      latency: 'instant',
      iam: { users },
    });
    const stack = await startCloudFormation({ simulator, users });
    const served = await startComposeServer({ directory: join(folder, 'served') });
    try {
      const { images } = await writeSampleCompose({
        directory: join(folder, 'served'),
        composeId: 'Fedora-Cloud-43-20251021.0',
        baseUrl: served.url,
        rawDirectory: folder,
        architectures: ['x86_64'],
        rawSizeBytes: 32 * 1024 * 1024,
        dataBytes: 256 * 1024,
        seed: 'compose 1',
        makeImage: keptImage,
      });
      const [image] = images;
      assert(image, 'no image');
      const script = await scriptOf({
        values: { IMAGE: image.url, SHA256: image.sha256 },
        ports: { 7233: await reserveFreePort(), 8233: await reserveFreePort() },
        configuration: [
          `agent_key = "${agentKeyFile}"`,
          '[timing]\nscale = 0.05\npoll_interval = "200ms"\ncommand_poll_interval = "200ms"',
        ].join('\n'),
        afterCancel: `curl --fail --silent -X PUT -d '[]' ${simulator.url}/_fedimg/faults`,
      });
      // The first run lasts until the reader cancels it, however slow their commands are.
      await new CloudControl(simulator.url).setFaults([
        { action: 'RegisterImage', kind: 'throttle', count: 0 },
      ]);
      const aws = await awsTools();
      const temporal = await findTemporalBinary({ log: () => undefined });
      const PATH = await checkout(folder, [aws, dirname(temporal.path)]);
      const { accessKeyId, secretAccessKey } = ADMINISTRATOR;
      await writeFile(
        join(folder, 'home/.aws/credentials'),
        `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      );
      const { status, output } = await runShell(script, folder, {
        PATH,
        HOME: join(folder, 'home'),
        AWS_ENDPOINT_URL: simulator.url,
        AWS_ENDPOINT_URL_CLOUDFORMATION: stack.url,
        AWS_EC2_METADATA_DISABLED: 'true',
        npm_config_update_notifier: 'false',
      });
      const worker = await readFile(join(folder, 'worker.log'), 'utf8').catch(() => '');
      assert.equal(status, 0, `${output}\n${worker.slice(-2000)}`);
      assert.deepEqual(stack.stacks, ['fedimg']);
      assert.doesNotMatch(worker, /"level":[56]0/, 'the worker logs no error');
      await assertPublished(simulator);
      if (process.env['FEDIMG_TEST_LOG'] !== undefined) console.log(output);
    } finally {
      await served.close();
      await stack.close();
      await simulator.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEPLOYMENT } from '../support/publisher-config.js';
import type { AmiRow } from '../../src/client/amis.js';
import { connectToTemporal } from '../../src/client/connection.js';
import { startImage } from '../../src/client/start.js';
import type { SampleCompose } from '../../src/local/compose-server/sample-compose.js';
import { failureOf } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { until } from '../support/until.js';
import { runHere } from './run-cli.js';

const labelled = (compose: SampleCompose, compose_label: string): SampleCompose => ({
  ...compose,
  message: Object.assign({}, compose.message, { compose_label }),
});

/** As a user types it; with the page of each run. */
async function amis({ env, configFile }: LocalPublisher, args: readonly string[]) {
  const ui = { TEMPORAL_UI_URL: 'http://ui.example' };
  const { code, stdout, stderr } = await runHere(['--config', configFile, 'amis', ...args], {
    env: { ...env, ...ui },
  });
  return { code, stdout, stderr };
}

async function rowsOf(publisher: LocalPublisher, args: readonly string[]): Promise<AmiRow[]> {
  const { stdout } = await amis(publisher, [...args, '-o', 'json']);
  return JSON.parse(stdout) as AmiRow[];
}

/** Both sources, until Temporal's visibility store lists what has ended. */
async function bothAnswers(publisher: LocalPublisher, args: readonly string[], rows: number) {
  const fromEc2 = await rowsOf(publisher, [...args, '--from', 'ec2']);
  let fromTemporal: AmiRow[] = [];
  await until(`${rows} rows`, async () => {
    fromTemporal = await rowsOf(publisher, args);
    return fromTemporal.length === rows;
  });
  return { fromEc2, fromTemporal };
}

describe('the AMIs from both sources', () => {
  it('are the same from tags and from histories: with a left-out region, after a failed test, after a repeat', async function () {
    this.timeout(900_000);
    await withPublisher({}, async (publisher) => {
      const good = labelled(await publisher.compose(), 'RC-1.6');
      await publisher.setFaults([
        { action: 'CopySnapshot', region: 'eu-west-1', kind: 'refusal', count: 0 },
      ]);
      const { images } = await (await publisher.signal(good)).result();
      assert(
        images.every(({ outcome }) => outcome === 'partly-published'),
        JSON.stringify(images),
      );

      const script = path.join(path.dirname(publisher.configFile), 'test.sh');
      await writeFile(script, '#!/bin/bash\nexit 3\n');
      const bad = await publisher.compose({ architectures: ['x86_64'], seed: 'bad' });
      await failureOf((await publisher.signal(bad)).result());

      const rows = 2 * 3 * 4;
      const compose = ['--compose', good.composeId];
      const first = await bothAnswers(publisher, compose, rows);
      assert.deepEqual(first.fromTemporal, first.fromEc2);
      const missing = first.fromEc2.filter(({ ami }) => ami === null);
      const leftOut = missing.filter(({ region, virt }) => `${region} ${virt}` === 'eu-west-1 hvm');
      assert.equal(leftOut.length, 4);
      assert(
        leftOut.every(({ reason }) => reason?.includes('UnauthorizedOperation')),
        JSON.stringify(leftOut),
      );
      assert(
        first.fromEc2.every(({ ami, reason }) => (ami === null) === (reason !== undefined)),
        JSON.stringify(first.fromEc2),
      );
      assert(
        first.fromEc2.every((row) => row.workflowUrl?.startsWith('http://ui.example/')),
        JSON.stringify(first.fromEc2),
      );
      const tested = first.fromEc2.filter((row) => row.tested);
      // Of two images, the HVM AMI in two regions; the paravirtual one only where EC2 has PV kernels.
      assert.equal(tested.length, 2 * 2 + 1);

      for (const source of ['temporal', 'ec2']) {
        const none = await amis(publisher, [
          '--compose',
          bad.composeId,
          '--from',
          source,
          '-o',
          'json',
        ]);
        assert.deepEqual([none.code, JSON.parse(none.stdout)], [6, []], source);
      }

      await repeat(publisher, good);
      const again = await bothAnswers(publisher, compose, rows);
      assert.deepEqual(again.fromEc2, first.fromEc2);
      assert.deepEqual(again.fromTemporal, first.fromEc2);

      const snippet = [...compose, '--arch', 'arm64', '-o', 'terraform'];
      const [one, other] = [
        await amis(publisher, snippet),
        await amis(publisher, [...snippet, '--from', 'ec2']),
      ];
      assert.deepEqual([one.code, one.stdout], [0, other.stdout]);
      assert.match(one.stdout, /owners = \["\d{12}"\]/);
      const list = await amis(publisher, [...compose, '-o', 'ga', '--from', 'ec2']);
      const site = JSON.parse(list.stdout) as { ga: { x86_64: Record<string, string> } };
      const gp2 = first.fromEc2.filter(
        ({ arch, virt, volumeType, ami }) =>
          ami !== null && `${arch} ${virt} ${volumeType}` === 'x86_64 hvm gp2',
      );
      assert.deepEqual(
        site.ga.x86_64,
        Object.fromEntries(gp2.map(({ region, ami }) => [region, ami])),
      );
    });
  });
});

describe('the AMIs, when a source does not answer', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret' };
  const away = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' };
  const nowhere = { HOME: '/nowhere', XDG_STATE_HOME: '/nowhere', XDG_CONFIG_HOME: '/nowhere' };
  const run = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    runHere(['amis', ...args], { env: { ...nowhere, ...env }, cwd: '/' });

  it('are available from the other source, as the error says', async () => {
    const { code, stdout, stderr } = await run([], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    assert.deepEqual([code, stdout], [5, '']);
    assert.match(stderr, /next: .*--from ec2/);
    const ec2 = await run(['--from', 'ec2'], { ...keys, ...away });
    assert.deepEqual([ec2.code, ec2.stdout], [5, '']);
    assert.match(ec2.stderr, /EC2 does not answer: ECONNREFUSED[^]*--from temporal/);
  });

  it('need credentials, and have the exit code for missing ones', async () => {
    const { code, stderr } = await run(['--from', 'ec2'], { AWS_EC2_METADATA_DISABLED: 'true' });
    assert.equal(code, 4);
    assert.match(stderr, /no AWS credentials/);
  });

  it('are listed as far as known, with a note and an exit code for the missing ones', async () => {
    await withPublisher({ worker: false }, async (publisher) => {
      await publisher.setFaults([
        { action: 'DescribeImages', region: 'eu-west-1', kind: 'refusal', count: 0 },
      ]);
      const { code, stdout, stderr } = await amis(publisher, ['--from', 'ec2', '-o', 'json']);
      assert.deepEqual([code, stdout], [5, '[]\n']);
      assert.match(
        stderr,
        /! eu-west-1 did not answer, so its AMIs are missing here: Unauthorized/,
      );
      assert.match(stderr, /has not enabled them: af-south-1, /);
    });
  });
});

/** By hand, when its compose is over: it finds the image published. */
async function repeat({ env, taskQueue }: LocalPublisher, compose: SampleCompose): Promise<void> {
  const access = await connectToTemporal({ env, connectTimeoutMs: 60_000 });
  try {
    const [image] = compose.images;
    assert(image, 'no image');
    const request = {
      composeId: compose.composeId,
      release: '43',
      image: { ...image, arch: 'x86_64' as const },
    };
    const start = { taskQueue, timeScale: 0.2 };
    const started = await startImage(
      { access, uiUrl: undefined, deployment: DEPLOYMENT },
      request,
      start,
    );
    const handle = access.client.workflow.getHandle(started.workflowId, started.runId);
    const { outcome } = (await handle.result()) as { outcome: string };
    assert.equal(outcome, 'partly-published');
  } finally {
    await access.close();
  }
}

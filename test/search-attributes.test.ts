import { DEFAULT_DEPLOYMENT } from '../src/model/ids/installation.js';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection, Worker } from '@temporalio/worker';
import { connectToTemporal } from '../src/client/connection.js';
import { ClientError } from '../src/client/errors.js';
import type { Session } from '../src/client/session.js';
import { signalCompose, startImage } from '../src/client/start.js';
import { readStatus } from '../src/client/status.js';
import { PUBLISH_IMAGE_WORKFLOW } from '../src/contract.js';
import { addSearchAttributes } from '../src/local/temporal/namespace.js';
import { neededAttributes, requireSearchAttributes } from '../src/search-attributes.js';
import { byHand, finishedMessage, someComposeId } from './client/client-fixture.js';
import { runCli } from './commands/run-cli.js';
import { LEAST } from './config/config-files.js';
import { fakeActivities } from './support/fake-activities.js';
import { testTemporal } from './support/temporal.js';
import { until } from './support/until.js';
import { testBundle } from './support/workflow-worker.js';

const CREATE =
  /temporal operator search-attribute create --namespace \S+ --name Phase --type Keyword/;

describe('a namespace that lacks a search attribute', () => {
  const namespace = `lacking-${randomUUID().slice(0, 8)}`;
  const uiUrl = undefined;
  let address = '';
  let session: Session | undefined;

  /** The namespace has all attributes but `Phase`, as after an upgrade from a version without it. */
  before(async function () {
    this.timeout(300_000);
    const { server, connection } = await testTemporal();
    ({ address } = server);
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(86_400_000),
    });
    const others = Object.fromEntries(
      Object.entries(neededAttributes).filter(([name]) => name !== 'Phase'),
    );
    const isThere = async () => {
      try {
        await addSearchAttributes(connection, namespace, others, () => undefined);
        return true;
      } catch {
        return false;
      }
    };
    await until('the new namespace', isThere);
    const env = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
    };
    session = {
      access: await connectToTemporal({ env }),
      uiUrl: undefined,
      deployment: DEFAULT_DEPLOYMENT,
    };
  });
  after(() => session?.access.close());

  it('lets no publication start that would wait for ever, and names the command that registers the attribute', async () => {
    assert(session !== undefined);
    const { access } = session;
    const starts = [
      () =>
        startImage({ access, uiUrl, deployment: DEFAULT_DEPLOYMENT }, byHand(), {
          taskQueue: 'none',
        }),
      () =>
        signalCompose(
          { access, uiUrl, deployment: DEFAULT_DEPLOYMENT },
          finishedMessage(someComposeId()),
          { taskQueue: 'none' },
        ),
    ];
    for (const start of starts) {
      await assert.rejects(start(), (error) => {
        assert(error instanceof ClientError);
        assert.equal(error.kind, 'configuration');
        assert.match(error.message, /lacks the search attributes Phase$/);
        assert.match(error.next, CREATE);
        return true;
      });
    }
  });

  it('stops a run that is there already, and its status has the cause, not the advice to start a worker', async () => {
    assert(session !== undefined);
    const reading = session;
    const { client } = reading.access;
    const taskQueue = `test-${namespace}`;
    const connection = await NativeConnection.connect({ address });
    const { activities } = fakeActivities();
    const workflowBundle = await testBundle();
    try {
      const worker = await Worker.create({
        ...{ connection, namespace, taskQueue, activities, workflowBundle },
      });
      const request = byHand();
      const workflowId = `image/${request.image.name}`;
      const run = { taskQueue, workflowId, args: [{ request }] };
      let note: string | null = null;
      await worker.runUntil(async () => {
        await client.workflow.start(PUBLISH_IMAGE_WORKFLOW, run);
        await until('the failing task', async () => {
          ({ note } = await readStatus(reading, { workflowId }));
          return note?.includes('stands still') === true;
        });
        await client.workflow.getHandle(workflowId).terminate();
      });
      assert.match(note ?? '', /its workflow task has failed \d+ times: .*Phase.*fedimg doctor/s);
    } finally {
      await connection.close();
    }
  });

  it('lets no worker start', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'fedimg-attributes-'));
    try {
      await writeFile(path.join(folder, 'smoke.sh'), 'true\n');
      await writeFile(path.join(folder, 'fedimg.toml'), `${LEAST}\n[timing]\nscale = 0.05\n`);
      const keys = { AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST', AWS_SECRET_ACCESS_KEY: 'secret' };
      const env = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, ...keys };
      const { code, stderr } = await runCli(['worker'], { cwd: folder, env });
      assert.equal(code, 2, stderr);
      assert.match(stderr, CREATE);
      assert.doesNotMatch(stderr, /worker is ready/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is looked at again for a while, because a server shows a new attribute late', async () => {
    const { connection } = await testTemporal();
    const looking = requireSearchAttributes(connection, namespace, 60_000);
    await addSearchAttributes(connection, namespace, neededAttributes, () => undefined);
    await looking;
  });
});

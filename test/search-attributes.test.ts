import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import type { Activities } from '../src/activities/activities.js';
import { listAmis } from '../src/client/amis.js';
import { connectToTemporal } from '../src/client/connection.js';
import { checkTemporal } from '../src/client/doctor.js';
import { resolvePublication } from '../src/client/publications.js';
import type { Session } from '../src/client/session.js';
import { signalCompose, startImage } from '../src/client/start.js';
import { readStatus } from '../src/client/status.js';
import { architectureAttribute, outcomeAttribute, phaseAttribute } from '../src/contract.js';
import { addSearchAttributes } from '../src/local/temporal/namespace.js';
import { DEFAULT_DEPLOYMENT } from '../src/model/ids/installation.js';
import { imageWorkflowId } from '../src/model/ids/workflow-ids.js';
import { lookAtAttributes, wantedAttributes } from '../src/search-attributes.js';
import { readDeployment } from '../src/monitor/deployment-state.js';
import { lookForAttributes } from '../src/worker/usable-attributes.js';
import { byHand, finishedMessage, imageOf, someComposeId } from './client/client-fixture.js';
import { runCli } from './commands/run-cli.js';
import { composeOf, fakeActivities } from './support/fake-activities.js';
import { testTemporal } from './support/temporal.js';
import { until } from './support/until.js';
import { testBundle } from './support/workflow-worker.js';

const SELF_HOSTED =
  /temporal operator search-attribute create --namespace \S+ --name Image --type Keyword --name Phase --type Keyword --name Attention --type Keyword/;
const CLOUD =
  /tcld namespace search-attributes add --namespace \S+ --search-attribute "Image=Keyword" --search-attribute "Phase=Keyword"/;

/** Temporal's answer where clients may not ask the operator service, as in Temporal Cloud. */
const REFUSED = Object.assign(new Error('Request unauthorized.'), {
  code: 7,
  details: 'Request unauthorized.',
  metadata: {},
});

describe('a namespace that lacks search attributes', () => {
  const namespace = `lacking-${randomUUID().slice(0, 8)}`;
  let address = '';
  let env: NodeJS.ProcessEnv = {};
  let session: Session | undefined;
  const opened = (): Session => session ?? assert.fail();

  /** As after an upgrade from a version without `Image` and `Phase`, in a cluster whose `Attention` is someone else's. */
  before(async function () {
    this.timeout(300_000);
    const { server, connection } = await testTemporal();
    ({ address } = server);
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(86_400_000),
    });
    const { Compose, Architecture, Outcome } = wantedAttributes;
    const others = {
      ...{ Compose: Compose ?? 'Keyword', Architecture: Architecture ?? 'Keyword' },
      ...{ Outcome: Outcome ?? 'Keyword', Attention: 'Int' as const },
    };
    const isThere = async () => {
      try {
        await addSearchAttributes(connection, namespace, others, () => undefined);
        return (await lookAtAttributes(connection, namespace)).usable.length === 3;
      } catch {
        return false;
      }
    };
    await until('the new namespace', isThere);
    env = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
    };
    const access = await connectToTemporal({ env });
    session = { access, uiUrl: undefined, deployment: DEFAULT_DEPLOYMENT };
  });
  after(() => session?.access.close());

  async function withWorker(
    overrides: Partial<Activities>,
    body: (taskQueue: string, log: string[]) => Promise<void>,
  ): Promise<void> {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const taskQueue = `test-${randomUUID()}`;
    const connection = await NativeConnection.connect({ address });
    const attributes = await lookForAttributes(connection, { namespace, log, scale: 1 });
    const { activities } = fakeActivities({
      usableAttributes: () => Promise.resolve(attributes.names()),
      ...overrides,
    });
    const workflowBundle = await testBundle();
    const debugMode = true;
    try {
      const worker = await Worker.create({
        ...{ connection, namespace, taskQueue, activities, workflowBundle, debugMode },
      });
      await worker.runUntil(body(taskQueue, lines));
    } finally {
      attributes.stop();
      await connection.close();
    }
  }

  it('publishes a compose to its end with the attributes that are there, instead of waiting for ever', async () => {
    const composeId = someComposeId();
    const image = imageOf(composeId);
    const readCompose = () => Promise.resolve(composeOf(image));
    await withWorker({ readCompose }, async (taskQueue, log) => {
      const message = finishedMessage(composeId);
      const { workflowId } = await signalCompose(opened(), message, { taskQueue });
      const { client } = opened().access;
      await client.workflow.getHandle(workflowId).result();
      const imageId = imageWorkflowId(DEFAULT_DEPLOYMENT, { composeId, ...image.image });
      const { typedSearchAttributes } = await client.workflow.getHandle(imageId).describe();
      assert.equal(typedSearchAttributes.get(outcomeAttribute), 'published');
      assert.equal(typedSearchAttributes.get(architectureAttribute), 'x86_64');
      assert.equal(typedSearchAttributes.get(phaseAttribute), undefined);
      const status = await readStatus(opened(), { workflowId });
      assert.equal(status.outcome, 'published');
      // What a worker's log has, so that the operator learns it without a failure.
      assert.match(log.join(''), /lacks the search attributes Image, Phase and has another type/);
      assert.match(log.join(''), /search-attributes add/);
    });
    // Without a worker, and by what the ids say.
    await until('the image is listed', async () => {
      const rows = await listAmis(opened(), { compose: composeId, arch: 'x86_64' });
      return rows.length > 0;
    });
    const { published } = await readDeployment(opened(), Date.now());
    assert(
      published.some(({ compose }) => compose === composeId),
      JSON.stringify(published),
    );
  });

  it('publishes an image by hand, and finds it by its id', async () => {
    await withWorker({}, async (taskQueue) => {
      const request = byHand();
      const { workflowId } = await startImage(opened(), request, { taskQueue });
      await opened().access.client.workflow.getHandle(workflowId).result();
      const found = await resolvePublication(opened(), workflowId);
      assert.equal(found.arch, request.image.arch);
      await assert.rejects(resolvePublication(opened(), 'some.x86_64'), /lacks.* Image/s);
    });
  });

  it('is reported by status and doctor with the command of a self-hosted cluster and that of Temporal Cloud', async () => {
    const { code, stderr } = await runCli(['status'], { env });
    assert.equal(code, 0, stderr);
    assert.match(stderr, SELF_HOSTED);
    assert.match(stderr, CLOUD);
    const checks = await checkTemporal({ env }, undefined);
    const check = checks.find(({ what }) => what === 'search attributes');
    assert.equal(check?.state, 'warning');
    assert.match(check.next ?? '', SELF_HOSTED);
    assert.match(check.next ?? '', CLOUD);
  });

  it('is found out also where clients may not list the attributes, as in Temporal Cloud', async () => {
    const { connection } = await testTemporal();
    const asInCloud = {
      workflowService: connection.workflowService,
      withDeadline: connection.withDeadline.bind(connection),
      operatorService: { listSearchAttributes: () => Promise.reject(REFUSED) },
    } as unknown as Connection;
    const { missing, usable } = await lookAtAttributes(asInCloud, namespace);
    assert(missing.includes('Phase') && missing.includes('Image'), missing.join());
    assert.deepEqual(usable, ['Compose', 'Architecture', 'Outcome']);
  });

  it('stops a run whose attribute is removed while it runs, and its status has the cause, not the advice to start a worker', async () => {
    const usableAttributes = () => Promise.resolve(Object.keys(wantedAttributes));
    await withWorker({ usableAttributes }, async (taskQueue) => {
      const { workflowId } = await startImage(opened(), byHand(), { taskQueue });
      let note: string | null = null;
      await until('the failing task', async () => {
        ({ note } = await readStatus(opened(), { workflowId }));
        return note?.includes('stands still') === true;
      });
      await opened().access.client.workflow.getHandle(workflowId).terminate();
      assert.match(note ?? '', /its workflow task has failed \d+ times: .*Phase.*fedimg doctor/s);
    });
  });

  it('is looked at again, so that new runs set an attribute that the operator has registered', async () => {
    const { connection } = await testTemporal();
    const log = pino({ level: 'silent' });
    const looked = await lookForAttributes(connection, { namespace, log, scale: 0.001 });
    try {
      assert(!looked.names().includes('Phase'), looked.names().join('\n'));
      const { Image, Phase } = wantedAttributes;
      const added = { Image: Image ?? 'Keyword', Phase: Phase ?? 'Keyword' };
      await addSearchAttributes(connection, namespace, added, () => undefined);
      await until('the worker knows', () => looked.names().includes('Phase'));
    } finally {
      looked.stop();
    }
  });
});

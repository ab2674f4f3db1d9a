/** Whole requests, as a compose's metadata or a client of Temporal hands them to the first activity of a run. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import fc from 'fast-check';
import { toFailure } from '../../../src/activities/attempt/interceptor.js';
import { planImage } from '../../../src/activities/plan/plan.js';
import { readCompose } from '../../../src/activities/read-compose.js';
import { AccountFacts } from '../../../src/aws/account-facts.js';
import { Aws, scaledAwsSettings } from '../../../src/aws/region-access.js';
import { loadConfig } from '../../../src/config/load.js';
import {
  startComposeServer,
  type ComposeServer,
} from '../../../src/local/compose-server/compose-server.js';
import { composeMetadata } from '../../../src/local/compose-server/compose-metadata.js';
import type { ImageRequest } from '../../../src/model/plan/plan.js';
import { publisherAccount, startSimulator, type Simulator } from '../../../src/simulator/index.js';
import { createUrlPolicy } from '../../../src/fetch/url-policy.js';
import { noise, xz } from '../../fetch/xz-files.js';
import { CloudControl } from '../../support/cloud-control.js';
import { TEST_INSTALLATION } from '../../support/images.js';
import { writeConfig } from '../../support/publisher-config.js';
import { hostileJsonText } from '../hostile-json.js';
import { around } from '../hostile-text.js';
import { inputKind, type Verdict } from '../input-kind.js';
import { assertPlainText } from '../output-safety.js';

const COMPOSE_ID = 'Fedora-Cloud-43-20251021.0';
const NAME = 'Fedora-Cloud-Base-AmazonEC2-43-20251021.0.x86_64';
const PATH = `Cloud/x86_64/images/${NAME}.raw.xz`;
const IMAGE = xz(noise(5_000));

interface Stand {
  readonly directory: string;
  readonly server: ComposeServer;
  readonly simulator: Simulator;
  readonly context: Parameters<typeof planImage>[0];
  readonly aws: Aws;
}

async function openStand(): Promise<Stand> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-hostile-plan-'));
  const server = await startComposeServer({ directory });
  const credentials = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' };
  const simulator = await startSimulator({
    stateDir: join(directory, 'cloud'),
    latency: 'instant',
    settings: publisherAccount,
    credentials,
  });
  const settings = scaledAwsSettings(0.05, {
    pollIntervalMs: 50,
    commandPollIntervalMs: 50,
    visibilityMs: 500,
    agentPatienceMs: 5_000,
  });
  const aws = new Aws(settings, { endpoint: simulator.url, credentials });
  const file = await writeConfig({
    directory,
    options: { publish: ['regions = ["us-east-1"]'] },
    server,
    taskQueue: 'none',
  });
  const { config } = await loadConfig({ path: file, env: {}, cwd: '/' });
  const urlPolicy = createUrlPolicy(config.source);
  server.setFault(`/${PATH}`, { body: IMAGE });
  return {
    directory,
    server,
    simulator,
    aws,
    context: {
      aws,
      facts: new AccountFacts(aws),
      clock: aws.clock,
      config,
      installation: TEST_INSTALLATION,
      urlPolicy,
      usableAttributes: () => [],
      send: () => Promise.resolve(),
      notify: () => Promise.resolve(),
      runs: {
        stateOf: () => Promise.resolve({ state: 'unknown' }),
        endingOf: () => Promise.resolve(undefined),
      },
    },
  };
}

async function closeStand({ directory, server, simulator, aws }: Stand): Promise<void> {
  aws.destroy();
  await simulator.close();
  await server.close();
  await rm(directory, { recursive: true, force: true });
}

const logger = new DefaultLogger('ERROR');

/** As the worker runs it; a failure is read as the workflow and the operator do. */
async function verdictOfActivity<T>(
  act: () => Promise<T>,
  onDone: (value: T) => void,
): Promise<Verdict> {
  let value: T;
  try {
    value = await new MockActivityEnvironment({}, { logger }).run(act);
  } catch (error) {
    const failure = toFailure(error);
    assert(failure instanceof ApplicationFailure, String(failure));
    assertPlainText(failure.message);
    const { code, next, class: failureClass } = failure.details?.[0] as Record<string, string>;
    assert(failureClass === 'refused' || failureClass === 'unreachable', `class ${failureClass}`);
    assert(code !== 'internal', `an unforeseen error: ${String(error)}`);
    assert((next ?? '').length > 8, `next: ${next}`);
    return 'rejected';
  }
  onDone(value);
  return 'accepted';
}

/** Asks the cloud itself: whatever was asked of it so far changed nothing. */
async function assertNothingWritten({ simulator }: Stand): Promise<void> {
  for (const { action } of await new CloudControl(simulator.url).calls()) {
    assert.match(action, /^(?:Describe|Get)/, `${action} was called`);
  }
}

/** A request is refused for its first bad field: with all of them bad, the last would never be looked at. */
function mostly(good: string): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: around(fc.constant(good)) },
  );
}

const requests = inputKind({
  name: 'image-request',
  title: 'a request that is refused has launched something before',
  weight: 0.5,
  input: fc.record({
    image: fc.record({
      url: mostly(`/${PATH}`),
      name: mostly(NAME),
      subvariant: mostly('Cloud_Base'),
      sizeBytes: fc.constantFrom(IMAGE.length, IMAGE.length, 0, IMAGE.length + 1, -1, 2 ** 53),
    }),
    composeId: mostly(COMPOSE_ID),
    workflowId: mostly('image/a/b/x86_64'),
  }),
  open: async () => {
    const stand = await openStand();
    return {
      check: ({ image, composeId, workflowId }) => {
        const { url, ...rest } = image;
        const request: ImageRequest = {
          composeId,
          release: '43',
          image: {
            ...rest,
            arch: 'x86_64',
            sha256: 'ab'.repeat(32),
            url: `${stand.server.url}${url}`,
          },
        };
        return verdictOfActivity(
          () => planImage(stand.context, { request, workflowId, runId: 'run' }),
          (plan) => {
            assert(plan.downloadUrl.startsWith(`${stand.server.url}/`), plan.downloadUrl);
            for (const { name } of plan.home.wanted)
              assert.match(name, /^[A-Za-z0-9()[\] ./'@_-]{3,128}$/);
          },
        );
      },
      close: async () => {
        await assertNothingWritten(stand);
        await closeStand(stand);
      },
    };
  },
});

const METADATA = JSON.parse(
  JSON.stringify(
    composeMetadata(COMPOSE_ID, [
      {
        variant: 'Cloud',
        architecture: 'x86_64',
        subvariant: 'Cloud_Base',
        type: 'raw-xz',
        format: 'raw.xz',
        path: PATH,
        sizeBytes: IMAGE.length,
        sha256: 'ab'.repeat(32),
      },
    ])['images.json'],
  ),
) as Parameters<typeof hostileJsonText>[0];

const documents = inputKind({
  name: 'metadata-document',
  title: 'a server of composes that was broken into has something launched',
  weight: 2,
  input: fc.record({
    document: fc.oneof(
      { weight: 6, arbitrary: hostileJsonText(METADATA).map((text) => Buffer.from(text)) },
      {
        weight: 1,
        arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      },
    ),
    location: around(fc.constant('/compose')),
    status: fc.constantFrom(undefined, undefined, undefined, undefined, 404, 403, 500, 301, 416),
  }),
  sound: [
    { document: Buffer.from(JSON.stringify(METADATA)), location: '/compose', status: undefined },
  ],
  open: async () => {
    const stand = await openStand();
    return {
      check: async ({ document, location, status }) => {
        const path = '/compose/metadata/images.json';
        stand.server.setFault(path, {
          body: document,
          ...(status === undefined ? {} : { status }),
        });
        const message = {
          composeId: COMPOSE_ID,
          status: 'FINISHED',
          location: `${stand.server.url}${location}`,
        } as const;
        return verdictOfActivity(
          () => readCompose(stand.context, message),
          ({ requests }) => {
            for (const { image } of requests)
              assert(image.url.startsWith(`${stand.server.url}/compose/`), image.url);
          },
        );
      },
      close: async () => {
        await assertNothingWritten(stand);
        await closeStand(stand);
      },
    };
  },
});

export const kinds = [requests, documents];

import assert from 'node:assert/strict';
import { DisableImageBlockPublicAccessCommand } from '@aws-sdk/client-ec2';
import { RequestServiceQuotaIncreaseCommand } from '@aws-sdk/client-service-quotas';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import { retryPublication } from '../../src/client/retry.js';
import { signalCompose } from '../../src/client/start.js';
import type { ComposeStatus } from '../../src/client/status.js';
import { parseComposeMessage } from '../../src/model/compose/compose-message.js';
import { defaultSettings } from '../../src/simulator/settings.js';
import { assertNothingLeft } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import {
  assertPublishedOnce,
  callCount,
  INSTANCES_PER_IMAGE,
  launchCount,
} from '../support/one-image.js';
import { closedStatus, startOptions, withSession } from '../support/operator-session.js';

const HOME = 'us-east-1';
const AWAY = 'eu-west-1';
const ALL = [HOME, AWAY];
const { publicImagesPerRegion, imageBlockPublicAccess, vcpusPerRegion } = defaultSettings;
/** A new customer's: its vCPUs are too few for the instances of two images. AWS grants at once what is asked for. */
const account = {
  ...{ publicImagesPerRegion, imageBlockPublicAccess, vcpusPerRegion },
  approvesQuotaRequests: true,
};

async function changingCalls(publisher: LocalPublisher): Promise<string[]> {
  const calls = await publisher.calls();
  const reads = /^(?:Describe|Get|List|AssumeRole)/;
  return calls.map(({ action }) => action).filter((action) => !reads.test(action));
}

/** EC2 API reference, DisableImageBlockPublicAccess: it takes up to ten minutes. */
const UNBLOCKED_MS = 10 * 60_000;

async function liftBlocks(publisher: LocalPublisher): Promise<void> {
  await inRegions(publisher, ALL, async ({ ec2 }) => {
    await ec2.send(new DisableImageBlockPublicAccessCommand({}));
  });
  publisher.clock.advance(UNBLOCKED_MS);
}

/** The command that the plan prints. */
async function raiseQuota(publisher: LocalPublisher, regions: readonly string[]): Promise<void> {
  await inRegions(publisher, regions, async ({ quotas }) => {
    const quota = { ServiceCode: 'ec2', QuotaCode: 'L-0E3CBAB9', DesiredValue: 6 };
    await quotas.send(new RequestServiceQuotaIncreaseCommand(quota));
  });
}

async function inRegions(
  { simulator }: LocalPublisher,
  regions: readonly string[],
  act: (region: RegionAccess) => Promise<void>,
): Promise<void> {
  const { url: endpoint, credentials } = simulator;
  const aws = new Aws(scaledAwsSettings(0.05), { endpoint, credentials });
  for (const name of regions) await act(aws.region(name));
  aws.destroy();
}

describe('a new account with the default configuration: two architectures need six public AMIs, and the quota is five', () => {
  it('reads it before any write; after the quota is raised retry completes, and nothing is written or tested twice', async () => {
    await withPublisher(
      { account, publish: [`regions = ${JSON.stringify(ALL)}`] },
      async (publisher) => {
        await withSession(async (session) => {
          const options = startOptions(publisher);
          const compose = await publisher.compose({ architectures: ['x86_64', 'aarch64'] });
          const parsed = parseComposeMessage(compose.message);
          assert(parsed.kind === 'message', parsed.kind);
          const signal = () => signalCompose(session, parsed.message, options);

          const { workflowId } = await signal();
          const refused = await closedStatus(session, workflowId);
          assert.equal(refused.outcome, 'failed');
          assert.match(refused.failure?.message ?? '', /public access|quota/);
          assert.deepEqual(await changingCalls(publisher), []);
          await assertNothingLeft(publisher);

          await liftBlocks(publisher);
          await raiseQuota(publisher, [HOME]);
          await signal();
          const partly = await closedStatus(session, workflowId);
          assert.equal(partly.outcome, 'partly-published', partly.failure?.message);
          assert.match(
            reasonsOf(partly as ComposeStatus),
            /quota of public AMIs .* request-service-quota-increase/,
          );
          assert.equal(await callCount(publisher, 'CreateSnapshot'), 2);
          // There is no paravirtual aarch64 AMI to test.
          const launches = 2 * INSTANCES_PER_IMAGE - 1;
          assert.equal(await launchCount(publisher), launches);
          assert.equal(
            await callCount(publisher, 'CopySnapshot'),
            1,
            'there was room for one image',
          );

          await raiseQuota(publisher, [AWAY]);
          await retryPublication(session, workflowId, {
            ...options,
            regions: [],
            operator: { by: 'ann@desk' },
          });
          assert.equal((await closedStatus(session, workflowId)).outcome, 'published');
          assert.equal(await callCount(publisher, 'CreateSnapshot'), 2, 'written once');
          assert.equal(await launchCount(publisher), launches, 'tested once');
          assert.equal(await callCount(publisher, 'RegisterImage'), 12);
          await assertPublishedOnce(publisher, [...ALL, ...ALL]);
        });
      },
    );
  });
});

function reasonsOf({ images }: ComposeStatus): string {
  return images
    .flatMap(({ progress }) => progress?.regions ?? [])
    .map(({ reason = '' }) => reason)
    .join('\n');
}

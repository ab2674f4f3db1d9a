import assert from 'node:assert/strict';
import {
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import { retryHeldRegions } from '../../src/client/held-regions.js';
import { actOnImages } from '../../src/client/operator.js';
import { retryPublication } from '../../src/client/retry.js';
import { signalCompose, startImage } from '../../src/client/start.js';
import { parseComposeMessage } from '../../src/model/compose/compose-message.js';
import { imageWorkflowId } from '../../src/model/ids/workflow-ids.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { assertPublishedOnce, callCount } from '../support/one-image.js';
import {
  closedStatus,
  startOptions,
  untilRegions,
  withSession,
} from '../support/operator-session.js';
import { plantSnapshot, plantVolume } from '../support/planted.js';
import { DEPLOYMENT } from '../support/publisher-config.js';
import { testedCloud, testedCompose, testedImage } from '../support/tested-cloud.js';

const HOME = 'us-east-1';
const FIRST = 'eu-west-1';
const SECOND = 'us-east-2';
const ALL = [HOME, FIRST, SECOND];
const REGIONS = `regions = ${JSON.stringify(ALL)}`;
const PATIENT = { publish: [REGIONS, 'operator_patience = "1h"'], cloud: testedCloud };
const BY = { by: 'ann@desk' };

/** AWS refuses the copies to these regions, until it is told of fewer. */
async function refuseCopies(publisher: LocalPublisher, ...regions: string[]): Promise<void> {
  await publisher.setFaults(
    regions.map((region) => ({ action: 'CopySnapshot', region, kind: 'refusal', count: 0 })),
  );
}

async function assertMadeOnce(publisher: LocalPublisher): Promise<void> {
  await assertPublishedOnce(publisher, ALL);
  assert.equal(await callCount(publisher, 'RunInstances'), 0, 'no write and no test again');
  assert.equal(await callCount(publisher, 'CreateSnapshot', HOME), 0);
}

describe('a region that AWS refused in the copy, once its cause is removed', () => {
  it('is completed while the image is under way: by retry, and when the image is published again', async () => {
    await withPublisher(PATIENT, async (publisher) => {
      await withSession(async (session) => {
        const options = startOptions(publisher);
        const { request } = await testedImage(publisher);
        await refuseCopies(publisher, FIRST, SECOND);
        const { workflowId } = await startImage(session, request, options);
        await untilRegions(session, workflowId, [FIRST, SECOND], 'waiting-for-operator');
        await refuseCopies(publisher, SECOND);
        const retry = { ...options, operator: BY, regions: [FIRST] };
        await retryPublication(session, workflowId, retry);
        await untilRegions(session, workflowId, [FIRST], 'published');
        await refuseCopies(publisher);
        const again = await startImage(session, request, options);
        assert.equal(again.state, 'running');
        assert.deepEqual(await retryHeldRegions(session, again, BY), [SECOND]);
        const { outcome } = await closedStatus(session, workflowId);
        assert.equal(outcome, 'published');
        await assertMadeOnce(publisher);
      });
    });
  });

  it("is completed after the image has closed: by retry, and when the image is published again; another image's AMI under the name is refused", async () => {
    await withPublisher({ publish: [REGIONS], cloud: testedCloud }, async (publisher) => {
      await withSession(async (session) => {
        const options = startOptions(publisher);
        const { request } = await testedImage(publisher);
        await refuseCopies(publisher, FIRST, SECOND);
        const { workflowId } = await startImage(session, request, options);
        assert.equal((await closedStatus(session, workflowId)).outcome, 'partly-published');
        await refuseCopies(publisher, SECOND);
        await retryPublication(session, workflowId, { ...options, operator: BY, regions: [FIRST] });
        assert.equal((await closedStatus(session, workflowId)).outcome, 'partly-published');
        await refuseCopies(publisher);
        const name = await nameIn(publisher, FIRST);
        const remove = await plantForeign(publisher, name);
        await startImage(session, request, options);
        const refused = await closedStatus(session, workflowId);
        assert.equal(refused.outcome, 'partly-published');
        const reason = refused.kind === 'image' ? refused.result?.failedRegions[0]?.reason : '';
        assert.match(reason ?? '', /already has the name/);
        await remove();
        await startImage(session, request, options);
        assert.equal((await closedStatus(session, workflowId)).outcome, 'published');
        await assertMadeOnce(publisher);
      });
    });
  });

  it('is completed when its compose is signalled again, while it is under way and after it has closed', async () => {
    await withPublisher(PATIENT, async (publisher) => {
      await withSession(async (session) => {
        const options = startOptions(publisher);
        const compose = await testedCompose(publisher);
        const parsed = parseComposeMessage(compose.message);
        assert(parsed.kind === 'message', parsed.kind);
        const signal = () => signalCompose(session, parsed.message, options);
        await refuseCopies(publisher, FIRST, SECOND);
        const { workflowId } = await signal();
        const [image] = compose.images;
        assert(image, 'no image');
        const { composeId } = compose;
        const { subvariant } = image;
        const imageId = imageWorkflowId(DEPLOYMENT, { composeId, subvariant, arch: 'x86_64' });
        await untilRegions(session, imageId, [FIRST, SECOND], 'waiting-for-operator');
        await actOnImages(session, workflowId, 'skip', { ...BY, regions: [SECOND] });
        await refuseCopies(publisher, SECOND);
        const again = await signal();
        assert.equal(again.state, 'running');
        const held = await retryHeldRegions(session, again, BY);
        assert.deepEqual(held, [FIRST], 'the operator has skipped the other one');
        assert.equal((await closedStatus(session, workflowId)).outcome, 'partly-published');
        await refuseCopies(publisher);
        assert.equal((await signal()).state, 'started');
        assert.equal((await closedStatus(session, workflowId)).outcome, 'published');
        await assertMadeOnce(publisher);
      });
    });
  });
});

/** A name of the image in the region that is still to come: only the region differs. */
async function nameIn(publisher: LocalPublisher, regionName: string): Promise<string> {
  const images = await publisher.cloud.resources('image');
  const name = images.find(({ region }) => region === regionName)?.tags['Name'] ?? '';
  return name.replaceAll(regionName, SECOND);
}

/** Registers an AMI without fedimg's tags under the name; returns what deregisters it. */
async function plantForeign(publisher: LocalPublisher, name: string): Promise<() => Promise<void>> {
  const { url: endpoint, credentials } = publisher.simulator;
  const aws = new Aws(scaledAwsSettings(0.05), { endpoint, credentials });
  const ec2 = aws.region(SECOND);
  const VolumeId = await plantVolume(ec2, {});
  const SnapshotId = await plantSnapshot(ec2, VolumeId, {});
  const root = { DeviceName: '/dev/sda1', Ebs: { SnapshotId } };
  const { ImageId } = await ec2.ec2.send(
    new RegisterImageCommand({
      ...{ Name: name, Architecture: 'x86_64', VirtualizationType: 'hvm' },
      ...{ RootDeviceName: '/dev/sda1', BlockDeviceMappings: [root] },
    }),
  );
  return async () => {
    await ec2.ec2.send(new DeregisterImageCommand({ ImageId }));
    await ec2.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
    await ec2.ec2.send(new DeleteVolumeCommand({ VolumeId }));
    aws.destroy();
  };
}

/** Resources of others, and of an earlier run, that stand in each region before a run begins. */

import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import type { ListedResource, Simulator } from '../../src/simulator/index.js';
import {
  makePublic,
  plantImage,
  plantSnapshot,
  plantVolume,
  someAmiTags,
  someOrigin,
} from '../support/planted.js';
import { originTags, snapshotTags } from '../../src/model/ids/tags.js';
import { CloudControl } from '../support/cloud-control.js';
import { DEPLOYMENT } from './crew.js';

/**
 * In each region a volume without tags, one of another deployment and one of another Temporal server that name this
 * very workflow, and a public AMI with its snapshot of an earlier run. Returns the listing of all of them.
 */
export async function plantCanaries(
  simulator: Simulator,
  where: { readonly regions: readonly string[]; readonly workflowId: string },
): Promise<readonly ListedResource[]> {
  const { workflowId } = where;
  const { url: endpoint, credentials } = simulator;
  // A late answer would have a registration repeated, whose name is taken then.
  const settings = scaledAwsSettings(0.1, {
    pollIntervalMs: 50,
    commandPollIntervalMs: 50,
    requestTimeoutMs: 60_000,
  });
  const aws = new Aws(settings, { endpoint, credentials });
  const foreign = someOrigin({ deployment: `not-${DEPLOYMENT}`, workflowId });
  const earlier = someOrigin({ deployment: DEPLOYMENT, workflowId: 'image/earlier/run/x86_64' });
  // The same, of a worker on another Temporal server.
  const elsewhere = someOrigin({ deployment: DEPLOYMENT, workflowId });
  try {
    await Promise.all(
      where.regions.map(async (name) => {
        const ec2 = aws.region(name);
        const volume = await plantVolume(ec2, {});
        await plantVolume(ec2, originTags(foreign, 'utility', 'foreign'));
        await plantVolume(ec2, originTags(elsewhere, 'utility', 'elsewhere'));
        const tags = snapshotTags(earlier, 'snapshot', 'a'.repeat(64));
        const snapshot = await plantSnapshot(ec2, volume, tags);
        const image = await plantImage(ec2, snapshot, someAmiTags(earlier));
        await makePublic(ec2, { snapshot, image });
      }),
    );
  } finally {
    aws.destroy();
  }
  return listing(simulator);
}

export function listing({ url }: Pick<Simulator, 'url'>): Promise<readonly ListedResource[]> {
  return new CloudControl(url).resources();
}

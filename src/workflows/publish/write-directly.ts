/** The write without a utility instance: the worker writes the snapshot through the EBS direct APIs. */

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { SnapshotSource } from '../../activities/shapes/image.js';
import type { DirectPlan } from '../../model/plan/plan.js';
import { following, writeBounds } from '../profiles.js';
import type { Publication } from './publication.js';

const { writeDirect } = proxyActivities<Pick<Activities, 'writeDirect'>>(following);

/** Writes the image to a new snapshot and reads it back. */
export async function writeDirectly(
  { run, plan, undo }: Publication,
  direct: DirectPlan,
  generation: number,
): Promise<SnapshotSource> {
  const { origin, downloadUrl: url, sha256, homeRegion: regionName } = plan;
  const { rawSizeBytes, minRateBytesPerSecond } = plan;
  run.skipSteps(['utility']);
  return run.step('write', async () => {
    undo.register(regionName, 'snapshot');
    const what = { origin, regionName, direct, generation, url, sha256, rawSizeBytes };
    const written = await writeDirect.executeWithOptions(
      {
        summary: `write ${origin.image} to a snapshot in ${regionName}`,
        ...writeBounds(direct.idleMinutes),
      },
      [{ ...what, minRateBytesPerSecond }],
    );
    run.recordWritten(written);
    const { snapshot, rawSha256 } = written;
    return { regionName, snapshot, rawSha256 };
  });
}

/** One other region: one copy of the snapshot, then the registration of its AMIs. */

import { setMaxListeners } from 'node:events';
import { whenEc2HasPlace } from '../aws/copy-turn.js';
import { ensureSnapshotCopy, waitUntilSnapshotComplete } from '../aws/snapshots.js';
import type { Heartbeat } from '../model/progress/heartbeat.js';
import type { RegisteredAmi } from '../model/plan/plan.js';
import { inRegion } from '../model/ids/own-tags.js';
import { snapshotTags, stepKey, TAG } from '../model/ids/tags.js';
import type { RegionAccess } from '../aws/region-access.js';
import type { Origin } from '../model/ids/tags.js';
import type { CopySnapshotInput, CopyToRegionInput, SnapshotSource } from './activities.js';
import type { ActivityContext } from './attempt/context.js';
import { isRepeat } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { Patience } from './attempt/patience.js';
import { adoptEarlier, lookedForNext } from './earlier-amis.js';
import { ensureImages, withEarlier } from './register.js';

/** Begins the copy of the snapshot, or finds it; `copyToRegion` waits for it. Safe to repeat. */
export function copySnapshot(
  { aws }: ActivityContext,
  { origin, regionName, source }: CopySnapshotInput,
): Promise<string> {
  const ec2 = aws.region(regionName);
  const first = { ...waitingFor('begin of the snapshot copy'), region: regionName };
  return heartbeating(first, (_report, signal) =>
    ensureCopy(ec2, { origin, source, mayExist: isRepeat() }, signal),
  );
}

export function copyToRegion(
  { aws, runs }: ActivityContext,
  input: CopyToRegionInput,
): Promise<RegisteredAmi[]> {
  const { source } = input;
  const ec2 = aws.region(input.regionPlan.regionName);
  const origin = inRegion(input.origin, ec2.name);
  const { regionName: region } = input.regionPlan;
  const patience = new Patience(ec2, input.patienceMs);
  const beat = (phase: string, percent?: number): Heartbeat => ({
    ...waitingFor(phase, percent),
    ...patience.beat,
    region,
  });
  return heartbeating(beat('snapshot copy'), async (report, untilCancelled) => {
    const signal = AbortSignal.any([untilCancelled, patience.signal]);
    // Each call and each wait adds a listener.
    setMaxListeners(0, signal);
    const { rawSha256 } = source;
    const { regionPlan } = input;
    const isRepeated = input.mayExist === true || isRepeat();
    const mayExist = isRepeated || regionPlan.namesAreFree !== true;
    const search = {
      origin,
      rawSha256,
      wanted: regionPlan.wanted,
      step: 'copy',
      mayExist,
    } as const;
    const register = (earlier: readonly RegisteredAmi[], snapshot: string) =>
      withEarlier(earlier, regionPlan, (wanted) =>
        ensureImages(ec2, { ...input, snapshot, rawSha256, wanted }, 'copy', signal),
      );
    const copy = async (): Promise<string> => {
      patience.begin();
      report(beat('snapshot copy'));
      const snapshot = await ensureCopy(ec2, { origin, source, mayExist: isRepeated }, signal);
      await waitUntilSnapshotComplete(ec2, snapshot, {
        signal,
        isCopy: true,
        onProgress: (percent) => report(beat('snapshot copy', percent)),
      });
      return snapshot;
    };
    try {
      const earlier = await adoptEarlier(ec2, runs, search, signal);
      if (earlier.length === regionPlan.wanted.length) return earlier;
      // The copy of the earlier run has the same bytes.
      const [first] = earlier;
      if (first !== undefined) return await register(earlier, first.snapshot);
      if (ec2.copyTurns.isFull)
        report(beat('its turn: EC2 copies 20 snapshots to a region at once'));
      const snapshot = await ec2.copyTurns.hold(origin.composeId, signal, copy);
      report(beat('AMIs'));
      return await register(earlier, snapshot);
    } catch (error) {
      // The reason instead of the aborted call's own error.
      if (patience.signal.aborted && !untilCancelled.aborted) throw patience.signal.reason as Error;
      throw mayExist ? error : lookedForNext(error);
    } finally {
      patience.stop();
    }
  });
}

/** The region's one copy of the snapshot: found by the run, the step and the source, or made when EC2 has place for it. */
function ensureCopy(
  ec2: RegionAccess,
  wanted: { readonly origin: Origin; readonly source: SnapshotSource; readonly mayExist: boolean },
  signal: AbortSignal,
): Promise<string> {
  const { source, mayExist } = wanted;
  const origin = inRegion(wanted.origin, ec2.name);
  const from = { [TAG.sourceSnapshot]: source.snapshot };
  const request = {
    key: { ...stepKey(origin, 'copy'), ...from },
    tags: { ...snapshotTags(origin, 'copy', source.rawSha256), ...from },
    description: `${origin.image} (${origin.composeId})`,
    mayExist,
  };
  const begin = () => ensureSnapshotCopy(ec2, source, request, signal);
  return whenEc2HasPlace(ec2, begin, signal);
}

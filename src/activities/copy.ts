/** One other region: one copy of the snapshot, then the registration of its AMIs. */

import { whenEc2HasPlace } from '../aws/copy-turn.js';
import { ensureSnapshotCopy, waitUntilSnapshotComplete } from '../aws/snapshots.js';
import type { Heartbeat } from '../model/progress/heartbeat.js';
import type { RegisteredAmi } from '../model/plan/plan.js';
import { inRegion } from '../model/ids/own-tags.js';
import { snapshotTags, stepKey, TAG } from '../model/ids/tags.js';
import type { RegionAccess } from '../aws/region-access.js';
import type { Origin } from '../model/ids/tags.js';
import type { CopySnapshotInput, CopyToRegionInput } from './shapes/region.js';
import type { SnapshotSource } from './shapes/image.js';
import type { ActivityContext } from './attempt/context.js';
import { isRepeat } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { Patience } from './attempt/patience.js';
import { adoptEarlier, failUntilSought } from './earlier-amis.js';
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
  const { origin, regionPlan, source } = input;
  const { regionName, wanted } = regionPlan;
  const { rawSha256 } = source;
  const ec2 = aws.region(regionName);
  const patience = new Patience(ec2, input.patienceMs);
  const beat = (phase: string, percent?: number): Heartbeat => ({
    ...waitingFor(phase, percent),
    ...patience.beat,
    region: regionName,
  });
  return heartbeating(beat(searchPhase(input)), (send, untilCancelled) =>
    patience.bound(untilCancelled, async (signal) => {
      const report = (phase: string, percent?: number) => send(beat(phase, percent));
      const own = inRegion(origin, regionName);
      const namesMayBeTaken = copyMayExist(input) || regionPlan.namesAreFree !== true;
      const search = { origin: own, rawSha256, wanted, step: 'copy', namesMayBeTaken } as const;
      const earlier = await adoptEarlier(ec2, runs, search, signal);
      if (earlier.length === wanted.length) return earlier;
      // The copy of the earlier run has the same bytes.
      const snapshot =
        earlier[0]?.snapshot ?? (await copyInTurn(ec2, input, { patience, report, signal }));
      report('AMIs');
      const amis = withEarlier(earlier, regionPlan, (missing) =>
        ensureImages(ec2, { ...input, snapshot, rawSha256, wanted: missing }, 'copy', signal),
      );
      return await (namesMayBeTaken ? amis : amis.catch(failUntilSought));
    }),
  );
}

/** The first heartbeat of a long wait is shown for minutes: it names both parts of the wait. */
function searchPhase(input: CopyToRegionInput): string {
  return copyMayExist(input)
    ? 'the snapshot copy: an earlier one is looked for first, then a new one is made'
    : 'snapshot copy';
}

/** Whether an attempt or an activity before this one may have begun the copy. */
function copyMayExist(input: CopyToRegionInput): boolean {
  return input.copyMayExist === true || isRepeat();
}

interface CopyWait {
  /** Begins with the copy's turn. */
  readonly patience: Patience;
  readonly report: (phase: string, percent?: number) => void;
  readonly signal: AbortSignal;
}

/** Begins the copy, or finds it, when its turn in the region comes; returns the snapshot when it is complete. */
function copyInTurn(
  ec2: RegionAccess,
  input: CopyToRegionInput,
  { patience, report, signal }: CopyWait,
): Promise<string> {
  if (ec2.copyTurns.isFull) report('its turn: EC2 copies 20 snapshots to a region at once');
  return ec2.copyTurns.hold(input.origin.composeId, signal, async () => {
    patience.begin();
    report(searchPhase(input));
    const snapshot = await ensureCopy(ec2, { ...input, mayExist: copyMayExist(input) }, signal);
    report('snapshot copy');
    await waitUntilSnapshotComplete(ec2, snapshot, {
      signal,
      isCopy: true,
      onProgress: (percent) => report('snapshot copy', percent),
    });
    return snapshot;
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

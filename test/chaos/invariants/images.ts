/** The images themselves: tested before they are public, with the right bytes, and traceable. */

import { TAG } from '../../../src/model/ids/tags.js';
import type { Effect } from '../../../src/simulator/index.js';
import type { Evidence } from '../evidence.js';
import { changedIds, isEffect } from '../evidence.js';
import { HOME, settingsOf } from '../scenario.js';
import { ownOf } from './leftovers.js';

interface Lineage {
  /** The home snapshot that a snapshot is, or is a copy of. */
  readonly rootOf: ReadonlyMap<string, string>;
  readonly snapshotOf: ReadonlyMap<string, string>;
  /** The AMI that an instance was launched from. */
  readonly amiOf: ReadonlyMap<string, string>;
}

/** Read from the calls alone: tags can be wrong together. */
function lineageOf(effects: readonly Effect[]): Lineage {
  const rootOf = new Map<string, string>();
  const snapshotOf = new Map<string, string>();
  const amiOf = new Map<string, string>();
  for (const effect of effects.filter(isEffect)) {
    const request = effect.request as Request;
    for (const id of changedIds(effect, 'snapshot')) {
      const isRoot = effect.action === 'CreateSnapshot' || effect.action === 'StartSnapshot';
      if (isRoot) rootOf.set(id, id);
      if (effect.action === 'CopySnapshot') {
        const source = request.SourceSnapshotId ?? '';
        rootOf.set(id, rootOf.get(source) ?? source);
      }
    }
    if (effect.action === 'RegisterImage') {
      const source = request.BlockDeviceMapping?.['1']?.Ebs?.SnapshotId ?? '';
      for (const id of changedIds(effect, 'image')) snapshotOf.set(id, source);
    }
    if (effect.action === 'RunInstances') {
      for (const id of changedIds(effect, 'instance')) amiOf.set(id, request.ImageId ?? '');
    }
  }
  return { rootOf, snapshotOf, amiOf };
}

interface Request {
  readonly SourceSnapshotId?: string;
  readonly ImageId?: string;
  readonly BlockDeviceMapping?: {
    readonly '1'?: { readonly Ebs?: { readonly SnapshotId?: string } };
  };
}

/**
 * I3: an untested image that is public once has been copied by somebody. So each permission, and each registration
 * outside the home region, comes after a command that succeeded on an instance of an AMI of the same home snapshot,
 * and after a test that history calls passed.
 */
export function gate({ schedule, effects, history }: Evidence): string[] {
  const { rootOf, snapshotOf, amiOf } = lineageOf(effects);
  const rootOfImage = (id: string) => rootOf.get(snapshotOf.get(id) ?? '');
  const wrong: string[] = [];
  effects.forEach((effect, index) => {
    if (!needsTest(effect)) return;
    const images = changedIds(effect, 'image').map(rootOfImage);
    const roots = [...images, ...changedIds(effect, 'snapshot').map((id) => rootOf.get(id))];
    const what = `${effect.action} in ${effect.region}`;
    if (!settingsOf(schedule.scenario).testPasses) wrong.push(`${what} though its test fails`);
    const time = Date.parse(effect.time);
    for (const root of roots) {
      const ran = effects
        .slice(0, index)
        .some(
          ({ action, request }) =>
            action === 'command-Success' &&
            root !== undefined &&
            rootOfImage(amiOf.get((request as { instanceId: string }).instanceId) ?? '') === root,
        );
      const passed = history.passedTests.some(
        (test) => rootOfImage(test.ami) === root && test.time <= time,
      );
      if (!ran || !passed) wrong.push(`${what} before a passed test of the same snapshot`);
    }
  });
  return wrong;
}

function needsTest(effect: Effect): boolean {
  const { action, region } = effect;
  if (!isEffect(effect)) return false;
  if (action === 'RegisterImage') return region !== HOME;
  return /^Modify(?:Image|Snapshot)Attribute$/.test(action);
}

/** I4: an image that boots proves little; every byte is compared, and what is behind it is zero. */
export function bytes({ snapshots, image }: Evidence): string[] {
  return snapshots.flatMap(({ region, id, sha256, restIsZero }) => [
    ...(sha256 === image.rawSha256 ? [] : [`${id} in ${region} has other bytes: ${sha256}`]),
    ...(restIsZero === false ? [`${id} in ${region} is not zero behind the image`] : []),
  ]);
}

/** I15: a stranger goes from the AMI to its snapshot, its hashes, its compose and its run, by the tags. */
export function provenance(evidence: Evidence): string[] {
  const { listing, image, runId, workflowId } = evidence;
  const wanted: readonly (readonly [string, string | undefined])[] = [
    [TAG.workflow, workflowId],
    [TAG.run, runId],
    [TAG.rawSha256, image.rawSha256],
    [TAG.sha256, image.sha256],
  ];
  return ownOf(evidence, listing)
    .filter(({ public: everyone }) => everyone)
    .flatMap(({ id, region, tags }) =>
      [...wanted, [TAG.compose, tags[TAG.compose]] as const]
        .filter(([key, value]) => value === undefined || tags[key] !== value)
        .map(([key]) => `${id} in ${region} is public, and its tag ${key} is "${tags[key]}"`),
    );
}

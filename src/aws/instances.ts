/** Instances: found or launched once, waited for, terminated. */

import type { Instance, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import type { Placement } from '../model/plan/plan.js';
import { awaitState } from './await-state.js';
import type { AwsFailure } from './errors.js';
import { classifyAwsError, isCode } from './errors.js';
import { listInstances } from './listing.js';
import { isRefusedBecauseGone } from './refused-because-gone.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters, tagSpecification } from './tags.js';
import { untilVisible } from './until-visible.js';

export interface LaunchRequest {
  /** The tags by which an earlier attempt's instance is found. */
  readonly key: Tags;
  readonly tags: Tags;
  readonly placements: readonly Placement[];
  /** An earlier attempt may have launched it so lately that EC2 does not list it yet. */
  readonly mayExist: boolean;
  /** The token for a placement: zonal, so it holds type and zone. */
  token(placement: Placement): string;
  readonly input: Omit<RunInstancesCommandInput, 'MinCount' | 'MaxCount' | 'InstanceType'>;
}

/** The instance of this key, or a new one in the first placement that has room. */
export async function ensureInstance(
  ec2: RegionAccess,
  request: LaunchRequest,
  signal: AbortSignal,
): Promise<string> {
  const found = await adoptInstance(ec2, request, signal);
  if (found !== undefined) return found;
  const refused: Refused[] = [];
  for (const placement of request.placements) {
    try {
      return await runInstance(ec2, request, placement, signal);
    } catch (error) {
      const failure = classifyAwsError(error);
      if (failure?.class !== 'capacity') throw error;
      refused.push({ placement, failure, error });
    }
  }
  throw noPlacement(ec2, refused);
}

interface Refused {
  readonly placement: Placement;
  readonly failure: AwsFailure;
  readonly error: unknown;
}

/** Names EC2's reason unless it is the usual one: a type may also be wrong for the AMI, the zone or the account. */
function noPlacement(ec2: RegionAccess, refused: readonly Refused[]): ServiceError {
  const isFull = refused.every(({ failure }) => failure.code.startsWith('Insufficient'));
  const tried = refused.map(({ placement: { instanceType, zone }, failure }) => {
    const where = zone === undefined ? instanceType : `${instanceType} in ${zone}`;
    return isFull ? where : `${where} (${failure.message})`;
  });
  const what = isFull ? 'has no capacity for' : 'launches none of';
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${ec2.name} ${what} ${tried.join(', ')}`,
    {
      code: 'capacity',
      class: 'capacity',
      next: 'Name further instance types or zones in the configuration, then publish again.',
      region: ec2.name,
    },
    { cause: refused.at(-1)?.error },
  );
}

/** The client token is not enough: it differs in each placement, and another placement may have room by now. */
async function adoptInstance(
  ec2: RegionAccess,
  { key, mayExist }: LaunchRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const look = async () => {
    const [found] = await findInstances(ec2, key, ['pending', 'running'], signal);
    return found?.InstanceId;
  };
  return untilVisible(ec2, look, { signal, mayExist });
}

async function runInstance(
  ec2: RegionAccess,
  request: LaunchRequest,
  placement: Placement,
  signal: AbortSignal,
): Promise<string> {
  const zone =
    placement.zone === undefined ? {} : { Placement: { AvailabilityZone: placement.zone } };
  const { Instances } = await ec2.ec2.send(
    new RunInstancesCommand({
      ...request.input,
      ...zone,
      InstanceType: placement.instanceType as NonNullable<RunInstancesCommandInput['InstanceType']>,
      MinCount: 1,
      MaxCount: 1,
      ClientToken: request.token(placement),
      TagSpecifications: [
        tagSpecification('instance', request.tags),
        tagSpecification('volume', request.tags),
        tagSpecification('network-interface', request.tags),
      ],
    }),
    { abortSignal: signal },
  );
  const id = Instances?.[0]?.InstanceId;
  if (id === undefined) throw new TypeError('RunInstances answered without an instance');
  return id;
}

export async function findInstances(
  ec2: RegionAccess,
  tags: Tags,
  states: readonly string[],
  signal: AbortSignal,
): Promise<Instance[]> {
  const Filters = [...tagFilters(tags), { Name: 'instance-state-name', Values: [...states] }];
  return listInstances(ec2.ec2, Filters, signal);
}

/** Resolves when the instance runs and has this device; rejects as `lost` when it ends instead. */
export function waitUntilRunning(
  ec2: RegionAccess,
  { instanceId, device }: { readonly instanceId: string; readonly device?: string },
  signal: AbortSignal,
): Promise<Instance> {
  let runningSince: number | undefined;
  const isComplete = (instance: Instance): boolean =>
    device === undefined || volumeOf(instance, device) !== undefined;
  return awaitState(
    ec2,
    { poll: ec2.instances, id: instanceId, expected: { kind: 'instance-running' } },
    {
      done: (instance) =>
        instance.State?.Name === 'running' && isComplete(instance) ? instance : undefined,
      failed: (instance) => {
        if (instance.State?.Name !== 'running') return endedEarly(ec2, instanceId, instance);
        // EC2 may list the volume later than the state.
        runningSince ??= ec2.clock.elapsed();
        if (ec2.clock.elapsed() - runningSince <= ec2.settings.visibilityMs) return undefined;
        return lost(ec2, instanceId, `runs without a volume at ${device}`);
      },
      missing: () => lost(ec2, instanceId, 'vanished'),
    },
    signal,
  );
}

export function volumeOf(instance: Instance, device: string): string | undefined {
  return instance.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === device)?.Ebs
    ?.VolumeId;
}

/** Rejects as `lost` when the instance stops running; to be raced against work on it. */
export function waitUntilLost(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<never> {
  return awaitState<Instance, never>(
    ec2,
    { poll: ec2.instances, id: instanceId, expected: { kind: 'watch' } },
    {
      done: () => undefined,
      failed: (instance) => endedEarly(ec2, instanceId, instance),
      missing: () => lost(ec2, instanceId, 'vanished'),
    },
    signal,
  );
}

/** Undefined while the instance is pending or running. */
function endedEarly(
  ec2: RegionAccess,
  instanceId: string,
  { State, StateReason }: Instance,
): ServiceError | undefined {
  if (State?.Name === 'pending' || State?.Name === 'running') return undefined;
  const reason = StateReason?.Message ?? 'no reason given';
  return lost(ec2, instanceId, `is ${State?.Name}: ${reason}`);
}

/** Terminates the instance and waits until EC2 shows it as terminated or no longer lists it. */
export async function endInstance(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<void> {
  let taken = true;
  try {
    await ec2.ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }), {
      abortSignal: signal,
    });
  } catch (error) {
    // The instance may exist but not be visible yet: the wait below decides, by the visibility window.
    const instance = { poll: ec2.instances, id: instanceId };
    const isUnknown =
      isCode(error, 'InvalidInstanceID.NotFound') ||
      (await isRefusedBecauseGone(ec2, error, instance, signal));
    if (!isUnknown) throw error;
    taken = false;
  }
  const isEnded = await awaitState<Instance, boolean>(
    ec2,
    { poll: ec2.instances, id: instanceId, expected: { kind: 'instance-ended' } },
    {
      done: ({ State }) => (State?.Name === 'terminated' ? true : taken ? undefined : false),
      missing: () => true,
    },
    signal,
  );
  // EC2 did not know the instance when it was asked to terminate it, and lists it now: ask again.
  if (!isEnded) await endInstance(ec2, instanceId, signal);
}

function lost(ec2: RegionAccess, instanceId: string, what: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `instance ${instanceId} in ${ec2.name} ${what}`, {
    code: 'instance-lost',
    class: 'lost',
    next: 'The worker launches a new instance; if this repeats, look at the state reason in the EC2 console.',
    region: ec2.name,
    resource: instanceId,
  });
}

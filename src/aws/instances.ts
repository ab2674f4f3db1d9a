/** Instances: found or launched once, waited for, terminated. */

import type { Instance, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import {
  DescribeInstancesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { classifyAwsError, isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters, tagSpecification } from './tags.js';

/** One place where the instance may run; tried in order. */
export interface Placement {
  readonly instanceType: string;
  readonly zone?: string;
}

/** Between two look-ups of what may not be listed yet. */
const LOOKUP_MS_MAX = 2_000;

export interface LaunchRequest {
  /** By these an earlier attempt's instance is found. */
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
  let last: unknown;
  for (const placement of request.placements) {
    try {
      return await runInstance(ec2, request, placement, signal);
    } catch (error) {
      if (classifyAwsError(error)?.class !== 'capacity') throw error;
      last = error;
    }
  }
  const tried = request.placements.map(({ instanceType, zone }) =>
    zone === undefined ? instanceType : `${instanceType} in ${zone}`,
  );
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `no capacity in ${ec2.name} for any of ${tried.join(', ')}`,
    {
      code: 'capacity',
      class: 'capacity',
      next: 'Name further instance types or zones in the configuration, then publish again.',
      region: ec2.name,
    },
    { cause: last },
  );
}

/** The token alone does not do: it is another one in each placement, and room may have come free. */
async function adoptInstance(
  ec2: RegionAccess,
  { key, mayExist }: LaunchRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const until = ec2.clock.elapsed() + (mayExist ? ec2.settings.visibilityMs : 0);
  for (;;) {
    const [found] = await findInstances(ec2, key, ['pending', 'running'], signal);
    if (found?.InstanceId !== undefined) return found.InstanceId;
    if (ec2.clock.elapsed() >= until) return undefined;
    await ec2.clock.delay(Math.min(LOOKUP_MS_MAX, ec2.settings.visibilityMs / 4), signal);
  }
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
  const { Reservations } = await ec2.ec2.send(new DescribeInstancesCommand({ Filters }), {
    abortSignal: signal,
  });
  return (Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
}

/** Resolves when the instance runs and has this device; rejects as `lost` when it ends instead. */
export function waitUntilRunning(
  ec2: RegionAccess,
  { instanceId, device }: { readonly instanceId: string; readonly device?: string },
  signal: AbortSignal,
): Promise<Instance> {
  let runningSince: number | undefined;
  return ec2.instances.wait(
    instanceId,
    (instance, missingMs) => {
      if (instance === undefined) {
        if (missingMs > ec2.settings.visibilityMs) throw lost(ec2, instanceId, 'vanished');
        return undefined;
      }
      const state = instance.State?.Name;
      if (state === 'running') {
        if (device === undefined || volumeOf(instance, device) !== undefined) return instance;
        // The mapping may be listed later than the state.
        runningSince ??= ec2.clock.elapsed();
        if (ec2.clock.elapsed() - runningSince <= ec2.settings.visibilityMs) return undefined;
        throw lost(ec2, instanceId, `runs without a volume at ${device}`);
      }
      if (state !== 'pending') {
        throw lost(
          ec2,
          instanceId,
          `is ${state}: ${instance.StateReason?.Message ?? 'no reason given'}`,
        );
      }
      return undefined;
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
  return ec2.instances.wait<never>(
    instanceId,
    (instance, missingMs) => {
      if (instance === undefined) {
        if (missingMs > ec2.settings.visibilityMs) throw lost(ec2, instanceId, 'vanished');
        return undefined;
      }
      const state = instance.State?.Name;
      if (state === 'pending' || state === 'running') return undefined;
      throw lost(
        ec2,
        instanceId,
        `is ${state}: ${instance.StateReason?.Message ?? 'no reason given'}`,
      );
    },
    signal,
  );
}

/** Terminates and waits until EC2 says so; an instance that EC2 no longer knows is gone. */
export async function terminateInstance(
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
    // Not found may only mean not visible yet: the wait below decides, by the window.
    if (!isCode(error, 'InvalidInstanceID.NotFound')) throw error;
    taken = false;
  }
  const ended = await ec2.instances.wait(
    instanceId,
    (instance, missingMs) => {
      if (instance === undefined) return missingMs > ec2.settings.visibilityMs ? true : undefined;
      if (instance.State?.Name === 'terminated') return true;
      return taken ? undefined : false;
    },
    signal,
  );
  // It has become visible, and nobody has told it to end.
  if (!ended) await terminateInstance(ec2, instanceId, signal);
}

function lost(ec2: RegionAccess, instanceId: string, what: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `instance ${instanceId} in ${ec2.name} ${what}`, {
    code: 'instance-lost',
    class: 'lost',
    next: 'A new instance is launched by itself; if that repeats, look at the state reason in the EC2 console.',
    region: ec2.name,
    resource: instanceId,
  });
}

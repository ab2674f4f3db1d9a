/** Whether the worker's role has each permission that changes something, by EC2's dry runs: these change nothing. */

import {
  CopySnapshotCommand,
  CreateSnapshotCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DetachVolumeCommand,
  GetConsoleOutputCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RegisterImageCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { _InstanceType as InstanceType, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Check } from '../../model/check.js';
import { failure, ok, warning } from '../../model/check.js';
import type { Tags } from '../../model/ids/tags.js';
import { classifyAwsError, errorCode } from '../errors.js';
import type { RegionAccess } from '../region-access.js';
import { tagSpecification } from '../tags.js';

export interface Launch {
  /** Such as `launch of the utility instance`. */
  readonly what: string;
  readonly ami: string;
  readonly instanceType: string;
  readonly instanceProfile?: string | undefined;
  readonly subnet?: string | undefined;
  readonly securityGroup?: string | undefined;
}

type Command =
  | CopySnapshotCommand
  | CreateSnapshotCommand
  | CreateTagsCommand
  | DeleteSnapshotCommand
  | DeleteVolumeCommand
  | DeregisterImageCommand
  | DetachVolumeCommand
  | GetConsoleOutputCommand
  | ModifyImageAttributeCommand
  | ModifySnapshotAttributeCommand
  | RegisterImageCommand
  | RunInstancesCommand
  | TerminateInstancesCommand;

/** Well-formed ids that no account has: a dry run checks the permission before it looks at state. */
const NONE = {
  ImageId: 'ami-00000000000000000',
  SnapshotId: 'snap-00000000000000000',
  VolumeId: 'vol-00000000000000000',
  InstanceId: 'i-00000000000000000',
} as const;

const NEXT =
  'Give the worker role this permission: ops/iam/policies/worker.json is the policy, docs/iam.md explains it.';

/** EC2 names the resource that it refuses; here it is one that does not exist, so it has no tags either. */
const ABOUT_NONE = /on resource: \S+-0{17}\s/;

/**
 * One line for each permission, and one for all that depend on the tags of a resource; `tags` are those that a policy
 * may demand. Throws AWS's error when EC2 cannot be asked at all.
 */
export async function checkPermissions(
  ec2: RegionAccess,
  tags: Tags,
  launches: readonly Launch[],
  signal: AbortSignal,
): Promise<Check[]> {
  const runs = launches.map((launch): [string, Command] => [
    `ec2:RunInstances, ${launch.what}`,
    runInstances(launch, tags),
  ]);
  const asked = [...runs, ...commandsOf(ec2, tags)];
  const checks = await Promise.all(
    asked.map(async ([what, command]): Promise<Check | { readonly undecided: string }> => {
      try {
        // The SDK has no type for one of several commands; all of them are sent in the same way.
        await ec2.ec2.send(command as RunInstancesCommand, { abortSignal: signal });
      } catch (error) {
        return permission(ec2.name, what, error);
      }
      throw new TypeError(`${what} was made, though it was a dry run`);
    }),
  );
  const undecided = checks.flatMap((check) => ('undecided' in check ? [check.undecided] : []));
  return [
    ...checks.flatMap((check) => ('undecided' in check ? [] : [check])),
    ...(undecided.length === 0 ? [] : [byTag(ec2.name, undecided)]),
  ];
}

/** EC2 refuses them, and does so also where the policy allows them on resources with the tags of fedimg. */
function byTag(area: string, actions: readonly string[]): Check {
  return warning(
    area,
    'permissions by tag',
    `not known: ${actions.join(', ')}. EC2 refuses them on a resource that does not exist. It does so also when the policy allows them by tag`,
    'Compare the policies of the role with ops/iam/policies/worker.json. The first publication shows whether they are right.',
  );
}

function permission(
  area: string,
  what: string,
  error: unknown,
): Check | { readonly undecided: string } {
  const code = errorCode(error);
  if (code === 'DryRunOperation') return ok(area, what, 'allowed');
  const awsFailure = classifyAwsError(error);
  if (awsFailure === undefined || awsFailure.class === 'unreachable') throw error;
  const { message } = awsFailure;
  const isRefused = code === 'UnauthorizedOperation';
  if (isRefused && ABOUT_NONE.test(message)) return { undecided: what };
  if (isRefused) return failure(area, what, message, NEXT);
  const isLaunch = what.startsWith('ec2:RunInstances');
  if (isLaunch) return failure(area, what, message, awsFailure.next);
  // EC2 looked for the resource first, so the permission is not known.
  return warning(area, what, `not checked: EC2 answers ${message}`);
}

function runInstances(launch: Launch, tags: Tags): Command {
  const { ami, instanceType, instanceProfile, subnet, securityGroup } = launch;
  const profile: RunInstancesCommandInput['IamInstanceProfile'] = instanceProfile?.startsWith(
    'arn:',
  )
    ? { Arn: instanceProfile }
    : { Name: instanceProfile };
  return new RunInstancesCommand({
    DryRun: true,
    ImageId: ami,
    InstanceType: instanceType as InstanceType,
    MinCount: 1,
    MaxCount: 1,
    ...(instanceProfile === undefined ? {} : { IamInstanceProfile: profile }),
    ...(subnet === undefined ? {} : { SubnetId: subnet }),
    ...(securityGroup === undefined ? {} : { SecurityGroupIds: [securityGroup] }),
    TagSpecifications: [
      tagSpecification('instance', tags),
      tagSpecification('volume', tags),
      tagSpecification('network-interface', tags),
    ],
  });
}

/** The other permissions of the policy of ops/iam; SSM has no dry run. */
function commandsOf({ name }: RegionAccess, tags: Tags): [string, Command][] {
  const { ImageId, SnapshotId, VolumeId, InstanceId } = NONE;
  const DryRun = true;
  const everyone = { Add: [{ Group: 'all' as const }] };
  const tagged = (type: 'snapshot' | 'image') => ({
    TagSpecifications: [tagSpecification(type, tags)],
  });
  const commands: [string, Command][] = [
    ['CreateSnapshot', new CreateSnapshotCommand({ DryRun, VolumeId, ...tagged('snapshot') })],
    [
      'CopySnapshot',
      new CopySnapshotCommand({
        DryRun,
        SourceRegion: name,
        SourceSnapshotId: SnapshotId,
        ...tagged('snapshot'),
      }),
    ],
    [
      'RegisterImage',
      new RegisterImageCommand({
        DryRun,
        Name: 'fedimg-doctor',
        Architecture: 'x86_64',
        VirtualizationType: 'hvm',
        RootDeviceName: '/dev/sda1',
        BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId } }],
        ...tagged('image'),
      }),
    ],
    [
      'CreateTags',
      new CreateTagsCommand({
        DryRun,
        Resources: [ImageId],
        Tags: [{ Key: 'fedimg:state', Value: 'complete' }],
      }),
    ],
    [
      'ModifyImageAttribute',
      new ModifyImageAttributeCommand({ DryRun, ImageId, LaunchPermission: everyone }),
    ],
    [
      'ModifySnapshotAttribute',
      new ModifySnapshotAttributeCommand({
        DryRun,
        SnapshotId,
        Attribute: 'createVolumePermission',
        OperationType: 'add',
        GroupNames: ['all'],
      }),
    ],
    ['DetachVolume', new DetachVolumeCommand({ DryRun, VolumeId })],
    ['DeleteVolume', new DeleteVolumeCommand({ DryRun, VolumeId })],
    ['TerminateInstances', new TerminateInstancesCommand({ DryRun, InstanceIds: [InstanceId] })],
    ['DeregisterImage', new DeregisterImageCommand({ DryRun, ImageId })],
    ['DeleteSnapshot', new DeleteSnapshotCommand({ DryRun, SnapshotId })],
    ['GetConsoleOutput', new GetConsoleOutputCommand({ DryRun, InstanceId })],
  ];
  return commands.map(([action, command]) => [`ec2:${action}`, command]);
}

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

const NEXT = 'Give the worker role this permission; see the policy in docs/aws.md.';

/** One line for each permission; `tags` are those that a policy may demand. Throws AWS's error when EC2 cannot be asked at all. */
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
  return Promise.all(
    asked.map(async ([what, command]) => {
      try {
        // The SDK has no type for one of several commands; all of them are sent in the same way.
        await ec2.ec2.send(command as RunInstancesCommand, { abortSignal: signal });
      } catch (error) {
        return permission(ec2.name, what, error);
      }
      throw new TypeError(`${what} was made, though it was a dry run`);
    }),
  );
}

function permission(area: string, what: string, error: unknown): Check {
  const code = errorCode(error);
  if (code === 'DryRunOperation') return ok(area, what, 'allowed');
  const awsFailure = classifyAwsError(error);
  if (awsFailure === undefined || awsFailure.class === 'unreachable') throw error;
  const { message } = awsFailure;
  if (code === 'UnauthorizedOperation') return failure(area, what, message, NEXT);
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

/** The other permissions of the policy in docs/aws.md; SSM has no dry run. */
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

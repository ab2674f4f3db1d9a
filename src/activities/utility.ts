/** The utility instance: launched once, with the blank volume that the image is written to. */

import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { clientToken } from '../aws/client-token.js';
import { waitUntilAgentOnline } from '../aws/ssm-agent.js';
import { ensureInstance, volumeOf, waitUntilRunning } from '../aws/instances.js';
import { userData } from '../guest/guest-script.js';
import type { UtilityPlan } from '../model/plan/plan.js';
import { inRegion } from '../model/ids/own-tags.js';
import { originTags, stepKey } from '../model/ids/tags.js';
import type { LaunchUtilityInput, UtilityInstance } from './shapes/image.js';
import type { ActivityContext } from './attempt/context.js';
import { isRepeat } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { reportBoot } from './boot-report.js';
import { instanceInput } from './instance-input.js';

/** The blank volume's device name in EC2; the guest finds the volume by its id. */
const VOLUME_DEVICE = '/dev/sdf';

export function launchUtilityInstance(
  { aws }: ActivityContext,
  input: LaunchUtilityInput,
): Promise<UtilityInstance> {
  const { utility, generation } = input;
  const origin = inRegion(input.origin, input.regionName);
  const ec2 = aws.region(input.regionName);
  const generationTag = { 'fedimg:generation': String(generation) };
  return heartbeating(waitingFor('utility instance'), async (report, signal) => {
    const instanceId = await ensureInstance(
      ec2,
      {
        key: { ...stepKey(origin, 'utility'), ...generationTag },
        tags: {
          ...originTags(origin, 'utility', `fedimg utility: ${origin.image}`),
          ...generationTag,
        },
        placements: utility.placements,
        mayExist: isRepeat(),
        token: ({ instanceType, zone }) =>
          clientToken(
            origin.workflowId,
            origin.runId,
            'utility',
            generation,
            instanceType,
            zone ?? '',
          ),
        input: utilityInput(utility),
      },
      signal,
    );
    report(waitingFor(`instance ${instanceId}`));
    const wanted = { instanceId, device: VOLUME_DEVICE };
    const instance = await waitUntilRunning(ec2, wanted, signal);
    const volumeId = volumeOf(instance, VOLUME_DEVICE);
    if (volumeId === undefined)
      throw new TypeError(`${instanceId} has no volume at ${VOLUME_DEVICE}`);
    const boot = reportBoot(ec2, { instanceId }, report);
    await waitUntilAgentOnline(ec2, instanceId, signal, boot.show);
    return {
      regionName: input.regionName,
      instanceId,
      volumeId,
      volumeSizeGiB: utility.volumeSizeGiB,
    };
  });
}

function utilityInput(
  utility: UtilityPlan,
): Omit<RunInstancesCommandInput, 'MinCount' | 'MaxCount' | 'InstanceType'> {
  return {
    ...instanceInput(utility, userData(utility.deadManMinutes)),
    ImageId: utility.ami,
    BlockDeviceMappings: [
      {
        DeviceName: utility.rootDevice,
        Ebs: { VolumeSize: utility.rootSizeGiB, VolumeType: 'gp3', DeleteOnTermination: true },
      },
      {
        DeviceName: VOLUME_DEVICE,
        Ebs: {
          VolumeSize: utility.volumeSizeGiB,
          VolumeType: utility.volumeType,
          ...(utility.volumeThroughputMiB === undefined
            ? {}
            : { Throughput: utility.volumeThroughputMiB }),
          DeleteOnTermination: true,
        },
      },
    ],
  };
}

/** Registers all variants of one region from its one snapshot, or finds them, and waits until they are available. */

import type { RegisterImageCommandInput } from '@aws-sdk/client-ec2';
import type { ImageRegistration } from '../aws/image-registration.js';
import { ensureImage } from '../aws/image-registration.js';
import { waitUntilImageAvailable } from '../aws/images.js';
import { isCode } from '../aws/errors.js';
import type { RegionAccess } from '../aws/region-access.js';
import { waitUntilSnapshotComplete } from '../aws/snapshots.js';
import type { RegionPlan, RegisteredAmi, WantedAmi } from '../model/plan/plan.js';
import { planTags } from '../model/plan/plan-tags.js';
import { inRegion } from '../model/ids/own-tags.js';
import type { StepTag } from '../model/ids/tags.js';
import { amiTags } from '../model/ids/tags.js';
import { ec2Arch } from '../model/ids/variant.js';
import type { RegisterImagesInput } from './shapes/image.js';
import type { ActivityContext } from './attempt/context.js';
import { isRepeat } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { adoptEarlier } from './earlier-amis.js';

export function registerImages(
  { aws, runs }: ActivityContext,
  input: RegisterImagesInput,
): Promise<RegisteredAmi[]> {
  const ec2 = aws.region(input.regionPlan.regionName);
  return heartbeating(waitingFor('AMIs'), async (_report, signal) => {
    const { origin, rawSha256, regionPlan, snapshot } = input;
    const { wanted } = regionPlan;
    // An AMI of another snapshot was tested on its own, or not at all.
    const search = { origin, rawSha256, wanted, step: 'register', snapshot } as const;
    const earlier = await adoptEarlier(ec2, runs, search, signal);
    return withEarlier(earlier, regionPlan, (missing) =>
      ensureImages(ec2, { ...input, wanted: missing }, 'register', signal),
    );
  });
}

/** The region's AMIs in the order of the plan: those of earlier runs, and those that are registered now. */
export async function withEarlier(
  earlier: readonly RegisteredAmi[],
  { wanted }: Pick<RegionPlan, 'wanted'>,
  register: (missing: readonly WantedAmi[]) => Promise<RegisteredAmi[]>,
): Promise<RegisteredAmi[]> {
  const isThere = ({ name }: WantedAmi) => earlier.some((ami) => ami.name === name);
  const made = await register(wanted.filter((want) => !isThere(want)));
  const all = [...earlier, ...made];
  return wanted.flatMap(({ name }) => all.find((ami) => ami.name === name) ?? []);
}

export async function ensureImages(
  ec2: RegionAccess,
  input: RegisterImagesInput & { readonly wanted: readonly WantedAmi[] },
  step: StepTag,
  signal: AbortSignal,
): Promise<RegisteredAmi[]> {
  const { snapshot } = input;
  return Promise.all(
    input.wanted.map(async ({ name, variant, ...rest }) => {
      const wanted = { name, variant, ...rest };
      const request = { ...registration(input, wanted, step), mayExist: isRepeat() };
      const ami = await ensureImage(ec2, request, signal).catch(async (error: unknown) => {
        // EC2 answers this for a new snapshot and for one that is gone; the wait tells them apart.
        if (isCode(error, 'InvalidSnapshot.NotFound')) {
          await waitUntilSnapshotComplete(ec2, snapshot, {
            signal,
            onProgress: () => undefined,
          });
        }
        throw error;
      });
      const { OwnerId } = await waitUntilImageAvailable(ec2, ami, signal);
      const owner = OwnerId === undefined ? {} : { owner: OwnerId };
      return { regionName: ec2.name, variant, name, ami, snapshot, ...owner };
    }),
  );
}

function registration(
  input: RegisterImagesInput,
  wanted: WantedAmi,
  step: StepTag,
): ImageRegistration {
  const { arch, rawSha256, snapshot, regionPlan } = input;
  const origin = inRegion(input.origin, regionPlan.regionName);
  const { name, variant, description } = wanted;
  const hvm = variant.virt === 'hvm';
  // pv-grub looks for the root at sda1; HVM AMIs have it where the configuration says.
  const rootDevice = hvm ? input.registration.rootDevice : '/dev/sda1';
  return {
    tags: {
      ...amiTags({ origin, step, name, variant, rawSha256 }),
      ...planTags(regionPlan, input.registration),
    },
    input: {
      ...(hvm ? hvmFields(input) : paravirtualFields(wanted)),
      Name: name,
      Description: description,
      Architecture: ec2Arch(arch),
      VirtualizationType: variant.virt,
      RootDeviceName: rootDevice,
      BlockDeviceMappings: [
        {
          DeviceName: rootDevice,
          Ebs: { SnapshotId: snapshot, VolumeType: variant.volumeType, DeleteOnTermination: true },
        },
      ],
    },
  };
}

function hvmFields({ registration }: RegisterImagesInput): Partial<RegisterImageCommandInput> {
  const { bootMode, ena, imdsV2 } = registration;
  return {
    BootMode: bootMode,
    ...(ena ? { EnaSupport: true, SriovNetSupport: 'simple' } : {}),
    ...(imdsV2 ? { ImdsSupport: 'v2.0' } : {}),
  };
}

/** ENA or SR-IOV on a paravirtual AMI make it unreachable (EC2 user guide). */
function paravirtualFields({ kernel }: WantedAmi): Partial<RegisterImageCommandInput> {
  return kernel === undefined ? {} : { KernelId: kernel };
}

/** Requests and plans as they stand in a run, for tests that need one. */

import { randomUUID } from 'node:crypto';
import type { Installation } from '../../src/model/ids/installation.js';
import type { ImagePlan, ImageRequest, RegionPlan } from '../../src/model/plan/plan.js';
import { DEPLOYMENT } from './publisher-config.js';
import { variantsOf } from '../../src/model/ids/variant.js';

let requests = 0;

/** Of activities that run without a Temporal server. */
export const TEST_INSTALLATION: Installation = {
  cluster: 'cluster',
  namespace: 'default',
  deployment: DEPLOYMENT,
};

export function someRequest(overrides: Partial<ImageRequest['image']> = {}): ImageRequest {
  requests += 1;
  // Not the date of the composes that are really served: they share a Temporal server.
  const composeId = `Fedora-Cloud-43-20251022.${requests}`;
  const arch = overrides.arch ?? 'x86_64';
  return {
    composeId,
    release: '43',
    image: {
      subvariant: 'Cloud_Base',
      arch,
      url: `https://kojipkgs.example/${composeId}/Cloud/${arch}/images/a.${arch}.raw.xz`,
      sha256: 'a'.repeat(64),
      sizeBytes: 1000,
      name: `Fedora-Cloud-Base-AmazonEC2-43-${randomUUID().slice(0, 8)}.${arch}`,
      ...overrides,
    },
  };
}

export function someRegion(regionName: string, overrides: Partial<RegionPlan> = {}): RegionPlan {
  const wanted = variantsOf(['hvm', 'paravirtual'], ['standard', 'gp2']).map((variant) => ({
    variant,
    name: `image-${variant.virt}-${regionName}-${variant.volumeType}-0`,
    description: 'an image',
  }));
  return { regionName, required: false, wanted, leftOut: [], ...overrides };
}

export type InstancePlan = ImagePlan & Required<Pick<ImagePlan, 'utility'>>;

/** The plan, which must have a utility instance. */
export function withInstance(plan: ImagePlan): InstancePlan {
  const { utility } = plan;
  if (utility === undefined) throw new TypeError('the plan has no utility instance');
  return { ...plan, utility };
}

export function somePlan(
  request: ImageRequest,
  ids: { readonly workflowId: string; readonly runId: string },
  overrides: Partial<ImagePlan> = {},
): ImagePlan {
  return {
    origin: {
      ...TEST_INSTALLATION,
      ...ids,
      composeId: request.composeId,
      release: request.release,
      image: request.image.name,
      arch: request.image.arch,
    },
    arch: request.image.arch,
    url: request.image.url,
    downloadUrl: request.image.url,
    sha256: request.image.sha256,
    rawSizeBytes: 1024 ** 3,
    compressedSizeBytes: request.image.sizeBytes,
    homeRegion: 'us-east-1',
    home: someRegion('us-east-1', { required: true }),
    copies: ['eu-west-1', 'ap-south-1', 'sa-east-1'].map((regionName) => someRegion(regionName)),
    utility: {
      ami: 'ami-0123456789abcdef0',
      arch: 'x86_64',
      rootDevice: '/dev/xvda',
      rootSizeGiB: 10,
      placements: [{ instanceType: 'c6i.large' }],
      volumeType: 'gp3',
      volumeSizeGiB: 1,
      deadManMinutes: 120,
    },
    test: {
      transport: 'ssm',
      variants: [{ virt: 'hvm', volumeType: 'standard' }],
      script: '#!/bin/sh\nexit 0\n',
      timeoutSeconds: 60,
      instanceTypes: ['c6i.large'],
      deadManMinutes: 120,
    },
    registration: {
      rootDevice: '/dev/sda1',
      bootMode: 'uefi-preferred',
      ena: true,
      imdsV2: true,
      names: 'image-{virt_type}-{region}-{vol_type}-0',
      tests: ['hvm-standard'],
    },
    makePublic: true,
    minRateBytesPerSecond: 0,
    regionPatienceMs: 60_000,
    ...overrides,
  };
}

/** The schemas of message bodies: a consumer drops a message that breaks its schema. */

import { z } from 'zod';
import { ARCHES } from '../model/compose/compose.js';
import { VARIANT_KEYS } from '../model/ids/variant.js';
import { REPORTED_STATES, RUN_EVENTS } from '../model/progress/run-announcement.js';

const amiId = z.string().regex(/^ami-[0-9a-f]{8,17}$/);
const variant = { virt_type: z.enum(['hvm', 'paravirtual']), vol_type: z.string().min(1) };
const status = z.enum(['started', 'completed', 'failed']);
const ec2Architecture = z.enum(['x86_64', 'arm64']);

const about = {
  image_name: z.string().min(1),
  image_url: z.url(),
  destination: z.string().min(1),
  service: z.literal('EC2'),
};

/** Only a completed upload has an AMI id: consumers take the AMI as existing. */
export const uploadBody = z
  .strictObject({
    ...about,
    status,
    compose: z.string().min(1),
    extra: z.strictObject({ id: amiId.optional(), ...variant }),
  })
  .refine((body) => (body.extra.id !== undefined) === (body.status === 'completed'), {
    error: 'has an AMI id exactly when it is completed',
    path: ['extra', 'id'],
  });

export const testBody = z.strictObject({
  ...about,
  status,
  compose: z.string().min(1),
  extra: z.strictObject({ id: amiId, ...variant, data: z.string().optional() }),
});

/** Without a status: readers take every such message as a success, and its `extra.id` as there. */
export const copyBody = z.strictObject({
  ...about,
  compose_id: z.string().min(1),
  architecture: ec2Architecture,
  extra: z.strictObject({ id: amiId, ...variant, source_image_id: amiId.optional() }),
});

/** Without a status, as `copyBody`. */
export const publishBody = z.strictObject({
  ...about,
  compose: z.string().min(1),
  architecture: ec2Architecture,
  extra: z.strictObject({ id: amiId, ...variant }),
});

/** `AwsPublishedV1` of the package fedora_image_uploader_messages 1.2.0, whose types allow any string. */
export const awsPublishedBody = z.strictObject({
  architecture: z.enum(ARCHES),
  compose_id: z.string().min(1),
  image_name: z.string().min(1),
  regions: z.record(z.string().min(1), amiId),
  release: z.int().positive(),
  subvariant: z.string().min(1),
});

const ofRun = {
  ...about,
  // A run without a plan reports its request, which other clients of Temporal may send unchecked.
  image_url: z.string(),
  workflow_id: z.string().min(1),
  run_id: z.string().min(1),
  compose_id: z.string().min(1),
  subvariant: z.string(),
  architecture: z.enum(ARCHES),
};
const amisByVariant = z.partialRecord(z.enum(VARIANT_KEYS), amiId);

/** `RunV1` of `python/fedimg_messages`. */
export const runBody = z.strictObject({
  ...ofRun,
  // Empty for a run that failed before its plan.
  destination: z.string(),
  outcome: z.enum(RUN_EVENTS),
  reason: z.string().optional(),
  regions: z.record(
    z.string().min(1),
    z.strictObject({
      state: z.enum(REPORTED_STATES),
      amis: amisByVariant,
      reason: z.string().optional(),
    }),
  ),
});

/** `RegionV1` of `python/fedimg_messages`. */
export const regionBody = z.strictObject({
  ...ofRun,
  state: z.literal('left-out'),
  reason: z.string(),
  next: z.string().optional(),
  amis: amisByVariant,
});

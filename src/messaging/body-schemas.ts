/** The schemas of message bodies: a consumer drops a message that breaks its schema. */

import { z } from 'zod';

const amiId = z.string().regex(/^ami-[0-9a-f]{8,17}$/);
const variant = { virt_type: z.enum(['hvm', 'paravirtual']), vol_type: z.string().min(1) };
const status = z.enum(['started', 'completed', 'failed']);

const about = {
  image_name: z.string().min(1),
  image_url: z.url(),
  destination: z.string().min(1),
  service: z.literal('EC2'),
  status,
};

/** Only a completed message has an AMI id: consumers take the AMI as existing. */
function idsWhereCompleted(body: {
  readonly status: z.infer<typeof status>;
  readonly extra: { readonly id?: string | undefined };
}): boolean {
  return (body.extra.id !== undefined) === (body.status === 'completed');
}

const idRule = { error: 'has an AMI id exactly when it is completed', path: ['extra', 'id'] };

export const uploadBody = z
  .strictObject({
    ...about,
    compose: z.string().min(1),
    extra: z.strictObject({ id: amiId.optional(), ...variant }),
  })
  .refine(idsWhereCompleted, idRule);

export const testBody = z.strictObject({
  ...about,
  compose: z.string().min(1),
  extra: z.strictObject({ id: amiId, ...variant, data: z.string().optional() }),
});

export const copyBody = z
  .strictObject({
    ...about,
    compose_id: z.string().min(1),
    extra: z.strictObject({ id: amiId.optional(), ...variant, source_image_id: amiId.optional() }),
  })
  .refine(idsWhereCompleted, idRule);

export const publishBody = z
  .strictObject({
    ...about,
    compose: z.string().min(1),
    architecture: z.enum(['x86_64', 'arm64']),
    extra: z.strictObject({ id: amiId.optional(), ...variant }),
  })
  .refine(idsWhereCompleted, idRule);

/** `AwsPublishedV1` of the package fedora_image_uploader_messages 1.2.0, whose types allow any string. */
export const awsPublishedBody = z.strictObject({
  architecture: z.enum(['x86_64', 'aarch64']),
  compose_id: z.string().min(1),
  image_name: z.string().min(1),
  regions: z.record(z.string().min(1), amiId),
  release: z.int().positive(),
  subvariant: z.string().min(1),
});

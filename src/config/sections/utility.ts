/** `[utility]`: the instance that downloads an image and writes it to a volume. */
import { z } from 'zod';
import { always, isRecord } from '../cross-check.js';
import { instanceProfile, instanceType, unique } from '../fields.js';

/** The instance that downloads an image and writes it. */
export interface UtilityConfig {
  /** Tried in order; empty takes `DEFAULT_INSTANCE_TYPES` of the first AMI's architecture. */
  instanceTypes: string[];
  subnet?: string;
  securityGroup?: string;
  /** Name or ARN; without one SSM needs the account's default host management. */
  instanceProfile?: string;
  /** Of the volume that the image is written to. */
  volumeType: 'gp3' | 'gp2' | 'standard';
  /** Used when the server answers no range requests, so that the raw size stays unknown. */
  fallbackVolumeSizeGiB: number;
  /** The instance ends itself after this, whatever became of its run. */
  deadManMinutes: number;
  /** Availability zones, tried in order; empty leaves the choice to EC2. */
  zones: string[];
}

export const utilitySchema = z
  .strictObject({
    instance_types: unique(instanceType())
      .default([])
      .describe('Tried in order when EC2 has no capacity; empty: chosen by architecture.'),
    subnet: z
      .string()
      .regex(/^subnet-[0-9a-f]{8,17}$/, 'is no subnet; allowed: an id such as "subnet-0abc1234"')
      .optional()
      .describe('Subnet of the utility instance; without one, the default VPC.'),
    security_group: z
      .string()
      .regex(/^sg-[0-9a-f]{8,17}$/, 'is no security group; allowed: an id such as "sg-0abc1234"')
      .optional()
      .describe('Security group; it needs no ingress, and egress to 443.'),
    instance_profile: instanceProfile()
      .optional()
      .describe('Name or ARN; its role needs what the SSM agent needs.'),
    volume_type: z
      .enum(['gp3', 'gp2', 'standard'])
      .default('gp3')
      .describe('Type of the volume that the image is written to.'),
    fallback_volume_size_gib: z
      .int()
      .min(1)
      .max(1024)
      .default(10)
      .describe('Volume size when the server answers no range requests.'),
    dead_man_minutes: z
      .int()
      .min(10)
      .max(1440)
      .default(120)
      .describe('The instance terminates itself after this.'),
    zones: unique(
      z
        .string()
        .regex(
          /^[a-z]{2,4}(?:-[a-z]{3,12}){1,2}-\d{1,2}[a-z]$/,
          'is no zone; allowed: a name such as "us-east-1a"',
        ),
    )
      .default([])
      .describe('Availability zones of the home region, tried in order; not beside subnet.'),
  })
  .superRefine((utility: unknown, context) => {
    if (!isRecord(utility) || utility['subnet'] === undefined) return;
    if (Array.isArray(utility['zones']) && utility['zones'].length > 0) {
      const message = 'stands beside subnet, and a subnet is in one zone already; remove one';
      context.addIssue({ code: 'custom', path: ['zones'], message });
    }
  }, always)
  .transform((toml): UtilityConfig => ({
    instanceTypes: toml.instance_types,
    ...(toml.subnet === undefined ? {} : { subnet: toml.subnet }),
    ...(toml.security_group === undefined ? {} : { securityGroup: toml.security_group }),
    ...(toml.instance_profile === undefined ? {} : { instanceProfile: toml.instance_profile }),
    volumeType: toml.volume_type,
    fallbackVolumeSizeGiB: toml.fallback_volume_size_gib,
    deadManMinutes: toml.dead_man_minutes,
    zones: toml.zones,
  }))
  .describe('The instance that downloads an image and writes it to a volume.');

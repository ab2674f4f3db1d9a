/** `[utility]`: the instance that downloads an image and writes it to a volume. */
import { z } from 'zod';
import { VOLUME_TYPES } from '../../model/ids/variant.js';
import { camelCased } from '../camel-case.js';
import { always, isRecord } from '../cross-check.js';
import { instanceProfile, instanceTypes, securityGroup, subnet, unique, zone } from '../fields.js';

export const utilitySchema = z
  .strictObject({
    /** Empty: `DEFAULT_INSTANCE_TYPES` of the first AMI's architecture. */
    instance_types: instanceTypes()
      .default([])
      .describe('Tried in order when EC2 has no capacity; empty: chosen by architecture.'),
    subnet: subnet()
      .optional()
      .describe('Subnet of the utility instance; without one, the default VPC.'),
    security_group: securityGroup()
      .optional()
      .describe('Security group; it needs no ingress, and egress to 443.'),
    /** Without one, SSM needs the account's default host management. */
    instance_profile: instanceProfile()
      .optional()
      .describe('Name or ARN; its role needs what the SSM agent needs.'),
    volume_type: z
      .enum(VOLUME_TYPES)
      .default('gp3')
      .describe('Type of the volume that the image is written to.'),
    /** EBS user guide, "gp3 volumes": 125 to 2,000, at most 0.25 for each IOPS, of which 3,000 are included. */
    volume_throughput_mib: z
      .int()
      .min(125)
      .max(750)
      .default(750)
      .describe('MiB a second of a gp3 volume.'),
    fallback_volume_size_gib: z
      .int()
      .min(1)
      .max(1024)
      .default(10)
      .describe('Volume size when the server supports no range requests.'),
    dead_man_minutes: z
      .int()
      .min(10)
      .max(1440)
      .default(120)
      .describe('The instance terminates itself after this.'),
    /** Empty: EC2 chooses. */
    zones: unique(zone())
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
  .transform(camelCased)
  .describe('The instance that downloads an image and writes it to a volume.');

/** The instance that downloads an image and writes it. */
export type UtilityConfig = z.output<typeof utilitySchema>;

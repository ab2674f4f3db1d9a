/** `[publish]`: where AMIs go and what they look like. */
import { z } from 'zod';
import { APPROVALS } from '../../model/plan/approval.js';
import { VIRTUALIZATION_TYPES, VOLUME_TYPES } from '../../model/ids/variant.js';
import { camelCased } from '../camel-case.js';
import { always, isRecord } from '../cross-check.js';
import { duration, region, unique } from '../fields.js';
import { descriptionTemplate, imageNameTemplate } from '../templates.js';

export const publishSchema = z
  .strictObject({
    regions: z
      .union([z.literal('all'), unique(region()).min(1)])
      .default('all')
      .describe('"all" is every region enabled in the account; else a list. Home is always one.'),
    exclude_regions: unique(region()).default([]).describe('Regions that get no AMIs.'),
    /** Any other region is left out when it is late. */
    required_regions: unique(region())
      .default([])
      .describe('Regions without which the image fails instead of being published elsewhere.'),
    region_patience: duration('1s', '7d')
      .prefault('2h')
      .describe('How long a slow region is waited for before it is left out and reported.'),
    operator_patience: duration('0s', '7d')
      .optional()
      .describe(
        'How long a failed region waits for `fedimg retry` or `skip`; default: region_patience.',
      ),
    approval: z
      .enum(APPROVALS)
      .default('none')
      .describe('"before-copy" or "before-publish": the image waits there for `fedimg approve`.'),
    quota: z
      .enum(['leave-out', 'fail'])
      .default('leave-out')
      .describe(
        'A region without room in its quota of public AMIs is left out, or fails the image before anything is made.',
      ),
    volume_types: unique(z.enum(VOLUME_TYPES))
      .min(1)
      .default(['standard', 'gp2'])
      .describe('One AMI for each volume type and virtualization type.'),
    virtualization_types: unique(z.enum(VIRTUALIZATION_TYPES))
      .min(1)
      .default(['hvm', 'paravirtual'])
      .describe('"paravirtual" is made for x86_64 only, in regions that have a kernel.'),
    public: z
      .boolean()
      .default(true)
      .describe('false keeps AMIs and snapshots private, for trial runs.'),
    image_name: imageNameTemplate()
      .default('{image}-{region}-{virt_label}-{volume_type}-0')
      .describe("The AMI's name; distinct for each variant and image."),
    description: descriptionTemplate()
      .default('Created from build {image} of {compose}')
      .describe("The AMI's description."),
    root_device: z
      .enum(['/dev/sda1', '/dev/xvda'])
      .default('/dev/sda1')
      .describe('Root device of HVM AMIs; paravirtual ones always have /dev/sda1.'),
    ena: z.boolean().default(true).describe('Enhanced networking (ENA) on HVM AMIs.'),
    imds_v2: z
      .boolean()
      .default(true)
      .describe('Instances accept IMDSv2 only; EC2 cannot change this later.'),
    uefi_preferred: z
      .boolean()
      .default(true)
      .describe(
        'x86_64 HVM AMIs prefer UEFI; false is legacy BIOS. The image must boot both ways.',
      ),
  })
  .superRefine((publish: unknown, context) => {
    if (!isRecord(publish)) return;
    const { regions, exclude_regions: excluded, required_regions: required } = publish;
    if (!Array.isArray(required)) return;
    required.forEach((name: unknown, index) => {
      if (typeof name !== 'string') return;
      if (Array.isArray(excluded) && excluded.includes(name)) {
        const message = `requires ${name}, which exclude_regions excludes; remove one of the two`;
        context.addIssue({ code: 'custom', path: ['required_regions', index], message });
      } else if (Array.isArray(regions) && !regions.includes(name)) {
        const message = `requires ${name}, which is not in regions; add it there`;
        context.addIssue({ code: 'custom', path: ['required_regions', index], message });
      }
    });
  }, always)
  .transform(camelCased)
  .describe('Where AMIs go and what they look like.');

/** Where AMIs go and what they look like. */
export type PublishConfig = z.output<typeof publishSchema>;

/** `[publish]`: where AMIs go and what they look like. */
import { z } from 'zod';
import type { Virtualization, VolumeType } from '../../model/ids/variant.js';
import { always, isRecord } from '../cross-check.js';
import { duration, region, unique } from '../fields.js';
import { descriptionTemplate, imageNameTemplate } from '../templates.js';

export const VIRTUALIZATION_TYPES = [
  'hvm',
  'paravirtual',
] as const satisfies readonly Virtualization[];
export const VOLUME_TYPES = ['standard', 'gp2', 'gp3'] as const satisfies readonly VolumeType[];

/** Where AMIs go and what they look like. */
export interface PublishConfig {
  /** `all`: every region that is enabled in the account. The home region is always one. */
  regions: 'all' | string[];
  excludeRegions: string[];
  /** Without these the image fails; any other region is left out when it is late. */
  requiredRegions: string[];
  /** How long the gate waits for the slowest region. */
  regionPatienceMs: number;
  volumeTypes: VolumeType[];
  virtualizationTypes: Virtualization[];
  /** False leaves AMIs and snapshots private: for trying things out. */
  public: boolean;
  /** With the placeholders of `model/name-template.ts`. */
  imageName: string;
  description: string;
  /** Of HVM AMIs; a paravirtual one always has `/dev/sda1`. */
  rootDevice: '/dev/sda1' | '/dev/xvda';
  /** Enhanced networking, for HVM AMIs. */
  ena: boolean;
  /** Instances of the AMI accept IMDSv2 only; EC2 cannot take this back from an AMI. */
  imdsV2: boolean;
  /** x86_64 HVM AMIs boot by UEFI where the instance type can; the image must boot both ways. */
  uefiPreferred: boolean;
}

export const publishSchema = z
  .strictObject({
    regions: z
      .union([z.literal('all'), unique(region()).min(1)])
      .default('all')
      .describe('"all" is every region enabled in the account; else a list. Home is always one.'),
    exclude_regions: unique(region()).default([]).describe('Regions that get no AMIs.'),
    required_regions: unique(region())
      .default([])
      .describe('Regions without which the image fails instead of being published elsewhere.'),
    region_patience: duration('1s', '7d')
      .prefault('2h')
      .describe('How long a slow region is waited for before it is left out and reported.'),
    volume_types: unique(z.enum(VOLUME_TYPES))
      .min(1)
      .default(['standard', 'gp2'])
      .describe('One AMI for each volume type and virtualization type.'),
    virtualization_types: unique(z.enum(VIRTUALIZATION_TYPES))
      .min(1)
      .default(['hvm', 'paravirtual'])
      .describe('"paravirtual" is made for x86_64 only, in regions that have a kernel.'),
    public: z.boolean().default(true).describe('False keeps AMIs and snapshots private.'),
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
    imds_v2: z.boolean().default(true).describe('Instances accept IMDSv2 only; irreversible.'),
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
        const message = `requires ${name}, which exclude_regions leaves out; remove one`;
        context.addIssue({ code: 'custom', path: ['required_regions', index], message });
      } else if (Array.isArray(regions) && !regions.includes(name)) {
        const message = `requires ${name}, which is not in regions; add it there`;
        context.addIssue({ code: 'custom', path: ['required_regions', index], message });
      }
    });
  }, always)
  .transform((toml): PublishConfig => ({
    regions: toml.regions,
    excludeRegions: toml.exclude_regions,
    requiredRegions: toml.required_regions,
    regionPatienceMs: toml.region_patience,
    volumeTypes: toml.volume_types,
    virtualizationTypes: toml.virtualization_types,
    public: toml.public,
    imageName: toml.image_name,
    description: toml.description,
    rootDevice: toml.root_device,
    ena: toml.ena,
    imdsV2: toml.imds_v2,
    uefiPreferred: toml.uefi_preferred,
  }))
  .describe('Where AMIs go and what they look like.');

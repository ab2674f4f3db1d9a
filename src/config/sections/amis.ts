/** `[[amis]]`: the AMI list, whose first item launches the utility instance and names the home region. */
import { z } from 'zod';
import { ARCHES, type Arch } from '../../model/compose/compose.js';
import { kernelId, region } from '../fields.js';
import { always, isRecord } from '../cross-check.js';

/** One item of the AMI list. */
export interface AmiItem {
  region: string;
  /** An `ami-…` id, or `al2023` for the image that AWS's public SSM parameter names. */
  ami: string;
  /** The architecture of that AMI; of the utility instance, when this is the first item. */
  arch: Arch;
  /** The region's paravirtual kernel (`aki-…`); without one EC2 is asked for the newest. */
  aki?: string;
}

const AMI_ID = /^ami-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

const amiItem = z
  .strictObject({
    region: region().describe('The region that this item speaks of.'),
    ami: z
      .string()
      .refine((value) => value === 'al2023' || AMI_ID.test(value), {
        error: 'is no AMI; allowed: an id such as "ami-0abcd1234ef567890", or "al2023"',
      })
      .describe(
        'An AMI id, or "al2023" for the newest Amazon Linux 2023 (a public SSM parameter).',
      ),
    arch: z
      .enum([...ARCHES, 'arm64'])
      .describe('The architecture of that AMI; "arm64" is read as "aarch64".'),
    aki: kernelId().optional().describe('The paravirtual kernel of the region (PV-GRUB).'),
  })
  .transform(({ region: name, ami, arch, aki }): AmiItem => ({
    region: name,
    ami,
    arch: arch === 'arm64' ? 'aarch64' : arch,
    ...(aki === undefined ? {} : { aki }),
  }));

export const amisSchema = z
  .array(amiItem, {
    error: (issue) =>
      issue.input === undefined
        ? 'is missing: the AMI list says what the utility instance is launched from; add an [[amis]] table'
        : undefined,
  })
  .min(1, 'is empty; the first item launches the utility instance; add an [[amis]] table')
  .superRefine((items: unknown, context) => {
    if (!Array.isArray(items)) return;
    const lines = new Map<string, number>();
    const kernels = new Map<string, string>();
    items.forEach((item: unknown, index) => {
      if (!isRecord(item) || typeof item['region'] !== 'string') return;
      const name = item['region'];
      // An architecture of a wrong type is told as that; a table cannot even be made a text.
      const arch = item['arch'];
      const key = `${name} ${typeof arch === 'string' ? arch : ''}`;
      const first = lines.get(key);
      if (first === undefined) lines.set(key, index);
      else {
        context.addIssue({
          code: 'custom',
          path: [index, 'region'],
          message: `lists ${key} twice (item ${first + 1} has it already); keep one of the two`,
        });
      }
      if (typeof item['aki'] !== 'string') return;
      const kernel = kernels.get(name);
      if (kernel !== undefined && kernel !== item['aki']) {
        context.addIssue({
          code: 'custom',
          path: [index, 'aki'],
          message: `differs from the kernel ${kernel} that ${name} has already; a region has one`,
        });
      }
      kernels.set(name, item['aki']);
    });
  }, always)
  .describe('The AMI list. The first item is what the utility instance is launched from.');

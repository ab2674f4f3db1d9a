/** `[[amis]]`: the AMI list, whose first item launches the utility instance and names the home region. */
import { z } from 'zod';
import { ARCHES } from '../../model/compose/compose.js';
import { camelCased } from '../camel-case.js';
import { always, isRecord } from '../cross-check.js';
import { AMI_ID, AMI_PARAMETER, kernelId, region } from '../fields.js';

function isAmiSource(value: string): boolean {
  return value === 'al2023' || AMI_ID.test(value) || AMI_PARAMETER.test(value);
}

const amiItem = z
  .strictObject({
    region: region().describe('The region of this item.'),
    ami: z
      .string()
      .refine(isAmiSource, {
        error:
          'is not an AMI; allowed: an id such as "ami-0abcd1234ef567890", "al2023", or an SSM parameter such as "resolve:ssm:/images/utility"',
      })
      .describe(
        'An AMI id, "al2023" for the newest Amazon Linux 2023, or an SSM parameter as "resolve:ssm:/NAME".',
      ),
    /** Of the AMI; of the utility instance, when this is the first item. */
    arch: z
      .enum([...ARCHES, 'arm64'])
      .transform((arch) => (arch === 'arm64' ? 'aarch64' : arch))
      .describe('The architecture of that AMI; "arm64" is read as "aarch64".'),
    /** Without it, the plan takes the newest kernel that EC2 lists in the region. */
    aki: kernelId().optional().describe('The paravirtual kernel of the region (PV-GRUB).'),
  })
  .transform(camelCased);

/** One item of the AMI list. */
export type AmiItem = z.output<typeof amiItem>;

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
    const seen = new Map<string, number>();
    const kernels = new Map<string, string>();
    items.forEach((item: unknown, index) => {
      if (!isRecord(item) || typeof item['region'] !== 'string') return;
      const name = item['region'];
      // An architecture of another type has its own error, and a table cannot become a text.
      const arch = item['arch'];
      const key = `${name} ${typeof arch === 'string' ? arch : ''}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, index);
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

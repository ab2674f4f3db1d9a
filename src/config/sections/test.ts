/** `[test]`: the script that decides whether an AMI may become public, and where it runs. */
import { z } from 'zod';
import {
  VIRTUALIZATION_TYPES,
  VOLUME_TYPES,
  type Virtualization,
  type VolumeType,
} from '../../model/ids/variant.js';
import { camelCased } from '../camel-case.js';
import {
  duration,
  instanceProfile,
  instanceTypes,
  securityGroup,
  subnet,
  unique,
} from '../fields.js';

/** One registration of an image, as `hvm-gp2`. */
export type VariantName = `${Virtualization}-${VolumeType}`;

export const TEST_TRANSPORTS = ['auto', 'ssm', 'console'] as const;
export type TestTransport = (typeof TEST_TRANSPORTS)[number];

/** What `test.variants` may say. */
export const VARIANT_SELECTORS = [
  'first-of-each',
  'first-hvm',
  'all',
  ...VIRTUALIZATION_TYPES.flatMap((virt) => VOLUME_TYPES.map((type) => `${virt}-${type}` as const)),
] as const;
export type VariantSelector = (typeof VARIANT_SELECTORS)[number];

const typesByArch = z.strictObject({
  x86_64: instanceTypes().min(1).default(['c6i.large', 'm6i.large', 't3.large']),
  aarch64: instanceTypes().min(1).default(['c7g.large', 'm7g.large', 't4g.large']),
  /** EC2 user guide, "Linux AMI virtualization types": C3, M3 and older ones boot paravirtual AMIs. */
  paravirtual: instanceTypes()
    .default(['m3.medium', 'c3.large', 'm3.large', 'm1.small', 't1.micro'])
    .describe(
      'For paravirtual AMIs, which newer types cannot boot; empty: none is tested or made.',
    ),
});

export const testSchema = z
  .strictObject({
    /** Absolute once it is loaded, and then it exists and is readable. */
    script: z
      .string({
        error: (issue) =>
          issue.input === undefined
            ? 'is missing: an AMI becomes public only after a test; name a script, as script = "tests/smoke.sh"'
            : undefined,
      })
      .min(1, 'is empty; name a script, as script = "tests/smoke.sh"')
      .describe('Runs on the test instance; exit status 0 passes. Relative to this file.'),
    /** `ssm` installs the agent where the image lacks it; `console` needs no network in the instance. */
    transport: z
      .enum(TEST_TRANSPORTS)
      .default('auto')
      .describe(
        '"ssm"; "console" for images without network (result on the console); "auto": ssm, and the console where the image cannot have the SSM agent.',
      ),
    /** Absolute once it is loaded. */
    agent_key: z
      .string()
      .min(1, 'is empty; name a file with armored OpenPGP public keys, or leave it out')
      .optional()
      .describe(
        "Armored public keys that sign the SSM agent's package, in place of AWS's that fedimg has. Relative to this file.",
      ),
    variants: unique(z.enum(VARIANT_SELECTORS))
      .min(1)
      .default(['first-of-each'])
      .describe(
        'Which variants are tested: "first-of-each" virtualization type, "first-hvm", "all", or names such as "hvm-gp2". AMIs of an untested type are left out.',
      ),
    timeout: duration('10s', '24h').prefault('20m').describe('Longest run of the script.'),
    instance_types: typesByArch.prefault({}).describe('Tried in order, for each architecture.'),
    instance_profile: instanceProfile()
      .optional()
      .describe("Name or ARN, for transport ssm; a role of its own, not the utility instance's."),
    subnet: subnet()
      .optional()
      .describe('Subnet of the test instance; without one, the default VPC.'),
    security_group: securityGroup()
      .optional()
      .describe('Security group of the test instance; it needs no ingress.'),
    keep_failed: z
      .boolean()
      .default(false)
      .describe('Keeps the AMIs and the snapshot of a failed test, private; default: removed.'),
    keep_failed_for: duration('1h', '30d')
      .prefault('3d')
      .describe('With keep_failed: the sweep removes them after this.'),
  })
  .transform(camelCased)
  .transform(({ keepFailed, keepFailedForMs, ...test }) => ({
    ...test,
    ...(keepFailed ? { keepFailedMs: keepFailedForMs } : {}),
  }))
  .describe('The test that an AMI must pass before anything becomes public.');

/** The test; its variants are the names that the selectors stand for: at least one, and each is registered. */
export type TestConfig = Omit<z.output<typeof testSchema>, 'variants'> & {
  variants: VariantName[];
};

/** The names that the selectors stand for, in the order of registration; variants that are not registered are left out. */
export function selectVariants(
  selectors: readonly VariantSelector[],
  registered: readonly VariantName[],
): VariantName[] {
  const firstOf = (virt: Virtualization) => registered.find((name) => name.startsWith(`${virt}-`));
  const firstOfEach = VIRTUALIZATION_TYPES.map(firstOf);
  return registered.filter(
    (name) =>
      selectors.includes('all') ||
      selectors.includes(name) ||
      (selectors.includes('first-of-each') && firstOfEach.includes(name)) ||
      (selectors.includes('first-hvm') && name === firstOf('hvm')),
  );
}

/** `[test]`: the script that decides whether an AMI may become public, and where it runs. */
import { z } from 'zod';
import { duration, instanceProfile, instanceType, unique } from '../fields.js';
import type { Arch, Virtualization, VolumeType } from '../../model/ids/variant.js';
import { VIRTUALIZATION_TYPES, VOLUME_TYPES } from './publish.js';

/** One registration of an image, as `hvm-gp2`. */
export type VariantName = `${Virtualization}-${VolumeType}`;

export const TEST_TRANSPORTS = ['ssm', 'console'] as const;
export type TestTransport = (typeof TEST_TRANSPORTS)[number];

/** The script that decides whether an AMI may become public, and where it runs. */
export interface TestConfig {
  /** Absolute; it exists and is readable when the configuration is loaded. */
  script: string;
  /** `ssm` installs the agent where there is none; `console` needs no network in the instance. */
  transport: TestTransport;
  /** Which variants are tested, in this order; at least one, and each is registered. */
  variants: VariantName[];
  /** Of one test: from the script's start to its exit. */
  timeoutMs: number;
  /** Tried in order, for each architecture; never empty. */
  instanceTypes: Record<Arch, string[]>;
  instanceProfile?: string;
  subnet?: string;
  securityGroup?: string;
  /** A failed test leaves its AMIs and snapshot, private, for inspection: for this long. */
  keepFailedMs?: number;
}

/** The words of `test.variants` before they are resolved against `[publish]`. */
export const VARIANT_SELECTORS = [
  'first-hvm',
  'all',
  ...VIRTUALIZATION_TYPES.flatMap((virt) => VOLUME_TYPES.map((type) => `${virt}-${type}` as const)),
] as const;
export type VariantSelector = (typeof VARIANT_SELECTORS)[number];

const typesByArch = z.strictObject({
  x86_64: unique(instanceType()).min(1).default(['c6i.large', 'm6i.large', 't3.large']),
  aarch64: unique(instanceType()).min(1).default(['c7g.large', 'm7g.large', 't4g.large']),
});

export const testSchema = z
  .strictObject({
    script: z
      .string({
        error: (issue) =>
          issue.input === undefined
            ? 'is missing: nothing becomes public untested; name a script, as script = "tests/smoke.sh"'
            : undefined,
      })
      .min(1, 'is empty; name a script, as script = "tests/smoke.sh"')
      .describe('Runs on the test instance; exit status 0 passes. Relative to this file.'),
    transport: z
      .enum(TEST_TRANSPORTS)
      .default('ssm')
      .describe('"ssm", or "console" for images without network (result on the console).'),
    variants: unique(z.enum(VARIANT_SELECTORS))
      .min(1)
      .default(['first-hvm'])
      .describe('Which variants are tested: "first-hvm", "all", or names such as "hvm-gp2".'),
    timeout: duration('10s', '24h').prefault('20m').describe('Longest run of the script.'),
    instance_types: typesByArch.prefault({}).describe('Tried in order, for each architecture.'),
    instance_profile: instanceProfile()
      .optional()
      .describe("Name or ARN, for transport ssm; a role of its own, not the utility instance's."),
    subnet: z
      .string()
      .regex(/^subnet-[0-9a-f]{8,17}$/, 'is no subnet; allowed: an id such as "subnet-0abc1234"')
      .optional()
      .describe('Subnet of the test instance; without one, the default VPC.'),
    security_group: z
      .string()
      .regex(/^sg-[0-9a-f]{8,17}$/, 'is no security group; allowed: an id such as "sg-0abc1234"')
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
  .describe('The test that an AMI must pass before anything becomes public.');

/** `[test]` as it stands in the file; `schema.ts` resolves its variants against `[publish]`. */
export type TestToml = z.output<typeof testSchema>;

/** The names that the selectors stand for, in the order of registration; unknown ones fall out. */
export function selectVariants(
  selectors: readonly VariantSelector[],
  registered: readonly VariantName[],
): VariantName[] {
  const firstHvm = registered.find((name) => name.startsWith('hvm-'));
  return registered.filter(
    (name) =>
      selectors.includes('all') ||
      selectors.includes(name) ||
      (selectors.includes('first-hvm') && name === firstHvm),
  );
}

/** `[test]` in the configuration's own words. */
export function toTestConfig(toml: TestToml, registered: readonly VariantName[]): TestConfig {
  return {
    script: toml.script,
    transport: toml.transport,
    variants: selectVariants(toml.variants, registered),
    timeoutMs: toml.timeout,
    instanceTypes: toml.instance_types,
    ...(toml.instance_profile === undefined ? {} : { instanceProfile: toml.instance_profile }),
    ...(toml.subnet === undefined ? {} : { subnet: toml.subnet }),
    ...(toml.security_group === undefined ? {} : { securityGroup: toml.security_group }),
    ...(toml.keep_failed ? { keepFailedMs: toml.keep_failed_for } : {}),
  };
}

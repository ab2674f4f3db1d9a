/** The configuration as one model: every table, and what holds between them. */
import { z } from 'zod';
import { always, isRecord } from './cross-check.js';
import type { Arch } from '../model/compose/compose.js';
import { variantsOf } from '../model/ids/variant.js';
import { amisSchema, type AmiItem } from './sections/amis.js';
import { composesSchema, type ComposesConfig } from './sections/composes.js';
import { messagingSchema, type MessagingConfig } from './sections/messaging.js';
import { publishSchema, type PublishConfig } from './sections/publish.js';
import { sourceSchema, type SourceConfig } from './sections/source.js';
import { sweepSchema, type SweepConfig } from './sections/sweep.js';
import {
  selectVariants,
  testSchema,
  toTestConfig,
  type TestConfig,
  type VariantName,
  type VariantSelector,
} from './sections/test.js';
import { utilitySchema, type UtilityConfig } from './sections/utility.js';
import {
  timingSchema,
  workerSchema,
  type TimingConfig,
  type WorkerConfig,
} from './sections/worker.js';

export type { AmiItem } from './sections/amis.js';
export type { ComposesConfig } from './sections/composes.js';
export type { MessagingConfig } from './sections/messaging.js';
export type { PublishConfig } from './sections/publish.js';
export type { SourceConfig } from './sections/source.js';
export type { SweepConfig } from './sections/sweep.js';
export type { TestConfig, TestTransport, VariantName } from './sections/test.js';
export type { UtilityConfig } from './sections/utility.js';
export type { TimingConfig, WorkerConfig } from './sections/worker.js';

/** The whole configuration, valid and with its defaults filled in. */
export interface Config {
  /** On every resource as a tag: nothing without it is ever changed or removed. */
  deployment: string;
  /** Never empty; the first item launches the utility instance and names the home region. */
  amis: [AmiItem, ...AmiItem[]];
  publish: PublishConfig;
  utility: UtilityConfig;
  test: TestConfig;
  source: SourceConfig;
  composes: ComposesConfig;
  messaging: MessagingConfig;
  sweep: SweepConfig;
  worker: WorkerConfig;
  timing: TimingConfig;
}

/** What the utility instance is launched as when the configuration names no type. */
export const DEFAULT_INSTANCE_TYPES: Readonly<Record<Arch, readonly string[]>> = {
  x86_64: ['c6i.large', 'm6i.large', 'c5.large', 'm5.large'],
  aarch64: ['c7g.large', 'm7g.large', 'c6g.large', 'm6g.large'],
};

const root = z.strictObject({
  deployment: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      'is no deployment name; allowed: up to 63 letters, digits, ". _ -", first a letter or digit',
    )
    .default('fedimg')
    .describe('Name of this installation, a tag on all that it makes; it touches nothing else.'),
  amis: amisSchema,
  publish: publishSchema.prefault({}),
  utility: utilitySchema.prefault({}),
  // The cast: `script` has no default, so that its absence is reported as the key that it is.
  test: testSchema.prefault({} as z.input<typeof testSchema>),
  source: sourceSchema.prefault({}),
  composes: composesSchema.prefault({}),
  messaging: messagingSchema.prefault({}),
  sweep: sweepSchema.prefault({}),
  worker: workerSchema.prefault({}),
  timing: timingSchema.prefault({}),
});

/** The variants that are registered for an x86_64 image, in the order of registration. */
function registeredVariants(publish: PublishConfig): VariantName[] {
  return variantsOf(publish.virtualizationTypes, publish.volumeTypes).map(
    ({ virt, volumeType }): VariantName => `${virt}-${volumeType}`,
  );
}

type Toml = z.output<typeof root>;
type Report = (path: (string | number)[], message: string) => void;

/** aarch64 images exist as HVM only: without an HVM variant they could be neither made nor tested. */
function checkVariants(toml: Partial<Toml>, report: Report): void {
  if (!isRecord(toml.publish) || !('virtualizationTypes' in toml.publish)) return;
  const registered = registeredVariants(toml.publish);
  const arches: unknown = toml.composes?.arches;
  const arm = Array.isArray(arches) && arches.includes('aarch64');
  if (arm && !toml.publish.virtualizationTypes.includes('hvm')) {
    const message = 'lacks "hvm", and aarch64 has no other; add it, or take aarch64 from composes';
    report(['publish', 'virtualization_types'], message);
  }
  const selectors: unknown = toml.test?.variants;
  if (!Array.isArray(selectors)) return;
  selectors.forEach((selector: VariantSelector, index) => {
    if (selectVariants([selector], registered).length > 0) return;
    const message = `tests ${selector}, which [publish] does not register; allowed: first-hvm, all, ${registered.join(', ')}`;
    report(['test', 'variants', index], message);
  });
  const tested = selectVariants(selectors as VariantSelector[], registered);
  if (arm && tested.length > 0 && !tested.some((name) => name.startsWith('hvm-'))) {
    const message = 'has no HVM variant, so aarch64 images would go untested; add "first-hvm"';
    report(['test', 'variants'], message);
  }
}

function checkZones(toml: Partial<Toml>, report: Report): void {
  const home: unknown = toml.amis?.[0]?.region;
  if (typeof home !== 'string') return;
  const zones: unknown = toml.utility?.zones;
  if (!Array.isArray(zones)) return;
  zones.forEach((zone: unknown, index) => {
    if (typeof zone !== 'string' || zone.slice(0, -1) === home) return;
    report(
      ['utility', 'zones', index],
      `is not in the home region ${home} (the first of [[amis]])`,
    );
  });
}

function checkHomeIsKept(toml: Partial<Toml>, report: Report): void {
  const home: unknown = toml.amis?.[0]?.region;
  const excluded: unknown = toml.publish?.excludeRegions;
  const index = Array.isArray(excluded) ? excluded.indexOf(home) : -1;
  if (index < 0) return;
  const message = `excludes ${String(home)}, the home region, where AMIs are made first; remove it here, or put another region first in [[amis]]`;
  report(['publish', 'exclude_regions', index], message);
}

/** The model of the file: strict objects, defaults, and what holds between tables. */
export const configSchema = root
  .superRefine((toml: unknown, context) => {
    if (!isRecord(toml)) return;
    const report: Report = (path, message) => context.addIssue({ code: 'custom', path, message });
    checkVariants(toml, report);
    checkZones(toml, report);
    checkHomeIsKept(toml, report);
  }, always)
  .transform((toml): Config => {
    const [first, ...others] = toml.amis;
    if (first === undefined) throw new RangeError('the model let an empty AMI list pass');
    const types = toml.utility.instanceTypes;
    return {
      deployment: toml.deployment,
      amis: [first, ...others],
      publish: toml.publish,
      utility: {
        ...toml.utility,
        instanceTypes: types.length > 0 ? types : [...DEFAULT_INSTANCE_TYPES[first.arch]],
      },
      test: toTestConfig(toml.test, registeredVariants(toml.publish)),
      source: toml.source,
      composes: toml.composes,
      messaging: toml.messaging,
      sweep: toml.sweep,
      worker: toml.worker,
      timing: toml.timing,
    };
  });

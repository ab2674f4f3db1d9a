/** The configuration as one model: every table, and the rules between them. */
import { z } from 'zod';
import { always, isRecord } from './cross-check.js';
import { checkPartition } from './partition.js';
import type { Arch } from '../model/compose/compose.js';
import { DEFAULT_DEPLOYMENT } from '../model/ids/installation.js';
import { PARTITIONS } from '../model/partition.js';
import { variantsOf } from '../model/ids/variant.js';
import { RESERVED_DEPLOYMENTS } from '../model/ids/workflow-ids.js';
import { amisSchema, type AmiItem } from './sections/amis.js';
import { composesSchema } from './sections/composes.js';
import { copySchema } from './sections/copy.js';
import { logSchema } from './sections/log.js';
import { messagingSchema } from './sections/messaging.js';
import { metricsSchema } from './sections/metrics.js';
import { notifySchema } from './sections/notify.js';
import { publishSchema, type PublishConfig } from './sections/publish.js';
import { sourceSchema } from './sections/source.js';
import { sweepSchema } from './sections/sweep.js';
import { tagsSchema } from './sections/tags.js';
import { temporalSchema } from './sections/temporal.js';
import {
  selectVariants,
  testSchema,
  type VariantName,
  type VariantSelector,
} from './sections/test.js';
import { utilitySchema } from './sections/utility.js';
import { writeSchema } from './sections/write.js';
import { timingSchema, workerSchema } from './sections/worker.js';

export type { AmiItem } from './sections/amis.js';
export type { ComposesConfig } from './sections/composes.js';
export type { CopyConfig } from './sections/copy.js';
export type { MessagingConfig } from './sections/messaging.js';
export type { LogConfig } from './sections/log.js';
export type { MetricsConfig } from './sections/metrics.js';
export type { MailConfig, NotifyConfig, WebhookConfig } from './sections/notify.js';
export type { PublishConfig } from './sections/publish.js';
export type { SourceConfig } from './sections/source.js';
export type { SweepConfig } from './sections/sweep.js';
export type { TagsConfig } from './sections/tags.js';
export type { TemporalConfig } from './sections/temporal.js';
export type { TestConfig, TestTransport, VariantName } from './sections/test.js';
export type { UtilityConfig } from './sections/utility.js';
export type { TimingConfig, WorkerConfig } from './sections/worker.js';
export type { WriteConfig } from './sections/write.js';

/** The types of the utility instance when the configuration names none. */
export const DEFAULT_INSTANCE_TYPES: Readonly<Record<Arch, readonly string[]>> = {
  x86_64: ['c6i.large', 'm6i.large', 'c5.large', 'm5.large'],
  aarch64: ['c7g.large', 'm7g.large', 'c6g.large', 'm6g.large'],
};

const root = z.strictObject({
  deployment: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      'is not a deployment name; allowed: up to 63 letters, digits, ". _ -", first a letter or digit',
    )
    .refine((name) => !RESERVED_DEPLOYMENTS.includes(name), {
      error: `must not be ${RESERVED_DEPLOYMENTS.join(' or ')}: workflow ids begin with these words`,
    })
    .default(DEFAULT_DEPLOYMENT)
    .describe(
      'Name of this deployment. It tags every resource, and stands before its workflow ids unless it is the default.',
    ),
  partition: z
    .enum(PARTITIONS)
    .optional()
    .describe('The AWS partition; default: that of the home region. Another region is an error.'),
  amis: amisSchema,
  publish: publishSchema.prefault({}),
  copy: copySchema.prefault({}),
  tags: tagsSchema.prefault({}),
  write: writeSchema.prefault({}),
  utility: utilitySchema.prefault({}),
  // The cast: `script` has no default, so that the error names the missing key.
  test: testSchema.prefault({} as z.input<typeof testSchema>),
  source: sourceSchema.prefault({}),
  composes: composesSchema.prefault({}),
  messaging: messagingSchema.prefault({}),
  notify: notifySchema.prefault({}),
  metrics: metricsSchema.prefault({}),
  log: logSchema.prefault({}),
  sweep: sweepSchema.prefault({}),
  temporal: temporalSchema.prefault({}),
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

/** aarch64 images exist as HVM only: without an HVM variant fedimg could neither make nor test them. */
function checkVariants(toml: Partial<Toml>, report: Report): void {
  if (!isRecord(toml.publish) || !('virtualizationTypes' in toml.publish)) return;
  const registered = registeredVariants(toml.publish);
  const arches: unknown = toml.composes?.arches;
  const arm = Array.isArray(arches) && arches.includes('aarch64');
  if (arm && !toml.publish.virtualizationTypes.includes('hvm')) {
    const message =
      'lacks "hvm", the only type of aarch64; add it, or remove aarch64 from composes.arches';
    report(['publish', 'virtualization_types'], message);
  }
  const selectors: unknown = toml.test?.variants;
  if (!Array.isArray(selectors)) return;
  selectors.forEach((selector: VariantSelector, index) => {
    if (selectVariants([selector], registered).length > 0) return;
    const message = `tests ${selector}, which [publish] does not register; allowed: first-of-each, first-hvm, all, ${registered.join(', ')}`;
    report(['test', 'variants', index], message);
  });
  const tested = selectVariants(selectors as VariantSelector[], registered);
  if (arm && tested.length > 0 && !tested.some((name) => name.startsWith('hvm-'))) {
    const message = 'has no HVM variant, so aarch64 images would not be tested; add "first-hvm"';
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

/** An approval before the copies would come when they have begun. */
function checkCopiesWait(toml: Partial<Toml>, report: Report): void {
  if (toml.copy?.start !== 'with-test' || toml.publish?.approval !== 'before-copy') return;
  const message =
    'begins the copies before the approval that publish.approval = "before-copy" waits for; use "after-test", or publish.approval = "before-publish"';
  report(['copy', 'start'], message);
}

/** The model of the file: strict objects, defaults, and the rules between tables. */
export const configSchema = root
  .superRefine((toml: unknown, context) => {
    if (!isRecord(toml)) return;
    const report: Report = (path, message) => context.addIssue({ code: 'custom', path, message });
    checkVariants(toml, report);
    checkZones(toml, report);
    checkHomeIsKept(toml, report);
    checkCopiesWait(toml, report);
    checkPartition(toml, report);
  }, always)
  .transform(({ amis: [first, ...others], utility, test, worker, ...rest }) => {
    if (first === undefined) throw new RangeError('the model let an empty AMI list pass');
    const amis: [AmiItem, ...AmiItem[]] = [first, ...others];
    const instanceTypes =
      utility.instanceTypes.length > 0
        ? utility.instanceTypes
        : [...DEFAULT_INSTANCE_TYPES[first.arch]];
    const variants = selectVariants(test.variants, registeredVariants(rest.publish));
    return {
      ...rest,
      amis,
      utility: { ...utility, instanceTypes },
      test: { ...test, variants },
      // Workers of two deployments on one task queue would take each other's runs.
      worker: { ...worker, taskQueue: worker.taskQueue ?? rest.deployment },
    };
  });

/** The whole configuration, valid and with its defaults. The first item of `amis` names the home region. */
export type Config = z.output<typeof configSchema>;

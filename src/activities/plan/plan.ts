/** Plans one image: what will be made where. Decided once and kept in history. */

import { log } from '@temporalio/activity';
import { enabledRegions } from '../../aws/account.js';
import type { Config } from '../../config/schema.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import { publishedAs } from '../../model/plan/published-as.js';
import type { ImagePlan, RegistrationPlan } from '../../model/plan/plan.js';
import type { Untested } from '../../model/plan/untested.js';
import { untestedText } from '../../model/plan/untested.js';
import { isName } from '../../model/ids/name.js';
import { shownText } from '../../model/printable.js';
import type { Origin } from '../../model/ids/tags.js';
import type { Arch } from '../../model/ids/variant.js';
import { variantKey, variantsOf } from '../../model/ids/variant.js';
import type { PlanInput } from '../shapes/image.js';
import type { ActivityContext } from '../attempt/context.js';
import { heartbeating, waitingFor } from '../attempt/heartbeat.js';
import { checkHome, refuseHome } from './home-checks.js';
import { readImageSize } from './image-size.js';
import { findEarlier } from './earlier-publication.js';
import { optional } from './optional.js';
import { namesOfImage } from './ami-names.js';
import { ownTags } from './own-tags.js';
import type { PlanContext } from './plan-context.js';
import { planContext } from './plan-context.js';
import { quotaWarnings, refuseWithoutRoom } from './quota.js';
import { planRegions } from './regions.js';
import {
  paravirtualRefusal,
  planTest,
  readTestFiles,
  testedVariants,
  untestedOf,
} from './test-plan.js';
import { planDirect, planUtility, resolveUtilityAmi } from './utility-plan.js';

export function planImage(context: ActivityContext, input: PlanInput): Promise<ImagePlan> {
  return heartbeating(waitingFor('plan'), async (_report, signal) => {
    const plan = await makePlan(planContext(context), input, signal);
    const { composeId, image } = input.request;
    for (const warning of plan.warnings ?? []) log.warn(warning, { composeId, image: image.name });
    return plan;
  });
}

/** Only reads. Throws a `ServiceError` for what no attempt would change, and AWS's errors. */
export async function makePlan(
  context: PlanContext,
  input: PlanInput,
  signal: AbortSignal,
): Promise<ImagePlan> {
  const { config } = context;
  const { image, composeId, release, label } = input.request;
  const labels = label === undefined ? [] : [label];
  refuseNames([composeId, release, image.name, image.subvariant, ...labels]);
  const origin: Origin = {
    ...context.installation,
    workflowId: input.workflowId,
    runId: input.runId,
    composeId,
    release,
    image: image.name,
    arch: image.arch,
    subvariant: image.subvariant,
    ...optional('label', label),
    ...(image.sha256 === '' ? {} : { sha256: image.sha256 }),
    ...ownTags(config, input.request),
  };
  const arches = [image, ...(input.request.ahead ?? [])].map(({ arch }) => arch);
  const isDirect = config.write.strategy === 'ebs-direct';
  const [size, utilityAmi, files, { regions, enabled }, homeChecks, untested] = await Promise.all([
    readImageSize(context, image, signal),
    isDirect ? undefined : resolveUtilityAmi(context, signal),
    readTestFiles(config),
    wantedRegions(context, signal),
    checkHome(context, [image.arch], signal),
    paravirtualRefusal(context, arches, signal),
  ]);
  refuseHome(homeChecks, config.amis[0].region);
  const variants = variantsOf(config.publish.virtualizationTypes, config.publish.volumeTypes);
  const planned = await planRegions(
    context,
    { request: input.request, origin, regions, enabled, variants, untested },
    signal,
  );
  refuseWithoutRoom(planned, config.publish.quota);
  const useless = planned.find(({ required, unusable }) => required && unusable !== undefined);
  if (useless?.unusable !== undefined) throw regionUnusable(useless.regionName, useless.unusable);
  const named = publishedAs({ ...input.request, ...image }, config.composes.rawhideRelease);
  const earlier = await findEarlier(
    context,
    {
      origin,
      plans: planned,
      testVariants: testedVariants(config, planned[0]),
      only: input.complete?.regions,
    },
    signal,
  );
  const [home, ...copies] = earlier.plans;
  if (home === undefined) throw new TypeError('a plan without a home region');
  const test = planTest(config, image.arch, files, { home, earlier });
  const isLeftOut = ({ reason }: Untested) =>
    earlier.plans.some((plan) => plan.leftOut.some((one) => one.reason === reason));
  const leftOut = [...untestedOf(image.arch, untested), ...earlier.untested].filter(isLeftOut);
  const warnings = [
    ...(named === undefined ? [NO_RELEASE_NUMBER] : []),
    ...(utilityAmi?.warnings ?? []),
    ...quotaWarnings(planned),
    ...leftOut.map(untestedText),
  ];
  return {
    origin,
    arch: image.arch,
    url: image.url,
    downloadUrl: new URL(size.url).search === '' ? size.url : image.url,
    sha256: image.sha256 === '' ? undefined : image.sha256,
    rawSizeBytes: size.rawSizeBytes,
    compressedSizeBytes: size.compressedSizeBytes,
    homeRegion: home.regionName,
    home,
    copies,
    ...(utilityAmi === undefined
      ? { direct: planDirect(config, size) }
      : { utility: planUtility(config, utilityAmi, size) }),
    test,
    registration: {
      ...planRegistration(config, image.arch),
      names: namesOfImage(context, input.request),
      tests: test.variants.map(variantKey),
    },
    makePublic: config.publish.public,
    minRateBytesPerSecond: config.source.minRateBytesPerSecond,
    regionPatienceMs: Math.ceil(config.publish.regionPatienceMs * config.timing.scale),
    ...(config.copy.start === 'with-test' ? { copyStart: config.copy.start } : {}),
    copyQueueMs: Math.ceil(COPY_QUEUE_MS * config.timing.scale),
    operatorPatienceMs: operatorPatienceMs(config),
    approval: config.publish.approval,
    ...(named === undefined ? {} : { publishedAs: named }),
    ...optional('published', earlier.published),
    ...optional('completion', earlier.completion),
    ...optional('incompletable', earlier.incompletable),
    ...(leftOut.length === 0 ? {} : { untested: leftOut }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/** A hundred images at once need about an hour and a half for all their copies to one region. */
const COPY_QUEUE_MS = 6 * 3_600_000;

const NO_RELEASE_NUMBER =
  'the messages to the consumers of published images need a release number; for Rawhide, set composes.rawhide_release in the configuration';

/** The fetcher and the command line check names before they start a workflow; other clients may not. */
function refuseNames(names: readonly string[]): void {
  const bad = names.find((name) => !isName(name));
  if (bad === undefined) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${shownText(bad)} is not the name of an image, a compose or a release`,
    {
      code: 'request-name',
      class: 'refused',
      next: 'Use letters, digits and . _ + ~ - only; `fedimg publish` and `fedimg compose signal` check names before they start.',
    },
  );
}

/** A failed region waits as long as a slow one, unless the configuration says otherwise. */
function operatorPatienceMs({ publish, timing }: Config): number {
  return Math.ceil((publish.operatorPatienceMs ?? publish.regionPatienceMs) * timing.scale);
}

/** The home region first, the others in alphabetical order; and those that are enabled in the account. */
export async function wantedRegions(
  context: PlanContext,
  signal: AbortSignal,
): Promise<{ readonly regions: string[]; readonly enabled: readonly string[] }> {
  const { publish, amis } = context.config;
  const home = amis[0].region;
  const enabled = await enabledRegions(context.aws.region(home), signal);
  const named = publish.regions === 'all' ? enabled : publish.regions;
  const others = [...new Set([...named, ...publish.requiredRegions])]
    .filter((regionName) => regionName !== home && !publish.excludeRegions.includes(regionName))
    .sort();
  return { regions: [home, ...others], enabled: [home, ...enabled] };
}

function planRegistration(
  { publish }: Config,
  arch: Arch,
): Omit<RegistrationPlan, 'names' | 'tests'> {
  const x86 = publish.uefiPreferred ? 'uefi-preferred' : 'legacy-bios';
  return {
    rootDevice: publish.rootDevice,
    bootMode: arch === 'aarch64' ? 'uefi' : x86,
    ena: publish.ena,
    imdsV2: publish.imdsV2,
  };
}

function regionUnusable(regionName: string, reason: string): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${regionName} is a required region and cannot be used: ${reason}`,
    {
      code: 'required-region',
      class: 'refused',
      next: 'Correct this in the account; or put another region first in [[amis]], or remove this one from publish.required_regions.',
      region: regionName,
    },
  );
}

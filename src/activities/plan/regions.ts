/** Which AMIs each region gets, which ones it cannot get, and why. */

import { publicAccessRefusal, pvKernel } from '../../aws/account.js';
import { classifyAwsError } from '../../aws/errors.js';
import { parseComposeId } from '../../model/compose/compose.js';
import type { PlaceholderValues } from '../../model/ids/name-template.js';
import { amiNameProblem, renderTemplate, variantValues } from '../../model/ids/name-template.js';
import type { ImageRequest, RegionPlan, WantedAmi, LeftOutAmi } from '../../model/plan/plan.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { Variant } from '../../model/ids/variant.js';
import { variantRefusal } from '../../model/ids/variant.js';
import type { ActivityContext } from '../attempt/context.js';
import { isRepeat, waitedMs } from '../attempt/context.js';

export async function planRegions(
  context: ActivityContext,
  request: ImageRequest,
  wanted: {
    readonly regions: readonly string[];
    readonly enabled: readonly string[];
    readonly variants: readonly Variant[];
  },
  signal: AbortSignal,
): Promise<RegionPlan[]> {
  return Promise.all(
    wanted.regions.map(async (regionName, index) => {
      const required = index === 0 || context.config.publish.requiredRegions.includes(regionName);
      // It would answer AuthFailure, as refused credentials do, and those are waited out.
      const facts = wanted.enabled.includes(regionName)
        ? await regionFacts(context, regionName, request, signal)
        : { kernel: undefined, unusable: notEnabled(regionName) };
      const amis = wanted.variants.map((variant) =>
        planAmi(context, request, { regionName, variant, kernel: facts.kernel }),
      );
      return {
        regionName,
        required,
        wanted: amis.flatMap((ami) => ('reason' in ami ? [] : [ami])),
        leftOut: amis.flatMap((ami) => ('reason' in ami ? [ami] : [])),
        ...(facts.unusable === undefined ? {} : { unusable: facts.unusable }),
      };
    }),
  );
}

/** In patiences of a region: keys are rolled for all regions, so the region is not the cause. */
const CREDENTIALS_PATIENCE = 12;

function notEnabled(regionName: string): string {
  return `the account has not enabled ${regionName}; see that the region is enabled (aws account enable-region --region-name ${regionName}), or name it in publish.exclude_regions`;
}

interface RegionFacts {
  readonly kernel: string | undefined;
  readonly unusable: string | undefined;
}

async function regionFacts(
  { aws, config }: ActivityContext,
  name: string,
  request: ImageRequest,
  signal: AbortSignal,
): Promise<RegionFacts> {
  const ec2 = aws.region(name);
  const { publish, amis } = config;
  const isRequired = name === amis[0].region || publish.requiredRegions.includes(name);
  const wantsKernel =
    publish.virtualizationTypes.includes('paravirtual') && request.image.arch === 'x86_64';
  const configured = amis.find((item) => item.region === name && item.aki !== undefined)?.aki;
  try {
    const [unusable, kernel] = await Promise.all([
      publish.public ? publicAccessRefusal(ec2, signal) : undefined,
      wantsKernel && configured === undefined ? pvKernel(ec2, signal) : configured,
    ]);
    return { kernel, unusable };
  } catch (error) {
    const failure = classifyAwsError(error);
    if (failure === undefined || signal.aborted || isRequired) throw error;
    // A region that is disabled, closed by a policy, or down is left out; the other regions go on.
    if (failure.class === 'refused') {
      return { kernel: undefined, unusable: `${failure.message} (${failure.next})` };
    }
    const patience = failure.class === 'credentials' ? CREDENTIALS_PATIENCE : 1;
    if (!isRepeat() || waitedMs() <= patience * ec2.settings.regionPatienceMs) throw error;
    const waitedSeconds = Math.round(waitedMs() / 1000);
    const unusable = `${failure.message} (left out after ${waitedSeconds} s)`;
    return { kernel: undefined, unusable };
  }
}

function planAmi(
  { config }: ActivityContext,
  request: ImageRequest,
  where: {
    readonly regionName: string;
    readonly variant: Variant;
    readonly kernel: string | undefined;
  },
): WantedAmi | LeftOutAmi {
  const { image } = request;
  const { variant, regionName, kernel } = where;
  const values = { ...imageValues(request), ...variantValues(variant, regionName) };
  const name = renderTemplate(config.publish.imageName, values);
  const problem = amiNameProblem(name);
  if (problem !== undefined) throw badName(name, problem);
  const reason = variantRefusal(variant, { arch: image.arch, region: regionName, kernel });
  if (reason !== undefined) return { variant, name, reason };
  const description = renderTemplate(config.publish.description, values).slice(0, 255);
  const withKernel = variant.virt === 'paravirtual' && kernel !== undefined ? { kernel } : {};
  return { variant, name, description, ...withKernel };
}

/** The template of the image's AMI names, in which only the parts that differ between its AMIs are left to fill in. */
export function namesOfImage({ config }: ActivityContext, request: ImageRequest): string {
  return renderTemplate(config.publish.imageName, imageValues(request));
}

function imageValues({ image, composeId, release }: ImageRequest): Partial<PlaceholderValues> {
  const id = parseComposeId(composeId);
  return {
    image: image.name,
    compose: composeId,
    short: id?.short ?? composeId,
    version: id?.version ?? release,
    date: id?.date ?? '',
    subvariant: image.subvariant,
    arch: image.arch,
  };
}

function badName(name: string, problem: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `the AMI name "${name}" ${problem}`, {
    code: 'ami-name',
    class: 'refused',
    next: 'Shorten publish.image_name in the configuration.',
  });
}

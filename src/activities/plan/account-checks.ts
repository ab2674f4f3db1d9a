/** The checks of the AWS account for `fedimg doctor`: the same looks as in the plan of an image, before there is one. */

import { accountRegions } from '../../aws/account.js';
import { checkPermissions } from '../../aws/checks/permissions.js';
import { classifyAwsError } from '../../aws/errors.js';
import { largestVcpus } from '../../aws/checks/instance-types.js';
import { quotaIncreaseCommand, vcpuIncreaseCommand, vcpuQuota } from '../../aws/quotas.js';
import type { Config } from '../../config/schema.js';
import type { Check } from '../../model/check.js';
import { failure, ok, warning } from '../../model/check.js';
import { ServiceError } from '../../model/errors.js';
import { mapLimited } from '../../model/map-limited.js';
import { LONGEST_VALUES } from '../../model/ids/name-template.js';
import { renderTags } from '../../model/ids/own-tags.js';
import { deploymentKey } from '../../model/ids/tags.js';
import { variantKey, variantsOf } from '../../model/ids/variant.js';
import type { ImageRequest, RegionPlan } from '../../model/plan/plan.js';
import { countText, hasRoom, neededQuota } from '../../model/plan/public-amis.js';
import { checkHome } from './home-checks.js';
import type { PlanContext } from './plan-context.js';
import { wantedRegions } from './plan.js';
import { quotaWarnings, withoutRoomText } from './quota.js';
import { planRegions } from './regions.js';
import { checkUnpacker } from '../write-direct/unpacker.js';
import { paravirtualRefusal } from './test-plan.js';
import { resolveUtilityAmi } from './utility-plan.js';

const REGIONS_AT_ONCE = 12;

/** Never rejects for what AWS answers: a refused look is a failed check. */
export async function checkAccount(context: PlanContext, signal: AbortSignal): Promise<Check[]> {
  const { config, aws } = context;
  const home = config.amis[0].region;
  const identity = await checked('aws', 'credentials', async () => {
    const [{ accessKeyId, accountId }, { enabled, disabled }] = await Promise.all([
      aws.region(home).ec2.config.credentials(),
      accountRegions(aws.region(home), signal),
    ]);
    const account = accountId === undefined ? '' : ` of account ${accountId}`;
    return [
      ok('aws', 'credentials', `EC2 accepts the access key ${accessKeyId}${account}`),
      optIn(context, enabled, disabled),
    ];
  });
  // Every other look would be refused for the same reason.
  if (identity.some(({ state, what }) => state === 'failure' && what === 'credentials')) {
    return identity;
  }
  const [utility, homeChecks, permissions, vcpus, regions] = await Promise.all([
    checked(home, 'AMI of the utility instance', () => checkUtilityAmi(context, signal)),
    checked(home, 'instances', () => checkHome(context, config.composes.arches, signal)),
    checked(home, 'permissions', () => permissionsAtHome(context, signal)),
    checked(home, 'quota of vCPUs', () => checkVcpus(context, signal)),
    checkRegions(context, signal),
  ]);
  return [...identity, ...utility, ...homeChecks, ...permissions, ...vcpus, ...regions];
}

function optIn(
  { config }: PlanContext,
  enabled: readonly string[],
  disabled: readonly string[],
): Check {
  const { regions, requiredRegions } = config.publish;
  const named = [...(regions === 'all' ? [] : regions), ...requiredRegions];
  const closed = named.filter((name) => disabled.includes(name));
  const [first] = closed;
  if (first === undefined) {
    return ok('aws', 'regions', `${enabled.length} enabled, ${disabled.length} not enabled`);
  }
  const next = `Run: aws account enable-region --region-name ${first}; or take it out of publish.regions.`;
  return failure('aws', 'regions', `not enabled in the account: ${closed.join(', ')}`, next);
}

async function checkUtilityAmi(context: PlanContext, signal: AbortSignal): Promise<Check[]> {
  if (context.config.write.strategy === 'ebs-direct') return [await checkUnpacker()];
  const { ami, warnings } = await resolveUtilityAmi(context, signal);
  const [first] = context.config.amis;
  const what = 'AMI of the utility instance';
  return warnings.length === 0
    ? [ok(first.region, what, `${ami} (${first.ami})`)]
    : warnings.map((text) => warning(first.region, what, text));
}

async function permissionsAtHome(context: PlanContext, signal: AbortSignal): Promise<Check[]> {
  const { config, aws } = context;
  const { write, utility, test, tags, deployment } = config;
  const [first] = config.amis;
  const { ami } = await resolveUtilityAmi(context, signal);
  const launch = { ami, instanceType: utility.instanceTypes[0] ?? '' };
  const { instanceProfile, subnet, securityGroup } = test;
  return checkPermissions(
    aws.region(first.region),
    // There is no image yet, and a policy may demand the operator's tags also of a dry run.
    { ...renderTags(tags, LONGEST_VALUES), ...deploymentKey(deployment) },
    [
      ...(write.strategy === 'ebs-direct'
        ? []
        : [{ ...launch, ...utility, what: 'utility instance' }]),
      // The AMI under test does not exist yet; its role, subnet and group do.
      { ...launch, instanceProfile, subnet, securityGroup, what: 'test instance' },
    ],
    signal,
  );
}

/** While the utility instance of an image ends, its first test instance starts; all images of a compose run at once. */
const INSTANCES_PER_IMAGE = { instance: 2, 'ebs-direct': 1 } as const;

async function checkVcpus({ config, aws }: PlanContext, signal: AbortSignal): Promise<Check[]> {
  const ec2 = aws.region(config.amis[0].region);
  const what = 'quota of vCPUs';
  const { arches } = config.composes;
  const types = arches.map((arch) => config.test.instanceTypes[arch][0] ?? '');
  const [quota, vcpus] = await Promise.all([
    vcpuQuota(ec2, signal),
    largestVcpus(ec2, [...types, config.utility.instanceTypes[0] ?? ''], signal),
  ]);
  if (quota === undefined || vcpus === undefined) {
    return [warning(ec2.name, what, 'not known: Service Quotas does not show it')];
  }
  const needed = arches.length * INSTANCES_PER_IMAGE[config.write.strategy] * vcpus;
  const detail = `${quota} allowed for standard On-Demand instances, ${needed} needed by a compose`;
  if (quota >= needed) return [ok(ec2.name, what, detail)];
  return [warning(ec2.name, what, detail, `Run: ${vcpuIncreaseCommand(ec2.name, needed)}`)];
}

/** Public access, encryption, PV kernel and quota of each region, for a compose of all configured architectures. */
async function checkRegions(context: PlanContext, signal: AbortSignal): Promise<Check[]> {
  const { publish, composes } = context.config;
  const { requiredRegions } = publish;
  const variants = variantsOf(publish.virtualizationTypes, publish.volumeTypes);
  const names: string[] = [];
  const enabledNames: string[] = [];
  let untested: string | undefined;
  const listed = await checked('aws', 'regions', async () => {
    untested = await paravirtualRefusal(context, composes.arches, signal);
    const { regions, enabled } = await wantedRegions(context, signal);
    names.push(...regions);
    enabledNames.push(...enabled);
    return [];
  });
  const plans: RegionPlan[] = [];
  const checks = await mapLimited(names, REGIONS_AT_ONCE, (name) =>
    checked(name, 'region', async () => {
      const origin = { ...NO_RUN, ...context.installation };
      const wanted = {
        request: anImage(composes.arches),
        origin,
        enabled: enabledNames,
        variants,
        untested,
      };
      const [plan] = await planRegions(context, { ...wanted, regions: [name] }, signal);
      if (plan === undefined) throw new TypeError('a region without a plan');
      plans.push(plan);
      return regionChecks(plan, name === names[0] || requiredRegions.includes(name));
    }),
  );
  const quotas = quotaWarnings(plans).map((text) => warning('aws', 'quota of public AMIs', text));
  return [...listed, ...checks.flat(), ...quotas];
}

function regionChecks(
  { regionName, publicAmis, unusable, leftOut }: RegionPlan,
  required: boolean,
) {
  const checks: Check[] = [];
  const bad = (what: string, detail: string, next: string): Check =>
    required ? failure(regionName, what, detail, next) : warning(regionName, what, detail, next);
  const isFull = publicAmis !== undefined && !hasRoom(publicAmis);
  if (isFull) {
    const next = `Run: ${quotaIncreaseCommand(regionName, neededQuota(publicAmis))}`;
    checks.push(bad('quota of public AMIs', countText(publicAmis), next));
  } else if (publicAmis !== undefined) {
    checks.push(ok(regionName, 'quota of public AMIs', countText(publicAmis)));
  }
  const isOnlyFull = isFull && unusable === withoutRoomText(regionName, publicAmis);
  if (unusable !== undefined && !isOnlyFull) {
    const command = /: (aws .*)$/.exec(unusable)?.[1];
    const next =
      command === undefined ? 'Exclude it in publish.exclude_regions.' : `Run: ${command}`;
    checks.push(bad('public AMIs', unusable, next));
  }
  if (unusable === undefined && leftOut.length > 0) {
    const variants = leftOut.map(({ variant }) => variantKey(variant)).join(', ');
    checks.push(ok(regionName, 'variants', `without ${variants}: ${leftOut[0]?.reason}`));
  }
  return checks;
}

/** An image of the first architecture behind one of each other: together they are a compose. */
function anImage(arches: Config['composes']['arches']): ImageRequest {
  const [arch = 'x86_64', ...others] = arches.toSorted((a, b) => b.localeCompare(a));
  const image = { name: 'an-image', subvariant: 'doctor', url: '', sha256: '', sizeBytes: 0 };
  const ahead = others.map((other) => ({ ...image, name: `image-${other}`, arch: other }));
  return { composeId: 'doctor', release: '0', image: { ...image, arch }, ahead };
}

const NO_RUN = {
  ...{ deployment: '', workflowId: '', runId: '', composeId: 'doctor', release: '0' },
  ...{ image: 'an-image', arch: 'x86_64' },
};

async function checked(area: string, what: string, look: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof ServiceError) {
      return [failure(area, what, error.message, error.details.next)];
    }
    const awsFailure = classifyAwsError(error);
    if (awsFailure === undefined) throw error;
    return [failure(area, what, awsFailure.message, awsFailure.next)];
  }
}

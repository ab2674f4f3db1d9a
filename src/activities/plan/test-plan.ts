/** The test in the plan: of which variants, on which instance types, and why a virtualization type cannot be tested. */

import { readFile } from 'node:fs/promises';
import { pvKernel } from '../../aws/account.js';
import { offeredTypes } from '../../aws/checks/instance-types.js';
import type { Config } from '../../config/schema.js';
import { packedScriptProblem } from '../../config/test-script.js';
import { keyringOf } from '../../guest/agent-key.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { Arch, Variant } from '../../model/ids/variant.js';
import { variantKey } from '../../model/ids/variant.js';
import type { RegionPlan, TestPlan } from '../../model/plan/plan.js';
import type { Untested } from '../../model/plan/untested.js';
import { consoleRefusal } from '../test-user-data.js';
import type { EarlierPublication } from './earlier-publication.js';
import { optional } from './optional.js';
import type { PlanContext } from './plan-context.js';

/**
 * Why no paravirtual AMI can be tested, so that none is made: tests run in the home region. Undefined when one can be
 * tested, and when none is wanted.
 */
export async function paravirtualRefusal(
  { aws, config }: Pick<PlanContext, 'aws' | 'config'>,
  arches: readonly Arch[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const { publish, test, amis } = config;
  const isWanted = publish.virtualizationTypes.includes('paravirtual');
  if (!isWanted || !arches.includes('x86_64')) return undefined;
  if (!test.variants.some((name) => name.startsWith('paravirtual-'))) {
    return `test.variants has no paravirtual variant, and an AMI becomes public only after a test of its virtualization type; add "first-of-each", or take paravirtual out of publish.virtualization_types`;
  }
  const [{ region: home }] = amis;
  const ec2 = aws.region(home);
  const types = test.instanceTypes.paravirtual;
  const configured = amis.find((item) => item.region === home && item.aki !== undefined)?.aki;
  const [offered, kernel] = await Promise.all([
    types.length === 0 ? [] : offeredTypes(ec2, types, signal),
    configured ?? pvKernel(ec2, signal),
  ]);
  if (kernel === undefined) return `EC2 lists no PV kernel (AKI) in ${home}, where the tests run`;
  if (offered.length > 0) return undefined;
  const none =
    types.length === 0
      ? 'test.instance_types.paravirtual is empty'
      : `${home}, where the tests run, offers none of ${types.join(', ')}`;
  return `${none}, and newer instance types cannot boot a paravirtual AMI for its test`;
}

/** What the result of this image says: an aarch64 image has no paravirtual AMIs anyway. */
export function untestedOf(arch: Arch, paravirtual: string | undefined): Untested[] {
  if (paravirtual === undefined || arch !== 'x86_64') return [];
  return [{ virt: 'paravirtual', reason: paravirtual }];
}

/** The variants of the home region that the configuration wants to be tested. */
export function testedVariants({ test }: Config, home: RegionPlan | undefined): Variant[] {
  const wanted: readonly string[] = test.variants;
  const made = (home?.wanted ?? []).map(({ variant }) => variant);
  return made.filter((variant) => wanted.includes(variantKey(variant)));
}

export interface TestFiles {
  readonly script: string;
  /** The text of `test.agent_key`. */
  readonly agentKey: string | undefined;
}

/** Later changes of the files do not affect a run. */
export async function readTestFiles({ test }: Config): Promise<TestFiles> {
  const [script, agentKey] = await Promise.all([
    readFile(test.script, 'utf8'),
    test.agentKey === undefined ? undefined : readFile(test.agentKey, 'utf8'),
  ]);
  return { script, agentKey };
}

/** Throws when no variant can be tested: then no AMI could become public. */
export function planTest(
  config: Config,
  arch: Arch,
  { script, agentKey }: TestFiles,
  {
    home,
    earlier,
  }: { readonly home: RegionPlan; readonly earlier: Pick<EarlierPublication, 'untested'> },
): TestPlan {
  const { test } = config;
  const variants = testedVariants(config, home).filter(
    ({ virt }) => !earlier.untested.some((one) => one.virt === virt),
  );
  if (variants.length === 0) {
    const reason = home.leftOut[0]?.reason;
    throw new ServiceError(
      EC2_SERVICE_EXCEPTION,
      `${arch} has no AMI of a variant to test (${test.variants.join(', ')})${reason === undefined ? '' : `: ${reason}`}`,
      {
        code: 'no-variant-to-test',
        class: 'refused',
        next: 'Use test.variants = ["first-of-each"]: an AMI becomes public only after a test.',
      },
    );
  }
  // The file may have changed since the worker has read its configuration.
  const problem = test.transport === 'console' ? packedScriptProblem(script) : undefined;
  if (problem !== undefined) throw scriptTooLarge(test.script, problem);
  const timeoutSeconds = Math.ceil(test.timeoutMs / 1000);
  // The timer must not end a test before its own time-out.
  const deadManMinutes = Math.max(
    config.utility.deadManMinutes,
    Math.ceil(test.timeoutMs / 60_000) + 60,
  );
  const refusal = consoleRefusal({ script, timeoutSeconds, deadManMinutes });
  return {
    transport: test.transport,
    variants,
    script,
    timeoutSeconds,
    deadManMinutes,
    ...optional('consoleRefusal', refusal),
    ...optional('agentKeyring', agentKey === undefined ? undefined : keyringOf(agentKey)),
    instanceTypes: test.instanceTypes[arch],
    paravirtualInstanceTypes: test.instanceTypes.paravirtual,
    ...optional('instanceProfile', test.instanceProfile),
    ...optional('subnet', test.subnet),
    ...optional('securityGroup', test.securityGroup),
    ...optional('keepFailedMs', test.keepFailedMs),
  };
}

function scriptTooLarge(file: string, problem: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `the test script ${file} ${problem}`, {
    code: 'test-script-size',
    class: 'refused',
    next: 'Make the script smaller, or use test.transport = "ssm".',
  });
}

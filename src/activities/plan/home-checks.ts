/** What the home region must have for the instances; the plan of an image refuses it, and `fedimg doctor` shows it. */

import { checkInstanceTypes } from '../../aws/checks/instance-types.js';
import { checkNetwork } from '../../aws/checks/network.js';
import type { Check } from '../../model/check.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { Arch } from '../../model/ids/variant.js';
import type { PlanContext } from './plan-context.js';

export async function checkHome(
  { aws, config }: Pick<PlanContext, 'aws' | 'config'>,
  arches: readonly Arch[],
  signal: AbortSignal,
): Promise<Check[]> {
  const { write, utility, test, amis } = config;
  const ec2 = aws.region(amis[0].region);
  const ofUtility =
    write.strategy === 'ebs-direct'
      ? []
      : [
          checkInstanceTypes(ec2, 'utility.instance_types', utility.instanceTypes, signal).then(
            asList,
          ),
          checkNetwork(ec2, { table: 'utility', ...utility }, signal),
        ];
  const checks = await Promise.all([
    ...ofUtility,
    ...arches.map((arch) =>
      checkInstanceTypes(ec2, `test.instance_types.${arch}`, test.instanceTypes[arch], signal).then(
        asList,
      ),
    ),
    checkNetwork(ec2, { table: 'test', ...test }, signal),
  ]);
  return checks.flat();
}

function asList(check: Check): Check[] {
  return [check];
}

/** Throws for the first failure, before anything is made. */
export function refuseHome(checks: readonly Check[], homeRegion: string): void {
  const failed = checks.find(({ state }) => state === 'failure');
  if (failed === undefined) return;
  throw new ServiceError(EC2_SERVICE_EXCEPTION, `${failed.what}: ${failed.detail}`, {
    code: 'home-region',
    class: 'refused',
    next: failed.next ?? 'Run `fedimg doctor`.',
    region: homeRegion,
  });
}

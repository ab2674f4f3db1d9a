/** The AMI that an item of the AMI list means: an id, the newest Amazon Linux 2023, or an SSM parameter. */

import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { Ec2Arch } from '../model/ids/variant.js';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';

/** EC2's own form in RunInstances (EC2 user guide, "Use a Systems Manager parameter to reference an AMI"). */
const FROM_PARAMETER = 'resolve:ssm:';

/** The public parameter that AWS keeps for the newest Amazon Linux 2023. */
export function amazonLinux2023Parameter(arch: Ec2Arch): string {
  return `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${arch}`;
}

/**
 * The SSM parameter that `al2023` and `resolve:ssm:NAME` name, with its version or label; undefined when the
 * source is an id.
 */
export function parameterOf(source: string, arch: Ec2Arch): string | undefined {
  if (source === 'al2023') return amazonLinux2023Parameter(arch);
  return source.startsWith(FROM_PARAMETER) ? source.slice(FROM_PARAMETER.length) : undefined;
}

/** The value of a parameter now; undefined when it does not exist in this version or under this label. */
export async function parameterValue(
  ec2: RegionAccess,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const command = new GetParameterCommand({ Name: name });
    const { Parameter } = await ec2.ssm.send(command, { abortSignal: signal });
    return Parameter?.Value;
  } catch (error) {
    if (isCode(error, 'ParameterNotFound', 'ParameterVersionNotFound')) return undefined;
    throw error;
  }
}

/** The newest Amazon Linux 2023 of the region. */
export async function amazonLinux2023(
  ec2: RegionAccess,
  arch: Ec2Arch,
  signal: AbortSignal,
): Promise<string> {
  const name = amazonLinux2023Parameter(arch);
  const value = await parameterValue(ec2, name, signal);
  if (value === undefined) throw new TypeError(`the parameter ${name} has no value`);
  return value;
}

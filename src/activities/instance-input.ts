/** What every instance is launched with, so that it ends by itself and accepts no connections. */

import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';

export interface InstanceOptions {
  readonly instanceProfile?: string;
  readonly subnet?: string;
  readonly securityGroup?: string;
}

/** EC2 user guide, user-data: 16 KB before it is encoded. */
const USER_DATA_BYTES_MAX = 16 * 1024;

export function instanceInput(
  options: InstanceOptions,
  userData: string,
): Pick<
  RunInstancesCommandInput,
  | 'InstanceInitiatedShutdownBehavior'
  | 'MetadataOptions'
  | 'UserData'
  | 'IamInstanceProfile'
  | 'SubnetId'
  | 'SecurityGroupIds'
> {
  const bytes = Buffer.from(userData);
  const refusal = userDataRefusal(userData);
  if (refusal !== undefined) throw tooLarge(refusal);
  const { instanceProfile, subnet, securityGroup } = options;
  return {
    // Together with the dead-man timer in user-data, the instance ends by itself even when its run is gone.
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: {
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      HttpEndpoint: 'enabled',
    },
    UserData: bytes.toString('base64'),
    ...(instanceProfile === undefined ? {} : { IamInstanceProfile: profile(instanceProfile) }),
    ...(subnet === undefined ? {} : { SubnetId: subnet }),
    ...(securityGroup === undefined ? {} : { SecurityGroupIds: [securityGroup] }),
  };
}

/** Why EC2 would refuse the user-data, or undefined. */
export function userDataRefusal(userData: string): string | undefined {
  const bytes = Buffer.byteLength(userData);
  if (bytes <= USER_DATA_BYTES_MAX) return undefined;
  return `the user-data has ${bytes} bytes; EC2 takes at most ${USER_DATA_BYTES_MAX}`;
}

function profile(nameOrArn: string): { Arn: string } | { Name: string } {
  return nameOrArn.startsWith('arn:') ? { Arn: nameOrArn } : { Name: nameOrArn };
}

function tooLarge(refusal: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, refusal, {
    code: 'user-data-size',
    class: 'refused',
    next: 'Use test.transport = "ssm", or a smaller test script: the console transport carries the script in user-data.',
  });
}

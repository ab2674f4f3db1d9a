/** Service Quotas as a test wants it: the quota of public AMIs in each region. */

import type { Aws } from '../../src/aws/region-access.js';

/** The quota of a region, or the code of the error that Service Quotas answers. */
export type QuotaAnswer = number | string;

/** `answerOf` is asked at each call. Returns the names of the commands, as they are called. */
export function stubQuotas(
  aws: Aws,
  answerOf: (regionName: string, command: string) => QuotaAnswer,
): string[] {
  const calls: string[] = [];
  const original = aws.region.bind(aws);
  aws.region = (regionName) => {
    const ec2 = original(regionName);
    ec2.quotas.send = ((command: { constructor: { name: string } }) => {
      calls.push(command.constructor.name);
      const answer = answerOf(regionName, command.constructor.name);
      if (typeof answer === 'number') return Promise.resolve({ Quota: { Value: answer } });
      return Promise.reject(awsError(answer));
    }) as never;
    return ec2;
  };
  return calls;
}

function awsError(code: string): Error {
  const error = new Error('the stub refuses');
  return Object.assign(error, { name: code, $fault: 'client', $metadata: { httpStatusCode: 400 } });
}

/** The serial console of an instance. */

import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';

/** The latest 64 KiB, or '' when there is no output yet or no such instance; the caller watches the instance as well. */
export async function readConsole(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<string> {
  const read = async (latest: boolean): Promise<string> => {
    const { Output = '' } = await ec2.ec2.send(
      new GetConsoleOutputCommand({ InstanceId: instanceId, ...(latest ? { Latest: true } : {}) }),
      { abortSignal: signal },
    );
    return Buffer.from(Output, 'base64').toString('utf8');
  };
  try {
    // GetConsoleOutput: Latest works for Nitro instances only; the others have the buffered output.
    return await read(true).catch((error: unknown) => {
      if (isCode(error, 'UnsupportedOperation', 'InvalidParameterCombination')) return read(false);
      throw error;
    });
  } catch (error) {
    // EC2 may answer this even for a running instance (ec2-api: eventual-consistency).
    if (isCode(error, 'InvalidInstanceID.NotFound')) return '';
    throw error;
  }
}

/** The serial console of an instance. */

import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';

/** The latest 64 KiB, or '' where there is none yet or no such instance: whoever watches it tells which. */
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
    // GetConsoleOutput: Latest is for Nitro instances only; paravirtual ones have the buffered one.
    return await read(true).catch((error: unknown) => {
      if (isCode(error, 'UnsupportedOperation', 'InvalidParameterCombination')) return read(false);
      throw error;
    });
  } catch (error) {
    // Said of an instance that runs already, too (ec2-api: eventual-consistency).
    if (isCode(error, 'InvalidInstanceID.NotFound')) return '';
    throw error;
  }
}

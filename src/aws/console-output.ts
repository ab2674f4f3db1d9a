/** The serial console of an instance. */

import { GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';

/** The latest 64 KiB, or '' where there is none yet. */
export async function readConsole(
  region: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<string> {
  const read = (latest: boolean) =>
    region.ec2.send(
      new GetConsoleOutputCommand({ InstanceId: instanceId, ...(latest ? { Latest: true } : {}) }),
      { abortSignal: signal },
    );
  try {
    return decoded((await read(true)).Output);
  } catch (error) {
    // GetConsoleOutput: Latest is for Nitro instances only; paravirtual ones have the buffered one.
    if (!isCode(error, 'UnsupportedOperation', 'InvalidParameterCombination')) throw error;
    return decoded((await read(false)).Output);
  }
}

function decoded(output: string | undefined): string {
  return Buffer.from(output ?? '', 'base64').toString('utf8');
}

/** Programs of the system that tests run. */

import { execa } from 'execa';

export interface ProgramResult {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Fails with the package of Debian to install when the program is missing. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { debianPackage = program, env }: { debianPackage?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramResult> {
  const result = await execa(program, args, {
    reject: false,
    ...(env === undefined ? {} : { env }),
  });
  if (result.code === 'ENOENT') {
    throw new Error(`${program} is missing: apt-get install ${debianPackage}`);
  }
  return { code: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

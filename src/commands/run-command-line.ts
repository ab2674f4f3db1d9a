/** Runs one command line inside a process: a problem becomes a message and an exit code. */

import { CommanderError } from 'commander';
import { createProgram, exitCodeOfUsage, usageProblem, wantsJson } from './program.js';
import type { ExitCode } from './shared/exit-codes.js';
import { EXIT } from './shared/exit-codes.js';
import { problemJson, problemOf, renderProblem } from './shared/problem.js';

/**
 * Writes a problem with a stack trace only with `--verbose`. Returns the exit code of the problem; undefined when the
 * command has ended without one, and then the command may have set `process.exitCode` itself.
 */
export async function runCommandLine(
  argv: readonly string[],
  version: string,
): Promise<ExitCode | undefined> {
  const write = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    const program = await createProgram(argv, version);
    await program.parseAsync(argv, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) {
      const exitCode = exitCodeOfUsage(error);
      if (wantsJson(argv) && exitCode !== EXIT.done) write(problemJson(usageProblem(error)));
      return exitCode;
    }
    const { withDevAdvice } = await import('./shared/dev-advice.js');
    const problem = await withDevAdvice(problemOf(error), process.env);
    const verbose = argv.includes('--verbose') || Boolean(process.env['FEDIMG_DEBUG']);
    write(wantsJson(argv) ? problemJson(problem) : renderProblem(problem, { error, verbose }));
    return problem.exitCode;
  }
}

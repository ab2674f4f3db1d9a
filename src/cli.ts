/** The process: arguments in, one exit code out, and never a stack for whoever did not ask for one. */

import { CommanderError } from 'commander';
import { createProgram, exitCodeOfUsage } from './commands/program.js';
import { problemOf, renderProblem } from './commands/shared/problem.js';
import { packageVersion } from './package-version.js';

async function main(argv: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(argv, packageVersion());
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = exitCodeOfUsage(error);
      return;
    }
    const problem = problemOf(error);
    const verbose = argv.includes('--verbose') || Boolean(process.env['FEDIMG_DEBUG']);
    process.stderr.write(`${renderProblem(problem, { error, verbose })}\n`);
    process.exitCode = problem.exitCode;
  }
}

// Whoever reads only the head of the output has all that they wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

await main(process.argv.slice(2));
// What a failed command still waits for in the background must not hold up the prompt.
process.stderr.write('', () => process.stdout.write('', () => process.exit()));

/** The process: arguments in, one exit code out; a stack trace only with `--verbose`. */

import { CommanderError } from 'commander';
import { createProgram, exitCodeOfUsage, usageProblem, wantsJson } from './commands/program.js';
import { EXIT } from './commands/shared/exit-codes.js';
import { problemJson, problemOf, renderProblem } from './commands/shared/problem.js';
import { packageVersion } from './package-version.js';

async function main(argv: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(argv, packageVersion());
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = exitCodeOfUsage(error);
      if (!wantsJson(argv) || process.exitCode === EXIT.done) return;
      process.stderr.write(`${problemJson(usageProblem(error))}\n`);
      return;
    }
    const { withDevAdvice } = await import('./commands/shared/dev-advice.js');
    const problem = await withDevAdvice(problemOf(error), process.env);
    process.exitCode = problem.exitCode;
    if (wantsJson(argv)) {
      process.stderr.write(`${problemJson(problem)}\n`);
      return;
    }
    const verbose = argv.includes('--verbose') || Boolean(process.env['FEDIMG_DEBUG']);
    process.stderr.write(`${renderProblem(problem, { error, verbose })}\n`);
  }
}

// EPIPE (`| head`): exit quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// The SDK's advice on Node versions is for developers, and would stand among our lines on stderr.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
await main(process.argv.slice(2));
// A failed command may have open connections: exit without waiting for them.
process.stderr.write('', () => process.stdout.write('', () => process.exit()));

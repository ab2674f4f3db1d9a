/** The process: arguments in, one exit code out. */

import { runCommandLine } from './commands/run-command-line.js';
import { packageVersion } from './package-version.js';

// EPIPE (`| head`): exit quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// The SDK's advice on Node versions is for developers, and would stand among our lines on stderr.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
const exitCode = await runCommandLine(process.argv.slice(2), packageVersion());
if (exitCode !== undefined) process.exitCode = exitCode;
// A failed command may have open connections: exit without waiting for them.
process.stderr.write('', () => process.stdout.write('', () => process.exit()));

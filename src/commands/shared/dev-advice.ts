/** The next act after refused or missing AWS credentials, where `fedimg dev` runs on this machine. */

import path from 'node:path';
import { readStackNote } from '../../local/stack-note.js';
import { stateDirPath } from '../../local/state-dir.js';
import { EXIT } from './exit-codes.js';
import type { Problem } from './problem.js';

/** Undefined without a running stack, and in a shell that has its variables. */
export async function devAdvice(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (env['AWS_ENDPOINT_URL']) return undefined;
  if ((await readStackNote(env)) === undefined) return undefined;
  const file = path.join(stateDirPath('dev', env), 'dev.env');
  return `\`fedimg dev\` runs on this machine, and this shell lacks its variables: run \`source ${file}\`, then the command again.`;
}

export async function withDevAdvice(problem: Problem, env: NodeJS.ProcessEnv): Promise<Problem> {
  if (problem.exitCode !== EXIT.credentials) return problem;
  const next = await devAdvice(env);
  return next === undefined ? problem : { ...problem, next };
}

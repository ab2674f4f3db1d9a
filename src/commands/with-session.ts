/** Opens what a client command needs, and closes it again. */

import { connectToTemporal } from '../client/connection.js';
import type { Session } from '../client/session.js';
import { uiBaseUrl } from '../client/ui-link.js';
import { loadConfig } from '../config/load.js';
import type { LocalStackNote } from './local-stack-file.js';
import { readStackNote } from './local-stack-file.js';

export interface ClientContext {
  readonly session: Session;
  /** The stack of a running `fedimg dev`, when the session is with that one. */
  readonly stack: LocalStackNote | undefined;
}

/** Temporal's own variables and profile come first, then a running `fedimg dev`, then the usual port. */
export async function withSession<T>(
  env: NodeJS.ProcessEnv,
  body: (context: ClientContext) => Promise<T>,
): Promise<T> {
  const note = await readStackNote(env);
  const access = await connectToTemporal({ env, fallback: note });
  try {
    const stack = note?.address === access.address ? note : undefined;
    const uiUrl = uiBaseUrl({ env, address: access.address, stackUiUrl: stack?.uiUrl });
    return await body({ session: { access, uiUrl }, stack });
  } finally {
    await access.close();
  }
}

const DEFAULT_TASK_QUEUE = 'fedimg';

/**
 * The queue that workers of this configuration poll. Without any configuration it is that of the running
 * stack, or the default one; a configuration that is there and wrong is an error.
 */
export async function taskQueueOf(
  options: { readonly config: string | undefined; readonly env: NodeJS.ProcessEnv },
  stack: LocalStackNote | undefined,
): Promise<string> {
  const { config: path, env } = options;
  if (stack !== undefined && path === undefined && !env['FEDIMG_CONFIG']) return stack.taskQueue;
  try {
    const cwd = process.cwd();
    const { config } = await loadConfig(path === undefined ? { env, cwd } : { path, env, cwd });
    return config.worker.taskQueue;
  } catch (error) {
    if (path === undefined && !env['FEDIMG_CONFIG'] && isNoFileFound(error)) {
      return DEFAULT_TASK_QUEUE;
    }
    throw error;
  }
}

/** A client needs no configuration: only one that cannot be read is worth stopping for. */
function isNoFileFound(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'ConfigError') return false;
  const { problems } = error as Error & { problems: readonly { file?: string }[] };
  return problems.every(({ file }) => file === undefined);
}

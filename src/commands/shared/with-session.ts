/** Opens what a client command needs, and closes it again. */

import { connectToTemporal, temporalAddress } from '../../client/connection.js';
import type { Session } from '../../client/session.js';
import type { StartOptions } from '../../client/start.js';
import { uiBaseUrl } from '../../client/ui-link.js';
import { loadConfig } from '../../config/load.js';
import type { LocalStackNote } from '../../local/stack-note.js';
import { readStackNote } from '../../local/stack-note.js';

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

/** Where Temporal is and its pages are, for who does without a connection to it. */
export async function temporalPlace(env: NodeJS.ProcessEnv): Promise<{
  readonly namespace: string;
  readonly uiUrl: string | undefined;
  readonly stack: LocalStackNote | undefined;
}> {
  const note = await readStackNote(env);
  const { address, namespace } = temporalAddress({ env, fallback: note });
  const stack = note?.address === address ? note : undefined;
  return { namespace, uiUrl: uiBaseUrl({ env, address, stackUiUrl: stack?.uiUrl }), stack };
}

const DEFAULT_TASK_QUEUE = 'fedimg';
const DEFAULT_DEPLOYMENT = 'fedimg';

/**
 * The queue that workers of this configuration poll, its time scale, its deployment and its home region. Without any configuration they are
 * those of the running stack, or the default ones; a configuration that is there and wrong is an error.
 */
export async function startOptionsOf(
  options: { readonly config: string | undefined; readonly env: NodeJS.ProcessEnv },
  stack: LocalStackNote | undefined,
): Promise<StartOptions & { readonly deployment: string; readonly homeRegion?: string }> {
  const { env } = options;
  const isNamed = options.config !== undefined || Boolean(env['FEDIMG_CONFIG']);
  const path = isNamed ? options.config : stack?.configFile;
  try {
    const cwd = process.cwd();
    const { config } = await loadConfig(path === undefined ? { env, cwd } : { path, env, cwd });
    const { deployment, worker, timing, amis } = config;
    const homeRegion = amis[0].region;
    return { taskQueue: worker.taskQueue, timeScale: timing.scale, deployment, homeRegion };
  } catch (error) {
    if (path === undefined && !isNamed && isNoFileFound(error)) {
      return { taskQueue: DEFAULT_TASK_QUEUE, timeScale: 1, deployment: DEFAULT_DEPLOYMENT };
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

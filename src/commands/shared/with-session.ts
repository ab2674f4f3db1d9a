/** Opens and closes the session of a client command, and reads its start options. */

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

/** Connects by Temporal's own variables and profile, else to a running `fedimg dev`, else to the default port. */
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

/** Temporal's namespace and UI, without a connection. */
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

/** The configuration that the user names, else that of a running `fedimg dev`; empty: where `loadConfig` looks. */
export async function configOfUser({
  config,
  env,
}: {
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}): Promise<{ readonly path?: string }> {
  if (config !== undefined) return { path: config };
  if (env['FEDIMG_CONFIG']) return {};
  const { stack } = await temporalPlace(env);
  return stack === undefined ? {} : { path: stack.configFile };
}

const DEFAULT_TASK_QUEUE = 'fedimg';
const DEFAULT_DEPLOYMENT = 'fedimg';

/**
 * The task queue, time scale, deployment and home region of the configuration. Without a configuration,
 * those of the running `fedimg dev`, else the defaults. An invalid configuration is an error.
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

/** True when no configuration file exists: a client works without one. */
function isNoFileFound(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'ConfigError') return false;
  const { problems } = error as Error & { problems: readonly { file?: string }[] };
  return problems.every(({ file }) => file === undefined);
}

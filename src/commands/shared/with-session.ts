/** Opens and closes the session of a client command, and reads its start options. */

import { connectToTemporal, temporalAddress } from '../../client/connection.js';
import type { Session } from '../../client/session.js';
import type { StartOptions } from '../../client/start.js';
import { uiBaseUrl } from '../../client/ui-link.js';
import type { Config } from '../../config/schema.js';
import { loadConfig } from '../../config/load.js';
import type { LocalStackNote } from '../../local/stack-note.js';
import { readStackNote } from '../../local/stack-note.js';
import { DEFAULT_DEPLOYMENT } from '../../model/ids/installation.js';

export interface ClientContext {
  readonly session: Session;
  /** Of the same configuration as the session's deployment. */
  readonly start: ConfiguredStart;
}

export interface ConfigSource {
  /** Of `--config`. */
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The configuration itself, where it is read already. */
  readonly loaded?: Config;
}

/** What the configuration says about the deployment and its runs. */
export interface ConfiguredStart extends StartOptions {
  readonly deployment: string;
  /** Where the deployment's name comes from, for people. */
  readonly deploymentFrom: string;
  /** Undefined without a configuration. */
  readonly homeRegion?: string;
  /** `temporal.codec`. */
  readonly codec?: string | undefined;
}

/**
 * Connects by Temporal's own variables and profile, else to a running `fedimg dev`, else to the default port. The
 * session is that of the configuration's deployment.
 */
export async function withSession<T>(
  source: ConfigSource,
  body: (context: ClientContext) => Promise<T>,
): Promise<T> {
  const { env } = source;
  const note = await readStackNote(env);
  const { address } = temporalAddress({ env, fallback: note });
  const stack = note?.address === address ? note : undefined;
  const start = await startOptionsOf(source, stack);
  const access = await connectToTemporal({ env, fallback: note, codec: start.codec });
  try {
    const uiUrl = uiBaseUrl({ env, address: access.address, stackUiUrl: stack?.uiUrl });
    return await body({ session: { access, uiUrl, deployment: start.deployment }, start });
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

/**
 * The task queue, time scale, deployment and home region of the configuration. Without a configuration,
 * those of the running `fedimg dev`, else the defaults. An invalid configuration is an error.
 */
export async function startOptionsOf(
  { config: option, env, loaded }: ConfigSource,
  stack: LocalStackNote | undefined,
): Promise<ConfiguredStart> {
  if (loaded !== undefined) return startOf(loaded, 'of the configuration');
  const isNamed = option !== undefined || Boolean(env['FEDIMG_CONFIG']);
  const path = isNamed ? option : stack?.configFile;
  try {
    const cwd = process.cwd();
    const { config, file } = await loadConfig(
      path === undefined ? { env, cwd } : { path, env, cwd },
    );
    return startOf(config, `of ${file}`);
  } catch (error) {
    if (path === undefined && !isNamed && isNoFileFound(error)) {
      const deployment = DEFAULT_DEPLOYMENT;
      const deploymentFrom = `the default, because no configuration was found from ${process.cwd()}`;
      return { taskQueue: deployment, timeScale: 1, deployment, deploymentFrom };
    }
    throw error;
  }
}

function startOf(
  { deployment, worker, timing, amis, temporal }: Config,
  deploymentFrom: string,
): ConfiguredStart {
  const options = { taskQueue: worker.taskQueue, timeScale: timing.scale };
  const { codec } = temporal;
  return { ...options, deployment, deploymentFrom, homeRegion: amis[0].region, codec };
}

/** True when no configuration file exists: a client works without one. */
function isNoFileFound(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'ConfigError') return false;
  const { problems } = error as Error & { problems: readonly { file?: string }[] };
  return problems.every(({ file }) => file === undefined);
}

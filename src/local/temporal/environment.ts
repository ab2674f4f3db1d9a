/** Environments of child processes as far as Temporal's own variables are concerned. */

/** `env` without any of Temporal's variables. */
export function environmentWithoutTemporal(
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

/**
 * `env` for programs that are to use a server of ours: its address, and nothing of what the user has
 * set for another one, neither variables (API key, TLS) nor the profile file.
 */
export function environmentForServer(
  server: { address: string; namespace: string },
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return {
    ...environmentWithoutTemporal(env),
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
    TEMPORAL_CONFIG_FILE: '/dev/null',
  };
}

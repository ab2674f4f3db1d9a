/** Temporal's own variables in the environments of child processes. */

/** `env` without any of Temporal's variables. */
export function environmentWithoutTemporal(
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

/**
 * `env` for programs that use a server of ours: its address, without the variables (API key, TLS) and
 * the profile file that the user has set for another server.
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

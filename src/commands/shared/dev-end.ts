/** What to do after a process of `fedimg dev` ended by itself. */

/** Where `stateDir` and Temporal keep what a new `fedimg dev` goes on with. */
export function startAgain(stateDir: string, env: NodeJS.ProcessEnv): string {
  const { TEMPORAL_ADDRESS: address = '' } = env;
  const kept =
    address === ''
      ? `${stateDir} keeps their histories and the local cloud`
      : `the Temporal server at ${address} keeps their histories, and ${stateDir} keeps the local cloud`;
  return `Start \`fedimg dev\` again, with the same options. Open publications go on: ${kept}.`;
}

/** Links into the Temporal UI. */

export interface UiOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly address: string;
  /** The UI of the local stack, if it runs at `address`. */
  readonly stackUiUrl?: string | undefined;
}

/** `temporal server start-dev` adds this to its own port for its UI. */
const UI_PORT_OFFSET = 1_000;

/** URL of the UI of the server at `address`, without a slash at its end; undefined when unknown. */
export function uiBaseUrl({ env, address, stackUiUrl }: UiOptions): string | undefined {
  const named = env['TEMPORAL_UI_URL'];
  if (named !== undefined && named !== '') return named.replace(/\/+$/, '');
  if (stackUiUrl !== undefined) return stackUiUrl;
  if (/\.(?:tmprl\.cloud|api\.temporal\.io)(?::\d+)?$/.test(address)) {
    return 'https://cloud.temporal.io';
  }
  const port = /^(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)$/.exec(address)?.[1];
  return port === undefined ? undefined : `http://127.0.0.1:${Number(port) + UI_PORT_OFFSET}`;
}

/** The page of one run; without a run id, of the newest one. */
export function workflowUrl(
  base: string,
  run: { readonly namespace: string; readonly workflowId: string; readonly runId?: string },
): string {
  const page = `${base}/namespaces/${encodeURIComponent(run.namespace)}/workflows/${encodeURIComponent(run.workflowId)}`;
  return run.runId === undefined ? page : `${page}/${encodeURIComponent(run.runId)}/history`;
}

/** Links into the Temporal UI. */

export interface UiOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly address: string;
  /** The UI of the local stack, if it runs at `address`. */
  readonly stackUiUrl?: string | undefined;
}

/** Where `temporal server start-dev` listens by default, and where it has its UI then. */
const DEV_SERVER = /^(?:127\.0\.0\.1|localhost|\[::1\]):7233$/;
const DEV_SERVER_UI = 'http://127.0.0.1:8233';

/** URL of the UI of the server at `address`, without a slash at its end; undefined when unknown. */
export function uiBaseUrl({ env, address, stackUiUrl }: UiOptions): string | undefined {
  const named = env['TEMPORAL_UI_URL'];
  if (named !== undefined && named !== '') return named.replace(/\/+$/, '');
  if (stackUiUrl !== undefined) return stackUiUrl;
  if (/\.(?:tmprl\.cloud|api\.temporal\.io)(?::\d+)?$/.test(address)) {
    return 'https://cloud.temporal.io';
  }
  return DEV_SERVER.test(address) ? DEV_SERVER_UI : undefined;
}

/** The timeline of one run, where all regions stand side by side; without a run id, the newest run's page. */
export function workflowUrl(
  base: string,
  run: { readonly namespace: string; readonly workflowId: string; readonly runId?: string },
): string {
  const page = `${base}/namespaces/${encodeURIComponent(run.namespace)}/workflows/${encodeURIComponent(run.workflowId)}`;
  return run.runId === undefined ? page : `${page}/${encodeURIComponent(run.runId)}/timeline`;
}

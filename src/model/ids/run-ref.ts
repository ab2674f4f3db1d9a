/** Which run of which workflow. */

export interface RunRef {
  readonly workflowId: string;
  /** Where resources and catalogues name a run: the first run id of its chain, which a reset does not change. */
  readonly runId: string;
}

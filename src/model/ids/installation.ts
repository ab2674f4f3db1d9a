/** An installation: one Temporal cluster and namespace plus one deployment name. It owns the resources that it tags. */

export interface Installation {
  /** The cluster's id, as the Temporal server reports it. */
  readonly cluster: string;
  readonly namespace: string;
  readonly deployment: string;
}

/** The deployment of a configuration that names none. Its workflow ids have no prefix. */
export const DEFAULT_DEPLOYMENT = 'fedimg';

/** `deployment staging on Temporal cluster 0b1e…, namespace default`: for reports. */
export function installationText({ cluster, namespace, deployment }: Installation): string {
  return `deployment ${deployment} on Temporal cluster ${cluster}, namespace ${namespace}`;
}

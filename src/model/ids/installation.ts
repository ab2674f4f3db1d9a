/** An installation: one Temporal cluster and namespace plus one deployment name. It owns the resources that it tags. */

export interface Installation {
  /** The cluster's id, as the Temporal server reports it. */
  readonly cluster: string;
  readonly namespace: string;
  readonly deployment: string;
}

/** The deployment of a configuration that names none. Its workflow ids have no prefix. */
export const DEFAULT_DEPLOYMENT = 'fedimg';

/** For a look at the account that makes no resource: it belongs to no run, and needs no Temporal server. */
export function withoutTemporal(deployment: string): Installation {
  return { cluster: 'none', namespace: 'none', deployment };
}

/** `deployment staging on Temporal cluster 0b1e…, namespace default`: for reports. */
export function installationText({ cluster, namespace, deployment }: Installation): string {
  return `deployment ${deployment} on Temporal cluster ${cluster}, namespace ${namespace}`;
}

/** Managed nodes: which instances are registered with Systems Manager, and how they are chosen. */

import type { Cloud } from '../cloud.js';
import type { InstanceRecord } from '../store/state.js';
import type { NodeRecord, SsmTables, Target } from './command-state.js';

/** The agent reports its health every five minutes; one record a minute is enough. */
const pingIntervalMs = 60_000;

/** Records the agents that answer now, and forgets nodes whose instance has stopped or ended. */
export function refreshNodes(cloud: Cloud, tables: SsmTables, region: string): void {
  const now = cloud.clock.now();
  for (const instance of cloud.instances.inRegion(region)) {
    if (!cloud.agentOnline(region, instance.id)) continue;
    const known = tables.nodes.get(instance.id);
    if (known !== undefined && now - known.lastPingAt < pingIntervalMs) continue;
    tables.nodes.put(instance.id, {
      instanceId: instance.id,
      region,
      registeredAt: known?.registeredAt ?? now,
      lastPingAt: now,
    });
  }
  for (const node of [...tables.nodes.values()]) {
    if (node.region === region && !isAlive(cloud, node)) tables.nodes.delete(node.instanceId);
  }
}

/** DescribeInstanceInformation "does not return information for nodes that are either Stopped or Terminated". */
function isAlive(cloud: Cloud, node: NodeRecord): boolean {
  const state = cloud.instances.get(node.region, node.instanceId)?.state;
  return state === 'running' || state === 'pending';
}

export function nodesIn(tables: SsmTables, region: string): NodeRecord[] {
  return [...tables.nodes.values()]
    .filter((node) => node.region === region)
    .sort((one, other) => one.registeredAt - other.registeredAt);
}

/** Registered instances that meet every target; one of a target's values must match. */
export function matchTargets(
  cloud: Cloud,
  tables: SsmTables,
  region: string,
  targets: readonly Target[],
): string[] {
  return nodesIn(tables, region)
    .map((node) => cloud.instances.get(region, node.instanceId))
    .filter((instance) => instance !== undefined)
    .filter((instance) => targets.every((target) => meets(instance, target)))
    .map((instance) => instance.id);
}

export function meets(instance: InstanceRecord, target: Target): boolean {
  if (target.Key.toLowerCase() === 'instanceids') return target.Values.includes(instance.id);
  if (target.Key === 'tag-key')
    return target.Values.some((key) => Object.hasOwn(instance.tags, key));
  const key = target.Key.slice('tag:'.length);
  const value = Object.hasOwn(instance.tags, key) ? instance.tags[key] : undefined;
  return value !== undefined && target.Values.includes(value);
}

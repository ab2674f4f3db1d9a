/** Status checks and console output of instances. */

import { zoneId } from '../../regions.js';
import { CloudError } from '../../errors.js';
import { flag, ignored, integer, list, required, text } from '../../input.js';
import type { InstanceRecord } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { lastBytes, postedConsole } from '../lib/console-posts.js';
import { applyFilters, filterInput } from '../lib/filters.js';
import type { FilterFields } from '../lib/filters.js';
import { typeOf } from '../lib/instance-type-catalog.js';
import { stateCodes, stateXml } from '../lib/instance-view.js';
import { findInstance, seenInstances } from '../lib/lookup.js';
import { paginate, refuseIdsWithPage } from '../lib/pagination.js';

type Status = 'ok' | 'impaired' | 'initializing' | 'not-applicable';

export const instanceStatusActions: ActionTable = {
  DescribeInstanceStatus: action(
    {
      InstanceId: list(text),
      Filter: filterInput,
      IncludeAllInstances: flag,
      MaxResults: integer,
      NextToken: text,
      IncludeManagedResources: ignored,
    },
    (call, input) => {
      refuseIdsWithPage(input.InstanceId, input.MaxResults, 'instancesSet');
      const now = call.cloud.clock.now();
      const candidates = seenInstances(call, input.InstanceId);
      const shown = candidates.filter(
        (instance) => input.IncludeAllInstances === true || instance.state === 'running',
      );
      const matching = applyFilters(shown, input.Filter, statusFilters(now));
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return {
        instanceStatusSet: page.items.map((instance) => statusXml(instance, now)),
        nextToken: page.nextToken,
      };
    },
  ),

  GetConsoleOutput: action({ InstanceId: required(text), Latest: flag }, async (call, input) => {
    const instance = findInstance(call, input.InstanceId);
    if (input.Latest === true) return latestConsole(call, instance);
    const post = postedConsole(call.cloud, instance);
    return {
      instanceId: instance.id,
      timestamp: new Date(post?.postedAt ?? instance.launchedAt),
      output: post === undefined ? '' : post.output.toString('base64'),
    };
  }),
};

/** EC2 user guide, "Instance console output": the latest output exists on Nitro instances only. */
async function latestConsole(call: Call, instance: InstanceRecord): Promise<XmlFields> {
  if (typeOf(instance.instanceType)?.nitro !== true) {
    throw new CloudError(
      'UnsupportedOperation',
      'This instance type does not support retrieving the latest console logs.',
    );
  }
  const machine = call.cloud.machines.get(instance.id);
  const output =
    machine === undefined
      ? postedConsole(call.cloud, instance)?.output
      : lastBytes(await machine.consoleOutput());
  return {
    instanceId: instance.id,
    timestamp: new Date(call.cloud.clock.now()),
    output: (output ?? Buffer.alloc(0)).toString('base64'),
  };
}

/** The system check always passes; the instance check follows the boot. */
function checks(instance: InstanceRecord, now: number): { system: Status; instance: Status } {
  if (instance.state !== 'running') return { system: 'not-applicable', instance: 'not-applicable' };
  const seen = instance.boot !== 'booting' && instance.statusOkAt <= now;
  if (!seen) return { system: 'initializing', instance: 'initializing' };
  return { system: 'ok', instance: instance.boot === 'impaired' ? 'impaired' : 'ok' };
}

function statusXml(instance: InstanceRecord, now: number): XmlFields {
  const { system, instance: own } = checks(instance, now);
  return {
    instanceId: instance.id,
    availabilityZone: instance.zone,
    availabilityZoneId: zoneId(instance.region, instance.zone),
    instanceState: stateXml(instance.state),
    systemStatus: summaryXml(system),
    instanceStatus: summaryXml(own),
    attachedEbsStatus: summaryXml(system),
  };
}

function summaryXml(status: Status): XmlFields {
  if (status === 'not-applicable') return { status };
  const detail = { ok: 'passed', impaired: 'failed', initializing: 'initializing' }[status];
  return { status, details: [{ name: 'reachability', status: detail }] };
}

/** EC2 API reference, DescribeInstanceStatus: Filters. */
function statusFilters(now: number): FilterFields<InstanceRecord> {
  return {
    'availability-zone': ({ zone }) => zone,
    'availability-zone-id': ({ region, zone }) => zoneId(region, zone),
    'event.code': () => undefined,
    'instance-state-code': ({ state }) => stateCodes[state],
    'instance-state-name': ({ state }) => state,
    'instance-status.reachability': (instance) =>
      ({ ok: 'passed', impaired: 'failed', initializing: 'initializing', 'not-applicable': '' })[
        checks(instance, now).instance
      ],
    'instance-status.status': (instance) => checks(instance, now).instance,
    'system-status.reachability': (instance) =>
      checks(instance, now).system === 'ok' ? 'passed' : 'initializing',
    'system-status.status': (instance) => checks(instance, now).system,
  };
}

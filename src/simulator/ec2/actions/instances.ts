/** Instances: DescribeInstances, TerminateInstances, StopInstances, StartInstances, RebootInstances. */

import { CloudError, missingParameter } from '../../errors.js';
import { flag, ignored, integer, list, text } from '../../input.js';
import type { InstanceRecord, InstanceState } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { applyFilters, filterInput } from '../lib/filters.js';
import { beginStop, beginTermination, powerOn, rebootInstance } from '../lib/instance-lifecycle.js';
import { instanceFilters } from '../lib/instance-filters.js';
import { typeOf } from '../lib/instance-type-catalog.js';
import { reservationXml, stateXml } from '../lib/instance-view.js';
import { checkVcpus } from '../lib/launch-checks.js';
import { findInstances, seenInstances } from '../lib/lookup.js';
import { newPublicIp } from '../lib/new-resource.js';
import { paginate, refuseIdsWithPage } from '../lib/pagination.js';

const byUser = 'Client.UserInitiatedShutdown';
const byUserMessage = `${byUser}: User initiated shutdown`;

export const instanceActions: ActionTable = {
  DescribeInstances: action(
    {
      InstanceId: list(text),
      Filter: filterInput,
      MaxResults: integer,
      NextToken: text,
      IncludeManagedResources: ignored,
    },
    (call, input) => {
      refuseIdsWithPage(input.InstanceId, input.MaxResults, 'instancesSet');
      const candidates = seenInstances(call, input.InstanceId);
      const matching = applyFilters(candidates, input.Filter, instanceFilters(call));
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return { reservationSet: byReservation(call, page.items), nextToken: page.nextToken };
    },
  ),

  TerminateInstances: action(
    { InstanceId: list(text), Force: flag, SkipOsShutdown: ignored },
    (call, input) => {
      const instances = named(call, input.InstanceId);
      const protectedZones = new Set(
        instances.filter((one) => one.disableApiTermination).map((one) => one.zone),
      );
      const changes = instances
        // TerminateInstances: what shares a zone with a protected instance is not terminated.
        .filter((instance) => !protectedZones.has(instance.zone))
        .map((instance) =>
          change(instance, () => beginTermination(call.cloud, instance, byUser, byUserMessage)),
        );
      const refused = instances.find((instance) => instance.disableApiTermination);
      if (refused !== undefined) {
        throw new CloudError(
          'OperationNotPermitted',
          `The instance '${refused.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
        );
      }
      return { instancesSet: changes };
    },
  ),

  StopInstances: action(
    { InstanceId: list(text), Force: flag, Hibernate: flag, SkipOsShutdown: ignored },
    (call, input) => {
      const instances = named(call, input.InstanceId);
      for (const instance of instances) {
        refuseState(instance, ['running', 'stopping', 'stopped'], 'stopped');
        if (instance.disableApiStop) {
          throw new CloudError(
            'OperationNotPermitted',
            `The instance '${instance.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
          );
        }
        if (input.Hibernate === true) {
          throw new CloudError(
            'UnsupportedHibernationConfiguration',
            `The instance '${instance.id}' is not enabled for hibernation.`,
          );
        }
      }
      return {
        instancesSet: instances.map((instance) =>
          change(instance, () => {
            if (instance.state === 'running')
              beginStop(call.cloud, instance, byUser, byUserMessage);
          }),
        ),
      };
    },
  ),

  StartInstances: action({ InstanceId: list(text), AdditionalInfo: ignored }, (call, input) => {
    const instances = named(call, input.InstanceId);
    for (const instance of instances) {
      refuseState(instance, ['stopped', 'pending', 'running'], 'started');
    }
    const stopped = instances.filter(({ state }) => state === 'stopped');
    checkVcpus(call, sumOf(stopped.map(({ instanceType }) => typeOf(instanceType)?.vcpus ?? 0)));
    return {
      instancesSet: instances.map((instance) => change(instance, () => start(call, instance))),
    };
  }),

  RebootInstances: action({ InstanceId: list(text) }, (call, input) => {
    const instances = named(call, input.InstanceId);
    for (const instance of instances) refuseState(instance, ['running'], 'rebooted');
    for (const instance of instances) rebootInstance(call.cloud, instance);
    return { return: true };
  }),
};

function named(call: Call, ids: readonly string[]): InstanceRecord[] {
  if (ids.length === 0) throw missingParameter('InstanceId');
  return findInstances(call, ids);
}

/** Answers what DescribeInstances groups: the instances of each launch. */
function byReservation(call: Call, instances: readonly InstanceRecord[]): XmlFields[] {
  const reservations = new Map<string, InstanceRecord[]>();
  for (const instance of instances) {
    const known = reservations.get(instance.reservationId);
    if (known === undefined) reservations.set(instance.reservationId, [instance]);
    else known.push(instance);
  }
  return [...reservations.values()].map((group) => reservationXml(call, group));
}

function change(instance: InstanceRecord, act: () => void): XmlFields {
  const previousState = stateXml(instance.state);
  act();
  return { instanceId: instance.id, currentState: stateXml(instance.state), previousState };
}

function refuseState(
  instance: InstanceRecord,
  allowed: readonly InstanceState[],
  verb: string,
): void {
  if (allowed.includes(instance.state)) return;
  throw new CloudError(
    'IncorrectInstanceState',
    `The instance '${instance.id}' is not in a state from which it can be ${verb}.`,
  );
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

function start(call: Call, instance: InstanceRecord): void {
  if (instance.state !== 'stopped') return;
  const { cloud } = call;
  instance.state = 'pending';
  instance.stateUntil = cloud.clock.now() + cloud.latency.draw('instancePending');
  instance.stateReason = { code: 'pending', message: 'pending' };
  instance.stateTransitionReason = '';
  instance.launchedAt = cloud.clock.now();
  instance.publicIp = newPublicIp(cloud);
  cloud.instances.put(instance);
  cloud.background(powerOn(cloud, instance));
}

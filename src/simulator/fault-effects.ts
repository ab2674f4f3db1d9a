/** What a fault rule does to a call: the answer before any effect, or the harm after it. */

import type { Cloud } from './cloud.js';
import { loseInstance } from './ec2/instance-lifecycle.js';
import { CloudError } from './errors.js';
import type { FaultRule } from './faults.js';
import type { ImageRecord, InstanceRecord, SnapshotRecord, VolumeRecord } from './state.js';

/** Codes of quotas by action (EC2 API reference, error codes). */
const quotaCodes: Readonly<Record<string, string>> = {
  RunInstances: 'VcpuLimitExceeded',
  StartInstances: 'VcpuLimitExceeded',
  CreateVolume: 'VolumeLimitExceeded',
  CreateSnapshot: 'SnapshotLimitExceeded',
};

/** The error that the rule answers instead of an effect; undefined when it acts otherwise. */
export function faultAnswer(
  rule: FaultRule,
  call: { readonly action: string; readonly service: string; readonly instanceType: string },
): CloudError | undefined {
  const error = (code: string, status: number, message: string): CloudError =>
    new CloudError(rule.code ?? code, rule.message ?? message, rule.status ?? status);
  switch (rule.kind) {
    case 'throttle':
      return call.service === 'ec2'
        ? error('RequestLimitExceeded', 503, 'Request limit exceeded.')
        : error('ThrottlingException', 400, 'Rate exceeded');
    case 'error':
      return call.service === 'ec2'
        ? error('InternalError', 500, 'An internal error has occurred')
        : error('InternalServerError', 500, 'An internal error has occurred');
    case 'capacity':
      return call.action === 'CreateVolume'
        ? error(
            'InsufficientVolumeCapacity',
            500,
            'There is not enough capacity to fulfill your EBS volume provision request.',
          )
        : error(
            'InsufficientInstanceCapacity',
            500,
            `We currently do not have sufficient ${call.instanceType} capacity in the Availability Zone you requested${rule.zone === undefined ? '' : ` (${rule.zone})`}. Our system will be working on provisioning additional capacity.`,
          );
    case 'quota':
      return error(
        quotaCodes[call.action] ?? 'ResourceLimitExceeded',
        400,
        'You have exceeded an Amazon EC2 resource limit.',
      );
    case 'refusal':
      return call.service === 'ec2'
        ? error('UnauthorizedOperation', 403, 'You are not authorized to perform this operation.')
        : error(
            'AccessDeniedException',
            400,
            `User is not authorized to perform: ssm:${call.action}`,
          );
    case 'lost-request':
    case 'lost-answer':
    case 'not-found':
    case 'slow':
    case 'agent-death':
    case 'instance-loss':
    case 'fails-later':
    case 'stuck':
      return undefined;
  }
}

type Made = { table: string; record: InstanceRecord | VolumeRecord | SnapshotRecord | ImageRecord };

/** The records among the changes that this call has made, not merely touched. */
function madeBy(cloud: Cloud, changed: readonly string[], seqBefore: number): Made[] {
  return changed.flatMap((name) => {
    const [table = '', region = '', id = ''] = name.split('/');
    const record =
      cloud.instances.get(region, id) ??
      cloud.volumes.get(region, id) ??
      cloud.snapshots.get(region, id) ??
      cloud.images.get(region, id);
    return record !== undefined && record.seq > seqBefore ? [{ table, record }] : [];
  });
}

export interface CallOutcome {
  readonly region: string;
  readonly changed: readonly string[];
  readonly seqBefore: number;
  /** Every parameter value, to find the instances that the call names. */
  readonly values: Iterable<string>;
}

/** Does the rule's harm to what the call has made or named. */
export function harm(cloud: Cloud, rule: FaultRule, outcome: CallOutcome): void {
  const made = madeBy(cloud, outcome.changed, outcome.seqBefore);
  for (const one of made) harmRecord(cloud, rule, one);
  if (rule.kind !== 'agent-death' && rule.kind !== 'instance-loss') return;
  const named = [...outcome.values].filter((value) => /^i-[0-9a-f]+$/.test(value));
  const ids = new Set([...made.map(({ record }) => record.id), ...named]);
  cloud.clock.schedule(rule.delayMs, () => {
    for (const id of ids) {
      const instance = cloud.instances.get(outcome.region, id);
      if (instance === undefined) continue;
      if (rule.kind === 'instance-loss') loseInstance(cloud, instance);
      else killAgent(cloud, instance);
    }
  });
}

function killAgent(cloud: Cloud, instance: InstanceRecord): void {
  instance.agentLost = true;
  cloud.instances.put(instance);
  cloud.happened('agent-death', instance.region, { instanceId: instance.id });
}

function harmRecord(cloud: Cloud, rule: FaultRule, made: Made): void {
  const { record } = made;
  const now = cloud.clock.now();
  const reason = rule.message ?? 'An internal error has occurred';
  if (rule.kind === 'not-found') record.visibleAt = now + rule.forMs;
  else if (rule.kind === 'fails-later') {
    if ('state' in record) return;
    record.failed = reason;
  } else if (rule.kind === 'stuck') {
    const until = now + rule.forMs;
    if ('completesAt' in record) Object.assign(record, { completesAt: until });
    if ('availableAt' in record) Object.assign(record, { availableAt: until });
    if ('stateUntil' in record) record.stateUntil = until;
  } else return;
  save(cloud, made);
}

function save(cloud: Cloud, { table, record }: Made): void {
  if (table === 'instance') cloud.instances.put(record as InstanceRecord);
  else if (table === 'volume') cloud.volumes.put(record as VolumeRecord);
  else if (table === 'snapshot') cloud.snapshots.put(record as SnapshotRecord);
  else cloud.images.put(record as ImageRecord);
}

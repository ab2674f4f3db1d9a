/** What a fault rule does to a call: an error in place of the effect, or harm after it. */

import { listDeregistered, forgetImage } from '../ec2/lib/image-removal.js';
import { deleteSnapshot } from '../ec2/lib/snapshot-lifecycle.js';
import { removeAttachment } from '../ec2/lib/attachment.js';
import { deleteVolume } from '../ec2/lib/volume-lifecycle.js';
import type { Cloud } from '../cloud.js';
import { loseInstance } from '../ec2/lib/instance-lifecycle.js';
import { CloudError } from '../errors.js';
import type { ReadChange } from '../store/resource-change.js';
import { hideTags, showAsBefore } from '../store/changes.js';
import { signatureError } from '../http/signature-error.js';
import type { CommandRecord } from '../ssm/command-state.js';
import type { ErrorFault, KeyFault, Service } from '../service.js';
import type { FaultRule } from './fault-rule.js';
import { regions } from '../regions.js';
import type {
  ImageRecord,
  InstanceRecord,
  RegionTable,
  ResourceRecord,
  SnapshotRecord,
  VolumeRecord,
} from '../store/state.js';

/** Kinds of rules whose answer is an error, in the form of the service. */
const errorFaults: ReadonlySet<string> = new Set<ErrorFault>([
  'throttle',
  'error',
  'refusal',
  'capacity',
  'quota',
]);

function isErrorFault(kind: string): kind is ErrorFault {
  return errorFaults.has(kind);
}

/** What AWS says about keys; EC2 has one text for all that it does not accept. */
const keyMessages: Readonly<Record<KeyFault, string>> = {
  'unknown-key': 'The security token included in the request is invalid.',
  'expired-session': 'The security token included in the request is expired',
};

function keyFault(rule: FaultRule, service: Service, problem: KeyFault): CloudError {
  const { code, status, message } = signatureError(service, problem, keyMessages[problem]);
  return new CloudError(rule.code ?? code, rule.message ?? message, rule.status ?? status);
}

/** The error that the rule answers instead of an effect; undefined when it acts otherwise. */
export function faultAnswer(
  rule: FaultRule,
  service: Service,
  call: { readonly action: string; readonly instanceType: string },
): CloudError | undefined {
  if (rule.kind === 'unknown-key' || rule.kind === 'expired-session') {
    return keyFault(rule, service, rule.kind);
  }
  if (!isErrorFault(rule.kind)) return undefined;
  const [code, status, message] = service.faults[rule.kind]({ ...call, zone: rule.zone });
  return new CloudError(rule.code ?? code, rule.message ?? message, rule.status ?? status);
}

export interface CallOutcome {
  readonly resources: readonly ReadChange[];
  /** Every parameter value, to find the resources that the call names. */
  readonly values: Iterable<string>;
}

/** Does the rule's harm to what the call has made, changed or named; answers whether there was any. */
export function harm(cloud: Cloud, rule: FaultRule, outcome: CallOutcome): boolean {
  const { kind } = rule;
  const harmed = outcome.resources.filter((read) => {
    if (read.change.what === 'created') return harmNew(cloud, rule, read);
    if (kind === 'stale-read') return showAsBefore(cloud, read, rule.forMs);
    if (kind !== 'late-end' || read.change.type !== 'image') return false;
    return listDeregistered(cloud, read.record as ImageRecord, rule.forMs);
  });
  if (kind !== 'agent-death' && kind !== 'instance-loss' && kind !== 'removal') {
    return harmed.length > 0;
  }
  const created = outcome.resources.filter(({ change }) => change.what === 'created');
  const named = new Set([...created.map(({ record }) => record.id), ...outcome.values]);
  const ids = [...named]
    .flatMap((id) => [id, ...instancesOfCommand(cloud, id)])
    .filter((id) => isVictim(cloud, kind, id));
  if (ids.length === 0) return false;
  cloud.clock.schedule(rule.delayMs, () => {
    for (const id of ids) harmLater(cloud, rule, id);
  });
  return true;
}

/** Who asks for a command by its id asks about the instances that it was sent to. */
function instancesOfCommand(cloud: Cloud, commandId: string): readonly string[] {
  if (!/^[0-9a-f-]{36}$/.test(commandId)) return [];
  const commands = cloud.store.table<CommandRecord>('ssm-command');
  return [...commands.values()].find((one) => one.commandId === commandId)?.targetIds ?? [];
}

function isVictim(cloud: Cloud, kind: FaultRule['kind'], id: string): boolean {
  if (byId(cloud.instances, id, 'i') !== undefined) return true;
  if (kind !== 'removal') return false;
  return (
    byId(cloud.volumes, id, 'vol') !== undefined ||
    byId(cloud.snapshots, id, 'snap') !== undefined ||
    byId(cloud.images, id, 'ami')?.ownerId === cloud.accountId
  );
}

/** Resource ids are unique over all regions, and a copy names its source in another one. */
function harmLater(cloud: Cloud, rule: FaultRule, id: string): void {
  const instance = byId(cloud.instances, id, 'i');
  if (instance !== undefined) {
    if (rule.kind === 'agent-death') killAgent(cloud, instance);
    else loseInstance(cloud, instance, rule);
  }
  if (rule.kind !== 'removal') return;
  const volume = byId(cloud.volumes, id, 'vol');
  const snapshot = byId(cloud.snapshots, id, 'snap');
  const image = byId(cloud.images, id, 'ami');
  if (volume !== undefined && volume.goneAt === undefined) loseVolume(cloud, volume);
  if (snapshot !== undefined) deleteSnapshot(cloud, snapshot);
  if (image?.ownerId === cloud.accountId) forgetImage(cloud, image);
  const lost = volume ?? snapshot ?? image;
  if (lost !== undefined) cloud.happened('removal', lost.region, { id });
}

function byId<T extends ResourceRecord>(
  table: RegionTable<T>,
  id: string,
  prefix: string,
): T | undefined {
  if (!id.startsWith(`${prefix}-`)) return undefined;
  for (const region of regions.keys()) {
    const record = table.get(region, id);
    if (record !== undefined) return record;
  }
  return undefined;
}

function killAgent(cloud: Cloud, instance: InstanceRecord): void {
  instance.agentLost = true;
  cloud.instances.put(instance);
  cloud.happened('agent-death', instance.region, { instanceId: instance.id });
}

function loseVolume(cloud: Cloud, volume: VolumeRecord): void {
  const machine = cloud.machines.get(volume.attachment?.instanceId ?? '');
  if (machine !== undefined) cloud.background(machine.detach(volume.id).catch(() => undefined));
  removeAttachment(cloud, volume);
  deleteVolume(cloud, volume);
}

type Made = InstanceRecord | VolumeRecord | SnapshotRecord | ImageRecord;

function harmNew(cloud: Cloud, rule: FaultRule, read: ReadChange): boolean {
  const record = read.record as Made;
  const now = cloud.clock.now();
  const until = now + rule.forMs;
  switch (rule.kind) {
    case 'not-found':
      record.visibleAt = until;
      record.listedAt = until;
      break;
    case 'stale-list':
      record.listedAt = until;
      break;
    case 'stale-tags':
      hideTags(cloud, read, rule.forMs);
      return true;
    case 'fails-later':
      if ('state' in record) return false;
      record.failed = rule.message ?? 'An internal error has occurred';
      break;
    case 'stuck':
      if ('completesAt' in record) Object.assign(record, { completesAt: until });
      if ('availableAt' in record) Object.assign(record, { availableAt: until });
      if ('stateUntil' in record) record.stateUntil = until;
      break;
    default:
      return false;
  }
  const { region, id } = record;
  cloud.store.table<Made>(read.change.type).put(`${region}/${id}`, record);
  return true;
}

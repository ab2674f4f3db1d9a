/** What happens to an instance over time: power on, boot, stop, terminate, power-off from within. */

import { diskOf, removeAttachment } from './attachment.js';
import { volumeFilled, deleteVolume } from './volume-lifecycle.js';
import fs from 'node:fs';
import type { Cloud } from '../../cloud.js';
import type { Machine, MachineSpec } from '../../machine/machine.js';
import type { InstanceRecord, VolumeRecord } from '../../store/state.js';
import { instanceDirectory } from '../../store/storage.js';
import { forgetConsole, keepConsole, postConsoleLater } from './console-posts.js';
import { typeOf } from './instance-type-catalog.js';

/** Gives a pending instance its machine when its time has come and its disks are written. */
export async function powerOn(cloud: Cloud, instance: InstanceRecord): Promise<void> {
  const volumes = volumesOf(cloud, instance);
  await Promise.all(volumes.map((volume) => volumeFilled(volume)));
  while (instance.stateUntil > cloud.clock.now()) {
    await cloud.clock.sleep(instance.stateUntil - cloud.clock.now());
    if (cloud.isClosed()) return;
  }
  if (instance.state !== 'pending') return;
  const broken = volumes.find((volume) => volume.failed !== undefined);
  try {
    if (broken !== undefined) throw new Error(`volume ${broken.id}: ${broken.failed ?? ''}`);
    const machine = await cloud.machineFactory.create(machineSpec(cloud, instance));
    if (cloud.isClosed() || !isState(instance, 'pending')) return await machine.destroy();
    adopt(cloud, instance, machine);
    instance.state = 'running';
    instance.boot = 'booting';
    delete instance.stateReason;
    cloud.instances.put(instance);
    cloud.happened('instance-running', instance.region, { instanceId: instance.id });
    await bootMachine(cloud, instance, machine);
  } catch (error) {
    if (cloud.isClosed()) return;
    cloud.log(`instance ${instance.id}: cannot be started: ${String(error)}`);
    beginTermination(
      cloud,
      instance,
      'Server.InternalError',
      'Server.InternalError: Internal error on launch',
    );
    cloud.happened('instance-failed', instance.region, { reason: String(error) });
  }
}

function isState(instance: InstanceRecord, state: InstanceRecord['state']): boolean {
  return instance.state === state;
}

function adopt(cloud: Cloud, instance: InstanceRecord, machine: Machine): void {
  cloud.machines.set(instance.id, machine);
  machine.onPowerOff(() => {
    if (cloud.machines.get(instance.id) === machine)
      cloud.background(poweredOff(cloud, instance, machine));
  });
}

async function bootMachine(
  cloud: Cloud,
  instance: InstanceRecord,
  machine: Machine,
): Promise<void> {
  const result = await machine.boot();
  if (cloud.isClosed() || cloud.machines.get(instance.id) !== machine) return;
  instance.boot = result.bootable ? 'up' : 'impaired';
  instance.bootedBefore ||= result.bootable;
  instance.statusOkAt = cloud.clock.now() + cloud.latency.draw('statusChecks');
  cloud.instances.put(instance);
  const reason = result.bootable ? undefined : result.reason;
  cloud.happened(`instance-${instance.boot}`, instance.region, { instanceId: instance.id, reason });
  postConsoleLater(cloud, instance, machine);
}

/** Goes on with an instance that existed before the process was restarted. */
export async function resumeInstance(cloud: Cloud, instance: InstanceRecord): Promise<void> {
  if (instance.state === 'pending') return powerOn(cloud, instance);
  if (instance.state === 'stopping') return endStop(cloud, instance);
  if (instance.state === 'shutting-down') return endTermination(cloud, instance);
  if (instance.state === 'terminated') return forgetLater(cloud, instance);
  if (instance.state !== 'running') return;
  const machine = await cloud.machineFactory.resume(machineSpec(cloud, instance));
  if (cloud.isClosed()) return machine.destroy();
  adopt(cloud, instance, machine);
  if (instance.boot !== 'booting') return postConsoleLater(cloud, instance, machine);
  instance.boot = 'up';
  instance.bootedBefore = true;
  instance.statusOkAt = cloud.clock.now() + cloud.latency.draw('statusChecks');
  cloud.instances.put(instance);
  postConsoleLater(cloud, instance, machine);
}

/** The guest shut itself down (EC2 user guide, "Change instance initiated shutdown behavior"). */
async function poweredOff(cloud: Cloud, instance: InstanceRecord, machine: Machine): Promise<void> {
  if (instance.state !== 'running') return;
  await keepConsole(cloud, instance, machine);
  if (!isState(instance, 'running')) return;
  const code = 'Client.InstanceInitiatedShutdown';
  const message = `${code}: Instance initiated shutdown`;
  if (instance.shutdownBehavior === 'terminate') beginTermination(cloud, instance, code, message);
  else beginStop(cloud, instance, code, message);
  cloud.happened('instance-powered-off', instance.region, { instanceId: instance.id });
}

export function beginStop(
  cloud: Cloud,
  instance: InstanceRecord,
  code: string,
  message: string,
): void {
  leave(cloud, instance, 'stopping', 'instanceStopping', code, message);
  cloud.background(endStop(cloud, instance));
}

async function endStop(cloud: Cloud, instance: InstanceRecord): Promise<void> {
  await powerOff(cloud, instance);
  if (instance.state !== 'stopping' || cloud.isClosed()) return;
  instance.state = 'stopped';
  instance.boot = 'none';
  delete instance.publicIp;
  cloud.instances.put(instance);
  cloud.happened('instance-stopped', instance.region, { instanceId: instance.id });
}

/** From any state but terminated; safe to repeat. */
export function beginTermination(
  cloud: Cloud,
  instance: InstanceRecord,
  code: string,
  message: string,
): void {
  if (instance.state === 'shutting-down' || instance.state === 'terminated') return;
  leave(cloud, instance, 'shutting-down', 'instanceShuttingDown', code, message);
  cloud.background(endTermination(cloud, instance));
}

async function endTermination(cloud: Cloud, instance: InstanceRecord): Promise<void> {
  await powerOff(cloud, instance);
  if (instance.state !== 'shutting-down' || cloud.isClosed()) return;
  instance.state = 'terminated';
  instance.boot = 'none';
  delete instance.publicIp;
  for (const volume of volumesOf(cloud, instance)) {
    const isDeleted = volume.attachment?.deleteOnTermination === true;
    removeAttachment(cloud, volume);
    if (isDeleted) deleteVolume(cloud, volume);
  }
  instance.goneAt = cloud.clock.now() + cloud.latency.draw('terminatedListed');
  cloud.instances.put(instance);
  const directory = instanceDirectory(cloud.stateDir, instance.id);
  // In the background: removing a hundred files would delay all other requests. A start removes what a kill left.
  cloud.store.afterFlush(() => {
    cloud.background(fs.promises.rm(directory, { recursive: true, force: true }));
  });
  cloud.happened('instance-terminated', instance.region, { instanceId: instance.id });
  forgetLater(cloud, instance);
}

function forgetLater(cloud: Cloud, instance: InstanceRecord): void {
  cloud.clock.schedule((instance.goneAt ?? 0) - cloud.clock.now(), () => {
    cloud.instances.delete(instance);
    forgetConsole(cloud, instance);
    cloud.happened('instance-forgotten', instance.region, { instanceId: instance.id });
  });
}

function leave(
  cloud: Cloud,
  instance: InstanceRecord,
  state: 'stopping' | 'shutting-down',
  latency: 'instanceStopping' | 'instanceShuttingDown',
  code: string,
  message: string,
): void {
  const now = cloud.clock.now();
  instance.state = state;
  instance.stateUntil = now + cloud.latency.draw(latency);
  instance.stateReason = { code, message };
  const when = new Date(now).toISOString().replace('T', ' ').slice(0, 19);
  const byUser = code === 'Client.UserInitiatedShutdown';
  instance.stateTransitionReason = byUser ? `User initiated (${when} GMT)` : '';
  cloud.instances.put(instance);
}

/** Ends the guest, and waits until `stopping` or `shutting-down` has lasted its time. */
async function powerOff(cloud: Cloud, instance: InstanceRecord): Promise<void> {
  const machine = cloud.machines.get(instance.id);
  if (machine !== undefined) {
    await keepConsole(cloud, instance, machine);
    cloud.machines.delete(instance.id);
    await machine.destroy().catch((error: unknown) => {
      cloud.log(`instance ${instance.id}: its machine does not end cleanly: ${String(error)}`);
    });
  }
  await cloud.clock.sleep(instance.stateUntil - cloud.clock.now());
}

export function volumesOf(cloud: Cloud, instance: InstanceRecord): VolumeRecord[] {
  return instance.volumeIds.flatMap((id) => cloud.volumes.get(instance.region, id) ?? []);
}

function machineSpec(cloud: Cloud, instance: InstanceRecord): MachineSpec {
  const directory = instanceDirectory(cloud.stateDir, instance.id);
  fs.mkdirSync(directory, { recursive: true });
  const disks = volumesOf(cloud, instance).flatMap((volume) =>
    volume.attachment === undefined ? [] : [diskOf(cloud, volume, volume.attachment)],
  );
  const rootDevice = disks.find((disk) => disk.deviceName === instance.rootDeviceName);
  if (rootDevice === undefined) throw new Error(`no volume at ${instance.rootDeviceName}`);
  return {
    instanceId: instance.id,
    region: instance.region,
    instanceType: typeOf(instance.instanceType)?.name ?? instance.instanceType,
    architecture: instance.architecture,
    bootMode: instance.bootMode,
    virtualizationType: instance.virtualizationType,
    os: instance.os,
    instanceProfile: instance.iamInstanceProfile !== undefined,
    imageId: instance.imageId,
    agentBucket: cloud.settings.agentBucket,
    rootDevice,
    otherDisks: disks.filter((disk) => disk !== rootDevice),
    // cloud-init runs user-data scripts at the first boot only.
    userData:
      instance.userData === undefined || instance.bootedBefore
        ? undefined
        : Buffer.from(instance.userData, 'base64').toString('utf8'),
    directory,
  };
}

/** Ends the guest and boots it again on the same disks; the state stays `running`. */
export function rebootInstance(cloud: Cloud, instance: InstanceRecord): void {
  const machine = cloud.machines.get(instance.id);
  if (machine === undefined) return;
  cloud.background(reboot(cloud, instance, machine));
}

async function reboot(cloud: Cloud, instance: InstanceRecord, machine: Machine): Promise<void> {
  await keepConsole(cloud, instance, machine);
  if (cloud.machines.get(instance.id) !== machine) return;
  cloud.machines.delete(instance.id);
  instance.boot = 'booting';
  cloud.instances.put(instance);
  cloud.happened('instance-rebooting', instance.region, { instanceId: instance.id });
  await machine.destroy();
  const next = await cloud.machineFactory.create(machineSpec(cloud, instance));
  if (cloud.isClosed() || !isState(instance, 'running')) return next.destroy();
  adopt(cloud, instance, next);
  await bootMachine(cloud, instance, next);
}

/**
 * Ends the instance from outside: its hardware has failed, or `code` names another reason, such as
 * `Server.SpotInstanceTermination` (EC2 API reference, StateReason).
 */
export function loseInstance(
  cloud: Cloud,
  instance: InstanceRecord,
  reason: { readonly code?: string; readonly message?: string } = {},
): void {
  const { code = 'Server.InternalError', message = 'The hardware of the instance has failed' } =
    reason;
  beginTermination(cloud, instance, code, `${code}: ${message}`);
  cloud.happened('instance-lost', instance.region, { instanceId: instance.id });
}
